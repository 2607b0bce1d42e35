extern crate std;
use super::super::State;
use super::*;
use std::string::ToString;
use std::{format, vec};

fn stands_for(keys: &str, side: Side) -> std::string::String {
    let state: State = toml::from_str(&format!("[tun.tun0]\n{keys}")).unwrap();
    state.validate(crate::admin::Platform::Linux).unwrap();
    let tun = &state.tuns["tun0"];
    match tun.link.stands_for(side, &tun.inet) {
        StandsFor::Everybody => "everybody".into(),
        StandsFor::These(these) => these.iter().map(Prefix::to_string).collect::<vec::Vec<_>>().join(" "),
    }
}

#[test]
fn for_whom_a_link_answers() {
    const PAIR: &str = r#"inet = ["10.8.0.6/32 destination 10.8.0.5", "fd00::2/128 destination fd00::1"]"#;
    const NETWORK: &str = r#"inet = ["10.8.0.6/24", "fd00::2/64"]"#;
    const PEERS: &str = r#"peer = ["192.168.1.50", "10.8.0.5"]"#;
    #[rustfmt::skip]
    let rows = [
        // addresses, peers, topology, of the host, of a LAN's
        ("",      "",    "",         "everybody",                         ""),
        (PAIR,    "",    "",         "everybody",                         ""),
        ("",      PEERS, "",         "everybody",                         "10.8.0.5 192.168.1.50"),
        ("",      "",    "\"p2p\"",    "",                                  ""),
        (PAIR,    "",    "\"p2p\"",    "10.8.0.5 fd00::1",                  ""),
        (NETWORK, "",    "\"p2p\"",    "",                                  ""),
        (PAIR,    PEERS, "\"p2p\"",    "10.8.0.5 192.168.1.50 fd00::1",     "10.8.0.5 192.168.1.50"),
        (PAIR,    "",    "\"net30\"",  "10.8.0.4/30 fd00::1",               ""),
        (NETWORK, PEERS, "\"net30\"",  "10.8.0.4/30 10.8.0.5 192.168.1.50 fd00::/64", "10.8.0.5 192.168.1.50"),
        (NETWORK, "",    "\"subnet\"", "10.8.0.0/24 fd00::/64",             ""),
        (PAIR,    "",    "\"subnet\"", "10.8.0.5 fd00::1",                  ""),
    ];
    for (inet, peers, topology, host, member) in rows {
        let topology = if topology.is_empty() { "".into() } else { format!("topology = {topology}") };
        let keys = format!("{inet}\n{peers}\n{topology}\n");
        let got = [Side::Host, Side::Lan].map(|side| stands_for(&keys, side));
        assert_eq!(got, [host, member], "{keys}");
    }
}

#[test]
fn no_link_stands_for_more_than_can_be_answered_for() {
    let list = |count: usize| (0..count).map(|n| format!("\"10.9.0.{n}\"")).collect::<vec::Vec<_>>().join(",");
    let inet = "inet = [\"10.8.0.2/32 destination 10.8.0.1\"]\n";
    #[rustfmt::skip]
    let rows = [
        // peers, more, the count that is too large
        (64, "",                             0),
        (65, "",                            65),
        (63, "dhcp = true",                  0),
        (64, "dhcp = true",                 65),
        (63, "topology = \"p2p\"",           0),
        (64, "topology = \"p2p\"",          65),
    ];
    for (peers, more, too_many) in rows {
        let text = format!("[tun.tun0]\n{inet}peer = [{}]\n{more}\n", list(peers));
        let got = toml::from_str::<State>(&text)
            .unwrap()
            .validate(crate::admin::Platform::Linux)
            .map_err(|error| error.to_string());
        let want = format!(
            "tun.tun0.peer: No space left on device: {too_many} addresses and networks for which the link stands are over 64; join them into larger networks"
        );
        assert_eq!(got, if too_many == 0 { Ok(()) } else { Err(want) }, "{peers} {more}");
    }
    let networks = |count: usize| format!("[tun.tun0]\nonlink = [{}]\n", list(count));
    let check = |count| toml::from_str::<State>(&networks(count)).unwrap().validate(crate::admin::Platform::Linux);
    assert_eq!(check(64), Ok(()));
    let want = "tun.tun0.onlink: No space left on device: 65 addresses and networks on the LAN are over 64; join them into larger networks";
    assert_eq!(check(65).unwrap_err().to_string(), want);
}

#[test]
fn a_tun_keeps_its_mtu_on_a_bridge_and_gives_none() {
    struct Nothing;
    impl super::super::Facts for Nothing {
        fn platform(&self) -> crate::admin::Platform {
            crate::admin::Platform::Linux
        }

        fn interface(&self, name: &str) -> Option<crate::admin::SystemInterface> {
            (name == "tun0").then(|| crate::admin::SystemInterface {
                kind: crate::admin::SystemKind::Ethernet,
                mtu_bytes: 1400,
                min_mtu_bytes: 68,
                max_mtu_bytes: 0,
                ether: frame::Mac::ZERO,
                addresses: vec![],
                master: None,
            })
        }
        fn has_address(&self, _: &str, _: frame::Mac, _: u16) -> bool {
            false
        }
    }
    let member = |name: &str| format!("[[bridge.bridge0.member]]\ninterface = \"{name}\"\n");
    let [tun, tap] = ["tun0", "tap0"].map(member);
    let read = |members: &str| {
        let mut state: State =
            toml::from_str(&format!("[bridge.bridge0]\n{members}[tun.tun0]\nmtu = 1400\n[tap.tap0]\nmtu = 9000\n"))
                .unwrap();
        state.validate(crate::admin::Platform::Linux).unwrap();
        state.settle(&Nothing);
        assert!(state.bridges["bridge0"].members.iter().all(|member| member.mtu_before.is_none()));
        (state.bridges["bridge0"].mtu_bytes, state.mtu_bytes("bridge0"), state.mtu_bytes("tun0"))
    };
    assert_eq!(read(&tun), (None, Some(1500), Some(1400)));
    assert_eq!(read(&(tun + &tap)), (Some(9000), Some(9000), Some(1400)));
}

#[test]
fn a_lease_is_one_more_unless_it_is_a_peer() {
    let these = |texts: &[&str]| StandsFor::These(texts.iter().map(|text| text.parse().unwrap()).collect());
    let lease = "10.9.0.7".parse().ok();
    assert_eq!(these(&["10.9.0.1"]).with(lease), these(&["10.9.0.1", "10.9.0.7"]));
    assert_eq!(these(&["10.9.0.7"]).with(lease), these(&["10.9.0.7"]));
    assert_eq!(these(&["10.9.0.7"]).with(None), these(&["10.9.0.7"]));
    assert_eq!(StandsFor::Everybody.with(lease), StandsFor::Everybody);
}
