//! The interfaces of a namespace as the kernel tells them.

use crate::ns::Ns;
use serde_json::Value;
use std::collections::BTreeMap;

/// Every interface of a namespace at one moment, by name.
pub type Links = BTreeMap<String, Link>;

/// What an operator could notice about one interface. Two of them are equal if nobody could tell that anything
/// happened in between; counters are left out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Link {
    /// Payload bytes after the Ethernet header.
    pub mtu: u64,
    /// What a frame on it begins with: `ether`, `loopback`, `none`.
    pub link_type: String,
    /// Its address, in `ip`'s text.
    pub mac: String,
    /// `UP`, `PROMISC`, and so on, sorted.
    pub flags: Vec<String>,
    /// How many asked the interface to be promiscuous.
    pub promiscuity: u64,
    /// How many asked it for all multicast.
    pub all_multicast: u64,
    /// The interface it is enslaved to.
    pub master: Option<String>,
    /// IPv4 and IPv6 addresses with their prefix lengths, without link-local ones.
    pub addresses: Vec<String>,
}

impl Ns {
    /// Returns every interface of the namespace.
    #[track_caller]
    pub fn links(&self) -> Links {
        let text = self.ip("-j -d address show");
        let Ok(Value::Array(links)) = serde_json::from_str(&text) else { panic!("not a list: {text}") };
        links
            .iter()
            .filter(|link| link["ifname"].is_string())
            .map(|link| (words(&link["ifname"]), read(link)))
            .collect()
    }

    /// Returns one interface of the namespace.
    #[track_caller]
    pub fn link(&self, name: &str) -> Link {
        self.links().remove(name).unwrap_or_else(|| panic!("no interface {name} in {}", self.name()))
    }
}

fn read(link: &Value) -> Link {
    let mut flags: Vec<String> = link["flags"].as_array().into_iter().flatten().map(words).collect();
    flags.sort();
    let addresses = link["addr_info"].as_array().into_iter().flatten();
    let global = addresses.filter(|address| address["scope"] != "link");
    Link {
        mtu: link["mtu"].as_u64().unwrap_or(0),
        link_type: words(&link["link_type"]),
        mac: words(&link["address"]),
        flags,
        promiscuity: link["promiscuity"].as_u64().unwrap_or(0),
        all_multicast: link["allmulti"].as_u64().unwrap_or(0),
        master: link["master"].as_str().map(str::to_owned),
        addresses: global.map(|address| format!("{}/{}", words(&address["local"]), address["prefixlen"])).collect(),
    }
}

fn words(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
