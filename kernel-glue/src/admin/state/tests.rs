extern crate std;
use super::super::request::{InetAddress, StpProtocol};
use super::*;
use frame::{PortId, Tpid, Vid};
use std::string::ToString;

fn read(text: &str) -> State {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn port(number: u16) -> PortId {
    PortId::new(number).unwrap()
}

/// What a person would write.
const BY_HAND: &str = r#"
[bridge.bridge0]
description = "the lab"
up = true
inet = ["192.168.30.1/24", "10.0.0.1/8 broadcast 10.0.0.255", "fd00::1/64"]
timeout = 300
vlanfilter = true
defuntagged = 20
proto = "stp"
hellotime = 1

[[bridge.bridge0.member]]
interface = "eth1"
tagged = "20,100-199"
vlanproto = "802.1ad"
storm = { broadcast = 100 }

[[bridge.bridge0.member]]
interface = "vport0"
untagged = 20
learn = false
protected = [1, 31]

[[bridge.bridge0.span]]
interface = "eth3"

[[bridge.bridge0.static]]
address = "0:1:2:3:4:5"
interface = "eth1"
vlan = 20

[vport.vport0]
ether = "02:00:00:00:00:01"
"#;

#[test]
fn a_file_written_by_hand() {
    let state = read(BY_HAND);
    state.validate().unwrap();
    let bridge = &state.bridges["bridge0"];
    assert_eq!(bridge.description, "the lab");
    assert_eq!((bridge.timeout, bridge.max_addresses), (300, 2000));
    assert_eq!((bridge.protocol, bridge.hello_time), (StpProtocol::Stp, 1));
    let broadcast = "10.0.0.255".parse().ok();
    assert_eq!(bridge.inet[1], InetAddress { address: "10.0.0.1".parse().unwrap(), prefix: 8, broadcast });
    let [eth1, vport0] = &bridge.members[..] else { panic!("{:?}", bridge.members) };
    assert_eq!((eth1.port, vport0.port, bridge.spans[0].port), (port(1), port(2), port(3)));
    assert_eq!(eth1.tagged.to_string(), "20,100-199");
    assert_eq!(eth1.vlan_protocol, Tpid::Dot1ad);
    assert!(eth1.learn && !vport0.learn);
    // `defuntagged` is for members that a verb adds; a file says what it means.
    assert_eq!((eth1.untagged, vport0.untagged), (None, Vid::new(20)));
    assert_eq!(bridge.statics[0].address.to_string(), "00:01:02:03:04:05");
    assert_eq!(state.vports["vport0"].mtu_bytes, 1500);
}

#[test]
fn what_is_written_reads_the_same() {
    let state = read(BY_HAND);
    let text = toml::to_string(&state).unwrap();
    assert_eq!(read(&text), state, "{text}");
}

#[test]
fn defaults_are_left_out() {
    let mut state = State::default();
    assert_eq!(toml::to_string(&state).unwrap(), "");
    state.bridges.insert("bridge0".into(), BridgeState::default());
    state.vports.insert("vport0".into(), VportState::default());
    assert_eq!(toml::to_string(&state).unwrap(), "[bridge.bridge0]\n\n[vport.vport0]\n");
    assert_eq!(read("[bridge.bridge0]\n[vport.vport0]\n"), state);

    let member = MemberState::new("eth1".into(), port(1));
    assert_eq!(toml::to_string(&member).unwrap(), "interface = \"eth1\"\nport = 1\n");
    assert_eq!(toml::from_str::<MemberState>("interface = \"eth1\"\nport = 1\n").unwrap(), member);
}
