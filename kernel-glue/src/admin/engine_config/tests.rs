extern crate std;
use super::super::state::State;
use super::*;
use frame::{Tpid, Vid};
use std::string::ToString;

fn port(number: u16) -> PortId {
    PortId::new(number).unwrap()
}

fn config(text: &str, run: PortRun) -> Config {
    let state: State = toml::from_str(text).unwrap();
    engine_config(&state.bridges["bridge0"], Mac([2, 0, 0, 0, 0, 1]), &|_| run)
}

fn only(config: &Config, number: u16) -> &PortConfig {
    &config.ports.iter().find(|&&(id, _)| id == port(number)).unwrap().1
}

#[test]
fn values_of_the_bridge() {
    let text =
        "[bridge.bridge0]\nup = true\nmtu = 9000\ntimeout = 0\nmaxaddr = 7\nvlanfilter = true\nhostuntagged = 20\n";
    let got = config(text, PortRun::Running);
    assert_eq!((got.own_mac, got.mtu_bytes, got.max_addresses), (Mac([2, 0, 0, 0, 0, 1]), 9000, 7));
    assert_eq!((got.ageing, got.vlan_filter), (None, true));
    let host = PortConfig { flags: PortFlags::UP | PortFlags::LEARN, pvid: Vid::new(20), ..PortConfig::default() };
    assert_eq!(got.ports, [(PortId::HOST, host)]);

    let plain = config("[bridge.bridge0]", PortRun::Running);
    assert_eq!((plain.ageing, plain.mtu_bytes), (Some(Duration::from_secs(1200)), 1500));
}

#[test]
fn flags_of_a_member() {
    let of = |keys: &str| {
        let text = std::format!("[bridge.bridge0]\nup = true\n[[bridge.bridge0.member]]\ninterface = \"a\"\n{keys}");
        only(&config(&text, PortRun::Running), 1).flags
    };
    let fresh = PortFlags::UP | PortFlags::LEARN | PortFlags::DISCOVER;
    #[rustfmt::skip]
    let rows = [
        ("",                 fresh),
        ("learn = false",    fresh - PortFlags::LEARN),
        ("discover = false", fresh - PortFlags::DISCOVER),
        ("sticky = true",    fresh | PortFlags::STICKY),
        ("private = true",   fresh | PortFlags::PRIVATE),
        ("locked = true",    fresh | PortFlags::LOCKED),
        ("qinq = true",      fresh | PortFlags::QINQ),
    ];
    for (keys, want) in rows {
        assert_eq!(of(keys), want, "{keys}");
    }
}

#[test]
fn values_of_a_member() {
    let got = config(
        r#"
        [bridge.bridge0]
        [[bridge.bridge0.member]]
        interface = "a"
        port = 9
        untagged = 10
        tagged = "20,100-199"
        vlanproto = "802.1ad"
        protected = [1, 31]
        maxaddr = 3
        storm = { broadcast = 100, unknown = 0 }
        suppress = "untagged,30"
        "#,
        PortRun::Running,
    );
    let got = only(&got, 9);
    assert_eq!((got.pvid, got.tpid, got.max_addresses), (Vid::new(10), Tpid::Dot1ad, 3));
    assert_eq!(got.tagged.to_string(), "20,100-199");
    assert_eq!(got.protected, 1 << 31 | 1 << 1);
    assert_eq!(got.suppress.to_string(), "untagged,30");
    let rate = |frames_per_second| Some(Rate { frames_per_second });
    assert_eq!(got.storm, Storm { broadcast: rate(100), multicast: None, unknown: rate(0) });
}

#[test]
fn nothing_is_up_on_a_bridge_that_is_down_or_a_port_that_is_stopped() {
    let ports = "[[bridge.bridge0.member]]\ninterface = \"a\"\n[[bridge.bridge0.span]]\ninterface = \"b\"\n";
    let up = |text: &str, run| -> std::vec::Vec<u16> {
        let config = config(&std::format!("[bridge.bridge0]\n{text}\n{ports}"), run);
        let up = config.ports.iter().filter(|(_, port)| port.flags.contains(PortFlags::UP));
        up.map(|&(id, _)| id.get()).collect()
    };
    assert_eq!(up("up = true", PortRun::Running), [0, 1, 2]);
    assert_eq!(up("up = true", PortRun::Stopped), [0]);
    assert_eq!(up("up = false", PortRun::Running), [0; 0]);
    let span = config(&std::format!("[bridge.bridge0]\nup = true\n{ports}"), PortRun::Running);
    assert_eq!(only(&span, 2).flags, PortFlags::SPAN | PortFlags::UP);
}
