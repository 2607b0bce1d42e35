//! How values of point-to-point links are written in files and messages.

/// A network or a single address: `10.8.0.0/24`, `10.8.0.1`.
pub(super) mod prefix {
    use alloc::string::String;
    use arp::Prefix;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in super::super) fn serialize<S: Serializer>(prefix: &Prefix, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(prefix)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Prefix, D::Error> {
        let text = String::deserialize(from)?;
        parse(&text)
    }

    pub(super) fn parse<E: Error>(text: &str) -> Result<Prefix, E> {
        text.parse().map_err(|error| E::custom(format_args!("{text:?} is not ADDRESS or ADDRESS/LENGTH: {error}")))
    }
}

/// A list of them.
pub(super) mod prefixes {
    use alloc::string::String;
    use alloc::vec::Vec;
    use arp::Prefix;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(prefixes: &[Prefix], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(prefixes.iter().map(alloc::string::ToString::to_string))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Prefix>, D::Error> {
        Vec::<String>::deserialize(from)?.iter().map(|text| super::prefix::parse(text)).collect()
    }
}

/// A maximum segment size: a number of bytes, `auto` or `off`.
pub(super) mod mss {
    use super::super::request::Mss;
    use core::fmt;
    use serde::{Deserializer, Serializer, de};

    pub(in super::super) fn serialize<S: Serializer>(mss: &Mss, to: S) -> Result<S::Ok, S::Error> {
        match mss {
            Mss::Off => to.serialize_str("off"),
            Mss::Auto => to.serialize_str("auto"),
            Mss::Bytes(bytes) => to.serialize_u16(*bytes),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Mss, D::Error> {
        from.deserialize_any(Words)
    }

    struct Words;

    impl de::Visitor<'_> for Words {
        type Value = Mss;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("a number of bytes, \"auto\" or \"off\"")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Mss, E> {
            match text {
                "off" => Ok(Mss::Off),
                "auto" => Ok(Mss::Auto),
                _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
            }
        }

        fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<Mss, E> {
            u16::try_from(bytes).map(Mss::Bytes).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(bytes), &self))
        }

        fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<Mss, E> {
            u16::try_from(bytes).map(Mss::Bytes).map_err(|_| E::invalid_value(de::Unexpected::Signed(bytes), &self))
        }
    }
}
