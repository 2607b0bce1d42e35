//! How a verb is read.
//!
//! A derived reader is one function with the variables of every verb, eight times what a stack of 16 KiB has room for,
//! and it keeps whatever a message nests, to any depth. Here a verb is first a flat list of fields, and then itself.

mod value;

use super::super::text::{mss, prefix};
use super::Verb;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use value::{Value, Wrong};

impl<'de> Deserialize<'de> for Verb {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (verb, mut fields) = from.deserialize_map(Map)?;
        let read = any(&verb, &mut fields).and_then(|read| fields.end().map(|()| read));
        read.map_err(D::Error::custom)
    }
}

/// The fields of a verb that are not read yet.
struct Fields(Vec<(String, Value)>);

impl Fields {
    /// Reads a field. One that is not there is read as null, which options are.
    #[inline(never)]
    fn take<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, Wrong> {
        match self.find(name) {
            Some(value) => T::deserialize(value).map_err(|error| Wrong::custom(format!("{name}: {error}"))),
            None => T::deserialize(Value::Null).map_err(|_| Wrong::missing_field(name)),
        }
    }

    #[inline(never)]
    fn take_with<T>(&mut self, name: &'static str, read: fn(Value) -> Result<T, Wrong>) -> Result<T, Wrong> {
        read(self.find(name).ok_or_else(|| Wrong::missing_field(name))?)
    }

    fn find(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(found, _)| found == name)?;
        Some(self.0.swap_remove(at).1)
    }

    fn end(&self) -> Result<(), Wrong> {
        self.0.first().map_or(Ok(()), |(name, _)| Err(Wrong::custom(format!("unknown field `{name}`"))))
    }
}

/// Reads the verbs of a list, and others by `$other`.
macro_rules! verbs {
    ($name:ident, $fields:ident, else $other:expr; $($word:literal => $verb:ident { $($field:ident),* },)*) => {
        match $name {
            $($word => Ok(Verb::$verb { $($field: $fields.take(stringify!($field))?),* }),)*
            _ => $other,
        }
    };
}

#[inline(never)]
fn any(name: &str, fields: &mut Fields) -> Result<Verb, Wrong> {
    match name {
        "create" => Ok(Verb::Create),
        "destroy" => Ok(Verb::Destroy),
        "up" => Ok(Verb::Up),
        "down" => Ok(Verb::Down),
        "flush" => Ok(Verb::Flush),
        "flush-all" => Ok(Verb::FlushAll),
        _ => of_interface(name, fields),
    }
}

#[inline(never)]
fn of_interface(name: &str, fields: &mut Fields) -> Result<Verb, Wrong> {
    if name == "add-address" {
        return match fields.find("address") {
            Some(Value::Address(address)) => Ok(Verb::AddAddress { address: *address }),
            Some(_) => Err(Wrong::custom("address: a map is expected, of an address and its prefix")),
            None => Err(Wrong::missing_field("address")),
        };
    }
    verbs! { name, fields, else of_member(name, fields);
        "mtu" => Mtu { bytes },
        "ether" => Ether { address },
        "description" => Description { text },
        "delete-address" => DeleteAddress { address },
    }
}

#[inline(never)]
fn of_member(name: &str, fields: &mut Fields) -> Result<Verb, Wrong> {
    verbs! { name, fields, else of_member_port(name, fields);
        "add-member" => AddMember { member, untagged, tagged },
        "delete-member" => DeleteMember { member },
        "add-span" => AddSpan { member },
        "delete-span" => DeleteSpan { member },
        "set-flag" => SetFlag { member, flag, on },
        "suppress" => Suppress { member, vlans, on },
        "static" => Static { member, address, vid },
        "delete-mac" => DeleteMac { address, vid },
    }
}

#[inline(never)]
fn of_member_port(name: &str, fields: &mut Fields) -> Result<Verb, Wrong> {
    verbs! { name, fields, else of_bridge(name, fields);
        "protected" => Protected { member, groups },
        "if-max-addresses" => IfMaxAddresses { member, addresses },
        "if-priority" => IfPriority { member, priority },
        "if-path-cost" => IfPathCost { member, cost },
        "if-untagged" => IfUntagged { member, vid },
        "if-tagged" => IfTagged { member, set },
        "if-tagged-add" => IfTaggedAdd { member, set },
        "if-tagged-remove" => IfTaggedRemove { member, set },
        "if-vlan-protocol" => IfVlanProtocol { member, protocol },
        "storm" => Storm { member, class, frames_per_second },
    }
}

#[inline(never)]
fn of_bridge(name: &str, fields: &mut Fields) -> Result<Verb, Wrong> {
    verbs! { name, fields, else of_device(name, fields);
        "max-addresses" => MaxAddresses { addresses },
        "timeout" => Timeout { seconds },
        "priority" => Priority { priority },
        "hello-time" => HelloTime { seconds },
        "forward-delay" => ForwardDelay { seconds },
        "max-age" => MaxAge { seconds },
        "hold-count" => HoldCount { frames },
        "protocol" => Protocol { protocol },
        "vlan-filter" => VlanFilter { on },
        "default-untagged" => DefaultUntagged { vid },
        "default-qinq" => DefaultQinq { on },
    }
}

#[inline(never)]
fn of_device(name: &str, fields: &mut Fields) -> Result<Verb, Wrong> {
    verbs! { name, fields, else of_link(name, fields);
        "owner" => Owner { uid },
        "group" => Group { gid },
        "mode" => Mode { mode },
        "multi-queue" => MultiQueue { on },
        "carrier" => Carrier { carrier },
        "queue" => Queue { packets },
        "persist" => Persist { on },
    }
}

#[inline(never)]
fn of_link(name: &str, fields: &mut Fields) -> Result<Verb, Wrong> {
    let mut prefix = || fields.take_with("prefix", prefix::deserialize);
    match name {
        "add-peer" => return Ok(Verb::AddPeer { prefix: prefix()? }),
        "delete-peer" => return Ok(Verb::DeletePeer { prefix: prefix()? }),
        "add-on-link" => return Ok(Verb::AddOnLink { prefix: prefix()? }),
        "delete-on-link" => return Ok(Verb::DeleteOnLink { prefix: prefix()? }),
        "mss" => return Ok(Verb::Mss { mss: fields.take_with("mss", mss::deserialize)? }),
        _ => {}
    }
    verbs! { name, fields, else Err(Wrong::unknown_variant(name, NAMES));
        "topology" => Topology { topology },
        "set-gateway" => SetGateway { address },
        "delete-gateway" => DeleteGateway { address },
        "dhcp" => Dhcp { on },
    }
}

/// Reads the name of a verb and its fields.
struct Map;

impl<'de> Visitor<'de> for Map {
    type Value = (String, Fields);

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a verb with its arguments")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        let mut verb = None;
        while let Some(name) = map.next_key::<String>()? {
            let value: Value = map.next_value()?;
            if name == "verb" {
                verb = Some(String::deserialize(value).map_err(A::Error::custom)?);
                continue;
            }
            if fields.iter().any(|(found, _)| *found == name) {
                return Err(A::Error::custom(format!("duplicate field `{name}`")));
            }
            fields.push((name, value));
        }
        Ok((verb.ok_or_else(|| A::Error::missing_field("verb"))?, Fields(fields)))
    }
}

/// The names of all.
const NAMES: &[&str] = &[
    "create",
    "destroy",
    "up",
    "down",
    "mtu",
    "ether",
    "description",
    "add-address",
    "delete-address",
    "add-member",
    "delete-member",
    "add-span",
    "delete-span",
    "set-flag",
    "suppress",
    "protected",
    "if-max-addresses",
    "if-priority",
    "if-path-cost",
    "if-untagged",
    "if-tagged",
    "if-tagged-add",
    "if-tagged-remove",
    "if-vlan-protocol",
    "storm",
    "max-addresses",
    "timeout",
    "priority",
    "hello-time",
    "forward-delay",
    "max-age",
    "hold-count",
    "protocol",
    "vlan-filter",
    "default-untagged",
    "default-qinq",
    "static",
    "delete-mac",
    "owner",
    "group",
    "mode",
    "multi-queue",
    "carrier",
    "queue",
    "persist",
    "add-peer",
    "delete-peer",
    "topology",
    "mss",
    "set-gateway",
    "delete-gateway",
    "add-on-link",
    "delete-on-link",
    "dhcp",
    "flush",
    "flush-all",
];

#[cfg(test)]
mod tests;
