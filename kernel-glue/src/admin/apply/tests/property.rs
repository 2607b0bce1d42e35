//! Whatever lines come in whatever order: an accepted one leaves a state that a file can hold and a restart accepts.

use super::super::super::engine_config::{PortRun, engine_config};
use super::super::super::request::{
    Carrier, Change, InetAddress, MemberFlag, Mss, StormClass, StpProtocol, Topology, Verb,
};
use super::super::super::state::{LinkState, Role, Side, StandsFor, State};
use super::fixture::Machine;
use frame::{Mac, Tpid, Vid, VidSet};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use std::collections::BTreeSet;
use std::string::String;
use std::vec::Vec;

fn member() -> impl Strategy<Value = String> {
    let names = [
        "eth1", "eth2", "eth3", "jumbo", "old", "ll", "v4", "vport0", "vport1", "bridge0", "bridge1", "eth9", "tap0",
        "tap1", "tap9", "tun0", "tun4",
    ];
    select(names.to_vec()).prop_map(String::from)
}

fn vid() -> impl Strategy<Value = Vid> {
    (1_u16..=4094).prop_map(|number| Vid::new(number).unwrap())
}

fn vids() -> impl Strategy<Value = VidSet> {
    vec(vid(), 0..4).prop_map(|vids| {
        let mut set = VidSet::EMPTY;
        vids.into_iter().for_each(|vid| set.insert(vid));
        set
    })
}

fn mac() -> impl Strategy<Value = Mac> {
    (select([0_u8, 1, 2].to_vec()), 0_u8..3).prop_map(|(first, last)| Mac([first, 0, 0, 0, 0, last]))
}

fn flag() -> impl Strategy<Value = MemberFlag> {
    use MemberFlag::*;
    select([Learn, Discover, Stp, Sticky, Edge, Autoedge, Ptp, Autoptp, Private, Locked, Qinq, HostAddress].to_vec())
}

fn inet() -> impl Strategy<Value = InetAddress> {
    let addresses = ["10.0.0.1", "10.0.0.2", "fd00::1", "fe80::1", "224.0.0.1"].map(|text| text.parse().unwrap());
    let broadcast = option::of(Just("10.0.0.255".parse().unwrap()));
    (select(addresses.to_vec()), 0_u8..140, broadcast)
        .prop_map(|(address, prefix, broadcast)| InetAddress { broadcast, ..InetAddress::new(address, prefix) })
}

/// Most of a link, some of no link.
fn destination() -> impl Strategy<Value = InetAddress> {
    let addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1", "fd00::2"].map(|text| text.parse().unwrap());
    let addresses = addresses.to_vec();
    (select(addresses.clone()), select(addresses), 0_u8..20).prop_map(|(address, destination, prefix)| {
        let whole = InetAddress::point_to_point(address, destination);
        if prefix == 0 { InetAddress { prefix, ..whole } } else { whole }
    })
}

fn prefix() -> impl Strategy<Value = arp::Prefix> {
    let prefixes = ["10.0.0.1", "10.0.0.3", "10.0.0.0/24", "10.0.0.128/25", "0.0.0.0/0", "224.0.0.1", "fd00::/64"];
    prop_oneof![
        select(prefixes.to_vec()).prop_map(|text| text.parse().unwrap()),
        any::<[u8; 2]>().prop_map(|[c, d]| arp::Prefix::single([10, 9, c, d].into())),
    ]
}

fn of_links() -> impl Strategy<Value = Verb> {
    let gateways = ["10.0.0.1", "10.0.0.254", "fd00::1", "fe80::1", "0.0.0.0"].map(|text| text.parse().unwrap());
    let topologies = [None, Some(Topology::P2p), Some(Topology::Net30), Some(Topology::Subnet)];
    prop_oneof![
        2 => destination().prop_map(|address| Verb::AddAddress { address }),
        4 => prefix().prop_map(|prefix| Verb::AddPeer { prefix }),
        1 => prefix().prop_map(|prefix| Verb::DeletePeer { prefix }),
        1 => select(topologies.to_vec()).prop_map(|topology| Verb::Topology { topology }),
        1 => prop_oneof![Just(Mss::Off), Just(Mss::Auto), any::<u16>().prop_map(Mss::Bytes)]
            .prop_map(|mss| Verb::Mss { mss }),
        2 => select(gateways.to_vec()).prop_map(|address| Verb::SetGateway { address }),
        1 => select(gateways.to_vec()).prop_map(|address| Verb::DeleteGateway { address }),
        2 => prefix().prop_map(|prefix| Verb::AddOnLink { prefix }),
        1 => prefix().prop_map(|prefix| Verb::DeleteOnLink { prefix }),
        1 => any::<bool>().prop_map(|on| Verb::Dhcp { on }),
    ]
}

fn of_interface() -> impl Strategy<Value = Verb> {
    prop_oneof![
        8 => Just(Verb::Create),
        4 => Just(Verb::CreateTransient),
        1 => Just(Verb::Destroy),
        4 => Just(Verb::Up),
        4 => Just(Verb::Down),
        8 => (60_u32..10_000).prop_map(|bytes| Verb::Mtu { bytes }),
        4 => mac().prop_map(|address| Verb::Ether { address }),
        4 => "[a-z\"'\\\\#\u{e9}= \n]{0,9}".prop_map(|text| Verb::Description { text }),
        8 => inet().prop_map(|address| Verb::AddAddress { address }),
        4 => inet().prop_map(|inet| Verb::DeleteAddress { address: inet.address }),
    ]
}

fn of_devices() -> impl Strategy<Value = Verb> {
    prop_oneof![
        prop_oneof![any::<u32>(), Just(u32::MAX)].prop_map(|uid| Verb::Owner { uid }),
        option::of(0_u32..2000).prop_map(|gid| Verb::Group { gid }),
        (0_u16..0o1100).prop_map(|mode| Verb::Mode { mode }),
        any::<bool>().prop_map(|on| Verb::MultiQueue { on }),
        select([Carrier::Auto, Carrier::Up, Carrier::Down].to_vec()).prop_map(|carrier| Verb::Carrier { carrier }),
        (0_u16..5000).prop_map(|packets| Verb::Queue { packets }),
        any::<bool>().prop_map(|on| Verb::Persist { on }),
    ]
}

fn of_ports() -> impl Strategy<Value = Verb> {
    prop_oneof![
        6 => (member(), option::of(vid()), option::of(vids()))
            .prop_map(|(member, untagged, tagged)| Verb::AddMember { member, untagged, tagged }),
        2 => member().prop_map(|member| Verb::DeleteMember { member }),
        2 => member().prop_map(|member| Verb::AddSpan { member }),
        1 => member().prop_map(|member| Verb::DeleteSpan { member }),
        3 => (member(), mac(), option::of(Just(Vid::MIN)))
            .prop_map(|(member, address, vid)| Verb::Static { member, address, vid }),
        1 => (mac(), option::of(Just(Vid::MIN))).prop_map(|(address, vid)| Verb::DeleteMac { address, vid }),
        1 => Just(Verb::Flush),
        1 => Just(Verb::FlushAll),
    ]
}

fn of_members() -> impl Strategy<Value = Verb> {
    let numbers = prop_oneof![
        (member(), any::<u32>()).prop_map(|(member, addresses)| Verb::IfMaxAddresses { member, addresses }),
        (member(), any::<u8>()).prop_map(|(member, priority)| Verb::IfPriority { member, priority }),
        (member(), 0_u32..400_000_000).prop_map(|(member, cost)| Verb::IfPathCost { member, cost }),
        (member(), vec(0_u8..33, 0..4)).prop_map(|(member, groups)| Verb::Protected { member, groups }),
        (member(), select([StormClass::Broadcast, StormClass::Unknown].to_vec()), option::of(any::<u32>()))
            .prop_map(|(member, class, frames_per_second)| Verb::Storm { member, class, frames_per_second }),
    ];
    prop_oneof![
        (member(), flag(), any::<bool>()).prop_map(|(member, flag, on)| Verb::SetFlag { member, flag, on }),
        (member(), option::of(vids()), any::<bool>()).prop_map(|(member, vlans, on)| Verb::Suppress {
            member,
            vlans,
            on
        }),
        (member(), option::of(vid())).prop_map(|(member, vid)| Verb::IfUntagged { member, vid }),
        (member(), vids()).prop_map(|(member, set)| Verb::IfTagged { member, set }),
        (member(), vids()).prop_map(|(member, set)| Verb::IfTaggedAdd { member, set }),
        (member(), vids()).prop_map(|(member, set)| Verb::IfTaggedRemove { member, set }),
        (member(), select([Tpid::Dot1q, Tpid::Dot1ad].to_vec()))
            .prop_map(|(member, protocol)| Verb::IfVlanProtocol { member, protocol }),
        numbers,
    ]
}

fn of_bridge() -> impl Strategy<Value = Verb> {
    let spanning_tree = prop_oneof![
        any::<u16>().prop_map(|priority| Verb::Priority { priority }),
        (0_u8..4).prop_map(|seconds| Verb::HelloTime { seconds }),
        (3_u8..32).prop_map(|seconds| Verb::ForwardDelay { seconds }),
        (5_u8..42).prop_map(|seconds| Verb::MaxAge { seconds }),
        (0_u8..12).prop_map(|frames| Verb::HoldCount { frames }),
        select([StpProtocol::Stp, StpProtocol::Rstp].to_vec()).prop_map(|protocol| Verb::Protocol { protocol }),
    ];
    prop_oneof![
        3 => spanning_tree,
        1 => select([0_u32, 1, 2, 2000, 1 << 20, 1 << 21].to_vec()).prop_map(|addresses| Verb::MaxAddresses { addresses }),
        1 => any::<u32>().prop_map(|seconds| Verb::Timeout { seconds }),
        1 => any::<bool>().prop_map(|on| Verb::VlanFilter { on }),
        1 => any::<bool>().prop_map(|on| Verb::DefaultQinq { on }),
        1 => option::of(vid()).prop_map(|vid| Verb::DefaultUntagged { vid }),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let names = [
        "bridge0", "bridge0", "bridge1", "bridge", "vport0", "vport1", "vport", "eth1", "tap0", "tap1", "tap", "tun0",
        "tun4", "tun",
    ];
    let verb = prop_oneof![
        3 => of_interface(), 3 => of_ports(), 2 => of_members(), 2 => of_bridge(), 2 => of_devices(), 3 => of_links(),
    ];
    (select(names.to_vec()), vec(verb, 1..3))
        .prop_map(|(interface, verbs)| Change { interface: interface.into(), verbs })
}

fn beginning() -> State {
    toml::from_str("[bridge.bridge0]\n[vport.vport0]\n[[bridge.bridge0.member]]\ninterface = \"eth1\"\n").unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_accepted_sequence_survives_a_restart(changes in vec(change(), 1..200)) {
        let machine = Machine::new().without("bridge0");
        let mut state = beginning();
        for change in changes {
            match serde_json::to_string(&change) {
                Ok(wire) => prop_assert_eq!(&serde_json::from_str::<Change>(&wire).unwrap(), &change),
                Err(_) => prop_assert!(change.verbs.contains(&Verb::CreateTransient)),
            }

            let Ok((next, _)) = state.apply(&change, &machine) else { continue };
            prop_assert_eq!(next.validate(crate::admin::Platform::Linux), Ok(()), "{:?}", change);
            let saved = next.saved();
            prop_assert_eq!(saved.validate(crate::admin::Platform::Linux), Ok(()), "{:?}", change);
            let text = toml::to_string(&saved).unwrap();
            prop_assert_eq!(&toml::from_str::<State>(&text).unwrap(), &saved, "{}", text);
            let transient = next.devices().filter(|(_, device)| device.transient).map(|(name, _)| name);
            let gone: Vec<_> = transient.filter(|name| saved.kind_of(name).is_some() || saved.bridge_of(name).is_some()).collect();
            prop_assert_eq!(gone, [""; 0]);
            for (name, tun) in &next.tuns {
                prop_assert!(next.bridge_of(name).is_none_or(|(_, role)| role == Role::Member), "{}", name);
                prop_assert_eq!(next.mtu_bytes(name), Some(tun.mtu_bytes));
                for side in [Side::Host, Side::Lan] {
                    let stands_for = tun.link.stands_for(side, &tun.inet);
                    prop_assert!(!matches!(stands_for, StandsFor::These(these) if these.len() > arp::MAX_PREFIXES));
                }
            }
            let links = next.taps.values().filter(|tap| *tap.link != LinkState::default());
            prop_assert_eq!(links.count(), 0);
            for bridge in next.bridges.values() {
                let config = engine_config(bridge, Mac([2; 6]), &|_| PortRun::Running);
                let ports: BTreeSet<_> = config.ports.iter().map(|&(port, _)| port).collect();
                prop_assert_eq!(ports.len(), 1 + bridge.members.len() + bridge.spans.len());
            }
            state = next;
        }
    }
}

/// Were most lines refused, the property above would say little.
#[test]
fn many_sequences_are_accepted() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let machine = Machine::new().without("bridge0");
    let (mut accepted, mut most_ports, mut most_devices, mut transient, mut most_peers) = (0, 0, 0, 0, 0);
    let mut state = beginning();
    for _ in 0..4000 {
        let change = change().new_tree(&mut runner).unwrap().current();
        if let Ok((next, _)) = state.apply(&change, &machine) {
            accepted += 1;
            most_ports = most_ports.max(next.bridges.values().map(|bridge| bridge.ports().count()).max().unwrap_or(0));
            most_devices = most_devices.max(next.devices().count());
            most_peers = most_peers.max(next.tuns.values().map(|tun| tun.link.peers.len()).max().unwrap_or(0));
            transient += next.devices().filter(|(_, device)| device.transient).count();
            state = next;
        }
    }
    assert!(most_devices > 3 && transient > 50, "{most_devices} devices, {transient} transient");
    assert!(most_peers > 3, "{most_peers} peers");
    let bridges: Vec<_> = state.bridges.keys().collect();
    assert!(accepted > 200 && most_ports > 3, "{accepted} accepted, {most_ports} ports, {bridges:?}");
}
