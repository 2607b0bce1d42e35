//! A machine with an interface of every sort, and a state with a bridge of every sort of port.

use super::super::super::facts::{Facts, SystemInterface, SystemKind};
use super::super::super::platform::Platform;
use super::super::super::request::{InetAddress, MemberFlag, Verb};
use super::super::super::state::State;
use frame::{Mac, Vid, VidSet};
use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

pub(super) const A: Mac = Mac([2, 0, 0, 0, 0, 0xa]);
pub(super) const B: Mac = Mac([2, 0, 0, 0, 0, 0xb]);
pub(super) const C: Mac = Mac([2, 0, 0, 0, 0, 0xc]);

/// `bridge0` has the members `eth1`, `vport0` and `tap1` and the span port `eth3`; A is static on `eth1` outside any
/// VLAN. `bridge1` has the member `eth4`, and span ports of which the system has none; `bridge2` has nothing. `vport1`,
/// `tap0` and `tun0` are free.
pub(super) fn state() -> State {
    let text = r#"
        [bridge.bridge0]
        mtu = 1500
        inet = ["10.0.0.1/24"]
        [[bridge.bridge0.member]]
        interface = "eth1"
        tagged = "20,100-199"
        [[bridge.bridge0.member]]
        interface = "vport0"
        [[bridge.bridge0.member]]
        interface = "tap1"
        port = 9
        [[bridge.bridge0.span]]
        interface = "eth3"
        [[bridge.bridge0.static]]
        address = "02:00:00:00:00:0a"
        interface = "eth1"

        [bridge.bridge1]
        mtu = 9000
        defuntagged = 7
        defqinq = true
        [[bridge.bridge1.member]]
        interface = "eth4"
        [[bridge.bridge1.span]]
        interface = "tap8"
        port = 8
        [[bridge.bridge1.span]]
        interface = "tun8"
        port = 9

        [bridge.bridge2]

        [vport.vport0]
        [vport.vport1]
        [tap.tap0]
        [tap.tap1]
        mtu = 1400
        [tun.tun0]
    "#;
    let state: State = toml::from_str(text).unwrap();
    state.validate(crate::admin::Platform::Linux).unwrap();
    state
}

/// The interfaces of the system, and what the tables have learned.
pub(super) struct Machine {
    platform: Platform,
    interfaces: BTreeMap<&'static str, SystemInterface>,
    learned: Vec<(&'static str, Mac, u16)>,
}

impl Machine {
    pub(super) fn new() -> Self {
        let on = |parent: &str| SystemKind::VlanOn(parent.into());
        let mut interfaces: BTreeMap<_, _> = [
            ("lo", SystemKind::Loopback),
            ("tun9", SystemKind::PointToPoint),
            ("tap9", SystemKind::Ethernet),
            ("br9", SystemKind::Bridge),
            ("can0", SystemKind::Other),
            ("bridge0", SystemKind::Ethernet),
            ("bridge9", SystemKind::Bridge),
            ("bridge0.20", on("bridge0")),
            ("bridge0.20.5", on("bridge0.20")),
            ("eth2.20", on("eth2")),
            ("loop0", on("loop1")),
            ("loop1", on("loop0")),
        ]
        .map(|(name, kind)| (name, ethernet(kind)))
        .into();
        for name in ["eth1", "eth2", "eth3", "eth4", "jumbo", "old", "v4", "v6", "ll", "slave"] {
            interfaces.insert(name, ethernet(SystemKind::Ethernet));
        }
        let mut change = |name, change: fn(&mut SystemInterface)| change(interfaces.get_mut(name).unwrap());
        change("jumbo", |it| it.mtu_bytes = 9000);
        change("old", |it| it.max_mtu_bytes = 1500);
        change("v4", |it| it.addresses = ["fe80::1".parse().unwrap(), "192.0.2.1".parse().unwrap()].into());
        change("v6", |it| it.addresses = ["2001:db8::1".parse().unwrap()].into());
        change("ll", |it| it.addresses = ["fe80::1".parse().unwrap()].into());
        change("slave", |it| it.master = Some("bond0".into()));
        Self { platform: Platform::Linux, interfaces, learned: [("bridge0", B, 0), ("bridge0", B, 20)].into() }
    }
}

impl Machine {
    /// Makes it one that runs Haiku, with two network cards.
    pub(super) fn haiku() -> Self {
        let mut machine = Self { platform: Platform::Haiku, ..Self::new() };
        let mut card = ethernet(SystemKind::Ethernet);
        machine.interfaces.insert("/dev/net/virtio/0", card.clone());
        card.addresses = ["192.0.2.1".parse().unwrap()].into();
        machine.interfaces.insert("/dev/net/virtio/1", card);
        machine
    }

    /// Lets an interface vanish, as a bridge of ours does when it is destroyed.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.interfaces.remove(name);
        self
    }
}

impl Facts for Machine {
    fn platform(&self) -> Platform {
        self.platform
    }

    fn interface(&self, name: &str) -> Option<SystemInterface> {
        self.interfaces.get(name).cloned()
    }

    fn has_address(&self, bridge: &str, address: Mac, vlan: u16) -> bool {
        self.learned.contains(&(bridge, address, vlan))
    }
}

fn ethernet(kind: SystemKind) -> SystemInterface {
    SystemInterface {
        kind,
        mtu_bytes: 1500,
        min_mtu_bytes: 68,
        max_mtu_bytes: 9216,
        ether: Mac([2, 0, 0, 0, 0, 1]),
        addresses: Vec::new(),
        master: None,
    }
}

pub(super) fn add(member: &str) -> Verb {
    Verb::AddMember { member: member.into(), untagged: None, tagged: None }
}

pub(super) fn delete(member: &str) -> Verb {
    Verb::DeleteMember { member: member.into() }
}

pub(super) fn span(member: &str) -> Verb {
    Verb::AddSpan { member: member.into() }
}

pub(super) fn unspan(member: &str) -> Verb {
    Verb::DeleteSpan { member: member.into() }
}

pub(super) fn flag(member: &str, flag: MemberFlag, on: bool) -> Verb {
    Verb::SetFlag { member: member.into(), flag, on }
}

pub(super) fn suppress(member: &str, vlans: Option<&str>, on: bool) -> Verb {
    Verb::Suppress { member: member.into(), vlans: vlans.map(set), on }
}

pub(super) fn fixed(member: &str, address: Mac, vid: Option<Vid>) -> Verb {
    Verb::Static { member: member.into(), address, vid }
}

pub(super) fn mtu(bytes: u32) -> Verb {
    Verb::Mtu { bytes }
}

pub(super) fn inet(text: &str) -> Verb {
    let (address, prefix) = text.split_once('/').unwrap();
    let address = InetAddress::new(address.parse().unwrap(), prefix.parse().unwrap());
    Verb::AddAddress { address }
}

pub(super) fn name(text: &str) -> String {
    text.into()
}

pub(super) fn vid(number: u16) -> Vid {
    Vid::new(number).unwrap()
}

pub(super) fn set(text: &str) -> VidSet {
    text.parse().unwrap()
}
