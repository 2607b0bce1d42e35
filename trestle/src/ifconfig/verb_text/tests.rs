use super::*;
use crate::ifconfig::{Command, Style, parse};
use frame::{Mac, Tpid, Vid, VidSet};
use kernel_glue::admin::{Carrier, InetAddress};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use std::ffi::OsString;

fn vid() -> impl Strategy<Value = Vid> {
    (1..=4094_u16).prop_map(|number| Vid::new(number).unwrap())
}

fn set() -> impl Strategy<Value = VidSet> {
    prop_oneof![
        Just(VidSet::all()),
        vec((vid(), 0..40_u16), 0..6).prop_map(|ranges| {
            let mut set = VidSet::EMPTY;
            for (first, more) in ranges {
                (first.get()..=first.get() + more).filter_map(Vid::new).for_each(|vid| set.insert(vid));
            }
            set
        }),
    ]
}

fn mac() -> impl Strategy<Value = Mac> {
    any::<[u8; 6]>().prop_map(Mac)
}

fn name() -> impl Strategy<Value = String> {
    "(eth|tap|vport|wlp3s|bridge)[0-9]{1,3}(\\.[0-9]{1,3})?"
}

fn inet() -> impl Strategy<Value = InetAddress> {
    prop_oneof![
        (any::<[u8; 4]>(), 0..=32_u8, option::of(any::<[u8; 4]>())).prop_map(|(address, prefix, broadcast)| {
            InetAddress { broadcast: broadcast.map(IpAddr::from), ..InetAddress::new(address.into(), prefix) }
        }),
        (any::<[u8; 4]>(), any::<[u8; 4]>(), 0..=32_u8).prop_map(|(address, far, prefix)| InetAddress {
            destination: Some(far.into()),
            ..InetAddress::new(address.into(), prefix)
        }),
        (any::<[u8; 16]>(), any::<[u8; 16]>())
            .prop_map(|(address, far)| InetAddress::point_to_point(address.into(), far.into())),
        (any::<[u8; 16]>(), 0..=128_u8).prop_map(|(address, prefix)| InetAddress::new(address.into(), prefix)),
    ]
}

fn flag() -> impl Strategy<Value = MemberFlag> {
    use MemberFlag::*;
    prop::sample::select(vec![
        Learn,
        Discover,
        Stp,
        Sticky,
        Edge,
        Autoedge,
        Ptp,
        Autoptp,
        Private,
        Locked,
        Qinq,
        HostAddress,
    ])
}

fn class() -> impl Strategy<Value = StormClass> {
    prop::sample::select(vec![StormClass::Broadcast, StormClass::Multicast, StormClass::Unknown])
}

fn protocol() -> impl Strategy<Value = StpProtocol> {
    prop::sample::select(vec![StpProtocol::Stp, StpProtocol::Rstp])
}

fn tpid() -> impl Strategy<Value = Tpid> {
    prop::sample::select(vec![Tpid::Dot1q, Tpid::Dot1ad])
}

fn plain() -> impl Strategy<Value = Verb> {
    prop::sample::select(vec![
        Verb::Create,
        Verb::Destroy,
        Verb::Up,
        Verb::Down,
        Verb::VlanFilter { on: true },
        Verb::VlanFilter { on: false },
        Verb::DefaultQinq { on: true },
        Verb::DefaultQinq { on: false },
        Verb::Group { gid: None },
        Verb::MultiQueue { on: true },
        Verb::MultiQueue { on: false },
        Verb::Persist { on: true },
        Verb::Persist { on: false },
        Verb::Flush,
        Verb::FlushAll,
    ])
}

fn of_bridge() -> impl Strategy<Value = Verb> {
    prop_oneof![
        any::<u32>().prop_map(|bytes| Verb::Mtu { bytes }),
        mac().prop_map(|address| Verb::Ether { address }),
        ".{0,20}".prop_map(|text| Verb::Description { text }),
        inet().prop_map(|address| Verb::AddAddress { address }),
        inet().prop_map(|inet| Verb::DeleteAddress { address: inet.address }),
        any::<u32>().prop_map(|addresses| Verb::MaxAddresses { addresses }),
        any::<u32>().prop_map(|seconds| Verb::Timeout { seconds }),
        any::<u16>().prop_map(|priority| Verb::Priority { priority }),
        any::<u8>().prop_map(|seconds| Verb::HelloTime { seconds }),
        any::<u8>().prop_map(|seconds| Verb::ForwardDelay { seconds }),
        any::<u8>().prop_map(|seconds| Verb::MaxAge { seconds }),
        any::<u8>().prop_map(|frames| Verb::HoldCount { frames }),
        protocol().prop_map(|protocol| Verb::Protocol { protocol }),
        option::of(vid()).prop_map(|vid| Verb::DefaultUntagged { vid }),
        (mac(), option::of(vid())).prop_map(|(address, vid)| Verb::DeleteMac { address, vid }),
    ]
}

fn of_device() -> impl Strategy<Value = Verb> {
    let carriers = vec![Carrier::Auto, Carrier::Up, Carrier::Down];
    prop_oneof![
        (0..u32::MAX).prop_map(|uid| Verb::Owner { uid }),
        (0..u32::MAX).prop_map(|gid| Verb::Group { gid: Some(gid) }),
        (0..=0o777_u16).prop_map(|mode| Verb::Mode { mode }),
        prop::sample::select(carriers).prop_map(|carrier| Verb::Carrier { carrier }),
        any::<u16>().prop_map(|packets| Verb::Queue { packets }),
    ]
}

fn of_member() -> impl Strategy<Value = Verb> {
    prop_oneof![
        (name(), option::of(vid()), option::of(set())).prop_map(|(member, untagged, tagged)| Verb::AddMember {
            member,
            untagged,
            tagged
        }),
        name().prop_map(|member| Verb::DeleteMember { member }),
        name().prop_map(|member| Verb::AddSpan { member }),
        name().prop_map(|member| Verb::DeleteSpan { member }),
        (name(), flag(), any::<bool>()).prop_map(|(member, flag, on)| Verb::SetFlag { member, flag, on }),
        (name(), option::of(set()), any::<bool>()).prop_map(|(member, vlans, on)| Verb::Suppress { member, vlans, on }),
        (name(), btree_set(1..=31_u8, 0..5))
            .prop_map(|(member, groups)| Verb::Protected { member, groups: groups.into_iter().collect() }),
        (name(), any::<u32>()).prop_map(|(member, addresses)| Verb::IfMaxAddresses { member, addresses }),
        (name(), any::<u8>()).prop_map(|(member, priority)| Verb::IfPriority { member, priority }),
        (name(), any::<u32>()).prop_map(|(member, cost)| Verb::IfPathCost { member, cost }),
        (name(), option::of(vid())).prop_map(|(member, vid)| Verb::IfUntagged { member, vid }),
        (name(), set()).prop_map(|(member, set)| Verb::IfTagged { member, set }),
        (name(), set()).prop_map(|(member, set)| Verb::IfTaggedAdd { member, set }),
        (name(), set()).prop_map(|(member, set)| Verb::IfTaggedRemove { member, set }),
        (name(), tpid()).prop_map(|(member, protocol)| Verb::IfVlanProtocol { member, protocol }),
        (name(), class(), option::of(any::<u32>())).prop_map(|(member, class, frames_per_second)| Verb::Storm {
            member,
            class,
            frames_per_second
        }),
        (name(), mac(), option::of(vid())).prop_map(|(member, address, vid)| Verb::Static { member, address, vid }),
    ]
}

fn prefix() -> impl Strategy<Value = arp::Prefix> {
    prop_oneof![
        (any::<[u8; 4]>(), 0..=32_u8).prop_map(|(address, length)| arp::Prefix::new(address.into(), length).unwrap()),
        (any::<[u8; 16]>(), 0..=128_u8).prop_map(|(address, length)| arp::Prefix::new(address.into(), length).unwrap()),
    ]
}

fn of_link() -> impl Strategy<Value = Verb> {
    let topologies = vec![None, Some(Topology::P2p), Some(Topology::Net30), Some(Topology::Subnet)];
    let ip = || prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)];
    prop_oneof![
        prefix().prop_map(|prefix| Verb::AddPeer { prefix }),
        prefix().prop_map(|prefix| Verb::DeletePeer { prefix }),
        prop::sample::select(topologies).prop_map(|topology| Verb::Topology { topology }),
        prop_oneof![Just(Mss::Off), Just(Mss::Auto), any::<u16>().prop_map(Mss::Bytes)]
            .prop_map(|mss| Verb::Mss { mss }),
        ip().prop_map(|address| Verb::SetGateway { address }),
        ip().prop_map(|address| Verb::DeleteGateway { address }),
        prefix().prop_map(|prefix| Verb::AddOnLink { prefix }),
        prefix().prop_map(|prefix| Verb::DeleteOnLink { prefix }),
        any::<bool>().prop_map(|on| Verb::Dhcp { on }),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let verbs = vec(prop_oneof![plain(), of_bridge(), of_member(), of_device(), of_link()], 1..8);
    verbs.prop_map(|verbs| Change { interface: "tun0".to_owned(), verbs })
}

/// Splits a line as a POSIX shell does, of which it knows single quotes and a backslash.
fn split(line: &str) -> Vec<OsString> {
    let (mut words, mut word, mut quoted, mut any) = (vec![], String::new(), false, false);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => (quoted, any) = (!quoted, true),
            '\\' if !quoted => word.extend(letters.next()),
            ' ' if !quoted => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word).into());
                }
                any = false;
            }
            letter => word.push(letter),
        }
    }
    if any || !word.is_empty() {
        words.push(word.into());
    }
    words
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_written_reads_back(change in change()) {
        let line = change_text(&change);
        prop_assert_eq!(parse(&split(&line)), Ok(Command::Change { change, then: None, style: Style::Text }), "{}", line);
    }
}

#[test]
fn a_log_says_of_a_transient_device_what_leaves_the_same_state() {
    let change = Change { interface: "tap".into(), verbs: vec![Verb::CreateTransient, Verb::Up] };
    assert_eq!(change_text(&change), "tap create -persist up");
}

#[test]
fn quoting() {
    for (text, want) in [
        ("plain", "bridge0 description plain"),
        ("two words", "bridge0 description 'two words'"),
        ("it's $HOME", r"bridge0 description 'it'\''s $HOME'"),
        ("", "bridge0 -description"),
    ] {
        let change = Change { interface: "bridge0".into(), verbs: vec![Verb::Description { text: text.to_owned() }] };
        assert_eq!(change_text(&change), want);
    }
}
