//! How values are written in a file where their own form is not what a person would write.

use frame::Tpid;

pub(super) fn is_dot1q(protocol: &Tpid) -> bool {
    *protocol == Tpid::Dot1q
}

/// A port number, from 1; port 0 is the host's and stands for "not numbered yet" while a file is read.
pub(super) mod port {
    use frame::PortId;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in super::super) const fn unnumbered() -> PortId {
        PortId::HOST
    }

    pub(in super::super) fn serialize<S: Serializer>(port: &PortId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u16(port.get())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PortId, D::Error> {
        let number = u16::deserialize(from)?;
        PortId::new(number)
            .filter(|&port| port != PortId::HOST)
            .ok_or_else(|| D::Error::custom(format_args!("port number {number} outside 1..1023")))
    }
}

/// Where something is suppressed: `all`, `20,30-40`, `untagged,20`.
pub(in super::super) mod suppress {
    use alloc::string::String;
    use bridge::Suppress;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in super::super::super) fn serialize<S: Serializer>(suppress: &Suppress, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(suppress)
    }

    pub(in super::super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Suppress, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Inet addresses: `192.168.30.1/24`, `192.168.30.1/24 broadcast 192.168.30.3`, `10.8.0.2/32 destination 10.8.0.1`.
pub(super) mod inet {
    use super::super::super::request::InetAddress;
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in super::super) fn serialize<S: Serializer>(addresses: &[InetAddress], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(addresses.iter().map(|one| {
            let broadcast = one.broadcast.map(|broadcast| format!(" broadcast {broadcast}")).unwrap_or_default();
            let destination = one.destination.map(|far| format!(" destination {far}")).unwrap_or_default();
            format!("{}/{}{broadcast}{destination}", one.address, one.prefix)
        }))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<InetAddress>, D::Error> {
        let words = Vec::<String>::deserialize(from)?;
        let wrong = |text: &str| {
            D::Error::custom(format_args!("{text:?} is not ADDRESS/PREFIX [broadcast ADDRESS] [destination ADDRESS]"))
        };
        words.iter().map(|text| parse(text).ok_or_else(|| wrong(text))).collect()
    }

    fn parse(text: &str) -> Option<InetAddress> {
        let mut words = text.split_whitespace();
        let (address, prefix) = words.next()?.split_once('/')?;
        let mut parsed = InetAddress::new(address.parse().ok()?, prefix.parse().ok()?);
        while let Some(word) = words.next() {
            let of = match word {
                "broadcast" => &mut parsed.broadcast,
                "destination" => &mut parsed.destination,
                _ => return None,
            };
            *of = Some(words.next()?.parse().ok()?);
        }
        Some(parsed)
    }
}
