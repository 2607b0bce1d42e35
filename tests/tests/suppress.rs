//! Neighbours that are known are answered for at the port that asks, and the others are not asked.

use kernel_glue::admin::NeighbourEntry;
use std::net::Ipv4Addr;
use std::process::Command;
use std::time::Duration;
use tests::{
    Arp, BROADCAST, Capture, Daemon, EtherFrame, Host, Kind, Lab, Limit, Switch, Wire, mac, plug, run, scenario,
    trestle,
};

/// Runs `trestle neighbours`.
fn neighbours(daemon: &Daemon, arguments: &[&str]) -> String {
    let mut command = Command::new(trestle());
    command.arg("neighbours").args(arguments).env("TRESTLE_SOCKET", daemon.socket());
    run(command, Duration::from_secs(10)).ok()
}

/// Three kernels on a bridge: the first behind a virtual port, the others behind Ethernet interfaces.
struct Lan {
    daemon: Daemon,
    hosts: [Host; 3],
}

impl Lan {
    fn new(lab: &Lab) -> Self {
        let daemon = Daemon::start(lab, lab.ns("switch"));
        daemon.create();
        let hosts = [(Kind::Vport, 1), (Kind::Veth, 2), (Kind::Veth, 3)].map(|(kind, n)| {
            let host = plug(lab, &daemon, kind, n).kernel().clone();
            host.ns.allow_ipv6();
            host.ns.ip(&format!("address add fd00::{n}/64 dev {} nodad", host.interface));
            host
        });
        Self { daemon, hosts }
    }

    /// Watches what the first host asks everybody, as the others hear it.
    fn watch(&self, lab: &Lab) -> [Capture; 2] {
        let [asker, others @ ..] = &self.hosts;
        let filter = format!("ether src {} and ether multicast and (arp or icmp6)", asker.mac());
        others.each_ref().map(|host| Capture::start(lab, &host.ns, &host.interface, &filter))
    }

    fn forget(&self) {
        let [asker, ..] = &self.hosts;
        asker.ns.ip(&format!("neigh flush dev {}", asker.interface));
    }
}

const V4: [&str; 2] = ["10.0.0.2", "10.0.0.9"];
const V6: [&str; 2] = ["fd00::2", "fd00::9"];

#[test]
fn a_known_neighbour_is_not_asked_for_again() {
    let name = "a_known_neighbour_is_not_asked_for_again";
    let Some(lab) = Lab::with_programs(name, &["tcpdump"]) else { return };
    let lan = Lan::new(&lab);
    let [asker, known, _] = &lan.hosts;
    lan.daemon.ok("bridge0 suppress vport1");
    for [address, nobody] in [V4, V6] {
        let (address, nobody): (std::net::IpAddr, std::net::IpAddr) =
            (address.parse().unwrap(), nobody.parse().unwrap());
        assert!(asker.reaches(address), "{address}, of whom nothing is known");
        lan.forget();
        let captures = lan.watch(&lab);
        let before = lan.daemon.member("vport1").counts.suppressed;
        assert!(asker.reaches(address), "{address}, who is known");
        let entry = asker.ns.ip(&format!("neigh show {address}"));
        assert!(entry.contains(&known.mac()), "{entry}");
        assert!(lan.daemon.member("vport1").counts.suppressed > before);
        // What is asked later comes later.
        assert!(!asker.reaches(nobody));
        for capture in &captures {
            capture.shows(&["who", &format!("has {nobody}")]);
            assert_eq!(capture.find(&["who", &format!("has {address}")]), None);
        }
    }
    let counts = lan.daemon.member("vport1").counts;
    assert!(counts.drops.is_empty(), "{:?}", counts.drops);
    assert!(lan.daemon.ok("-v bridge0").contains("suppressed"), "shown");

    let text = neighbours(&lan.daemon, &["bridge0"]);
    for (address, source) in [("10.0.0.2", "arp"), ("fd00::2", "nd")] {
        let want = format!("{address} at {} on bridge0 eth2 [{source}] ", known.mac());
        assert!(text.lines().any(|line| line.starts_with(&want) && line.ends_with(" s")), "{want}:\n{text}");
    }
    let entries: Vec<NeighbourEntry> = serde_json::from_str(&neighbours(&lan.daemon, &["-j", "vport1"])).unwrap();
    assert!(entries.iter().any(|entry| entry.address.to_string() == "10.0.0.1"), "{entries:?}");
    assert!(entries.iter().all(|entry| entry.member.as_deref() == Some("vport1")), "{entries:?}");

    lan.daemon.ok("bridge0 flush");
    assert_eq!(neighbours(&lan.daemon, &["eth2"]), "", "flush forgets neighbours too");
    assert!(asker.reaches(known.address));
    lan.daemon.ok("bridge0 deletem eth2");
    assert!(!neighbours(&lan.daemon, &[]).contains("10.0.0.2"), "who was behind a member that is gone");
}

#[test]
fn everybody_is_asked_while_nobody_suppresses() {
    let name = "everybody_is_asked_while_nobody_suppresses";
    let Some(lab) = Lab::with_programs(name, &["tcpdump"]) else { return };
    let lan = Lan::new(&lab);
    let [asker, known, _] = &lan.hosts;
    lan.daemon.ok("bridge0 suppress vport1 -suppress vport1");
    assert!(asker.reaches(known.address));
    lan.forget();
    let captures = lan.watch(&lab);
    assert!(asker.reaches(known.address));
    for capture in &captures {
        capture.shows(&["who-has 10.0.0.2"]);
    }
    assert_eq!(neighbours(&lan.daemon, &[]), "");
    assert_eq!(lan.daemon.member("vport1").counts.suppressed, 0);
}

/// An ARP frame of 10.0.0.`sender` about 10.0.0.`target`; operation 1 asks, 2 answers.
fn arp(operation: u16, to: [u8; 6], (from, sender): ([u8; 6], u8), target: u8, vid: Option<u16>) -> Vec<u8> {
    let address = |last: u8| if last == 0 { Ipv4Addr::UNSPECIFIED } else { Host::address(last) };
    let target_mac = if operation == 2 { to } else { [0; 6] };
    let message = Arp { operation, target_mac, ..Arp::asks(from, address(sender), address(target)) };
    let mut frame = message.frame(to);
    frame.truncate(42); // The bridge answers without padding.
    let tag = vid.map(|vid| [&[0x81, 0], &vid.to_be_bytes()[..]].concat());
    frame.splice(12..12, tag.unwrap_or_default());
    frame
}

/// Returns what arrives before `last`, of any type.
fn before(wire: &Wire, last: &[u8]) -> Vec<Vec<u8>> {
    let limit = Limit::after(Duration::from_secs(2));
    let mut heard = Vec::new();
    while let Some(frame) = wire.receive(limit) {
        if frame == last {
            return heard;
        }
        heard.push(frame);
    }
    panic!("the last frame did not come; before: {heard:02x?}");
}

#[test]
fn what_is_answered_frame_by_frame() {
    let Some(lab) = Lab::open("what_is_answered_frame_by_frame") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let wires: Vec<_> = (0..3).map(|n| Wire::tap(daemon.ns(), &format!("tap{n}"))).collect();
    daemon.ok("bridge0 create up addm tap0 addm tap1 addm tap2");
    scenario::settle(&wires.iter().collect::<Vec<_>>());
    let (asker, known) = ((mac(1), 1), (mac(2), 2));
    let ask = |vid| arp(1, BROADCAST, asker, 2, vid);
    let answer = |vid| Some(arp(2, mac(1), (mac(2), 2), 1, vid));
    #[rustfmt::skip]
    let rows = [
        // name                       configuration              sent by tap0                             heard by tap0  by tap1  by tap2
        ("a question",                "suppress tap0",           ask(None),                               answer(None),     false, false),
        ("in a VLAN",                 "suppress tap0",           ask(Some(20)),                           answer(Some(20)), false, false),
        ("in the VLAN that is named", "suppress tap0 20,30-40",  ask(Some(20)),                           answer(Some(20)), false, false),
        ("in another",                "suppress tap0 30-40",     ask(Some(20)),                           None,             true,  true),
        ("untagged, VLANs are named", "suppress tap0 1-4094",    ask(None),                               None,             true,  true),
        ("priority is kept",          "suppress tap0 20",        ask(Some(0xa014)),                       answer(Some(0xa014)), false, false),
        ("on another port",           "suppress tap2",           ask(None),                               None,             true,  true),
        ("nowhere",                   "-suppress tap0",          ask(None),                               None,             true,  true),
        ("of somebody unknown",       "suppress tap0",           arp(1, BROADCAST, asker, 3, None),       None,             true,  true),
        ("announcement",              "suppress tap0",           arp(1, BROADCAST, asker, 1, None),       None,             true,  true),
        ("announcement of another's", "suppress tap0",           arp(1, BROADCAST, (mac(1), 2), 2, None), None,             true,  true),
        ("probe",                     "suppress tap0",           arp(1, BROADCAST, (mac(1), 0), 2, None), None,             true,  true),
        ("unicast",                   "suppress tap0",           arp(1, mac(2), asker, 2, None),          None,             true,  false),
        ("private members",           "suppress tap0 private tap0 private tap1", ask(None),               None,             false, true),
    ];
    for (name, line, sent, answered, by_1, by_2) in rows {
        daemon.ok("bridge0 -suppress tap0 -suppress tap2 -private tap0 -private tap1");
        daemon.ok(&format!("bridge0 {line}"));
        for vid in [None, Some(20)] {
            wires[1].send(&arp(1, BROADCAST, known, 9, vid));
        }
        let ready = EtherFrame::new(BROADCAST, mac(2), "learned").bytes();
        wires[1].send(&ready);
        assert!(wires[2].hears(&ready), "{name}");
        wires.iter().for_each(Wire::drain);

        let [end, last] = [mac(1), mac(3)].map(|from| EtherFrame::new(BROADCAST, from, name).bytes());
        wires[0].send(&sent);
        wires[0].send(&end);
        let by_2nd = before(&wires[2], &end);
        // Private members do not hear each other's end, but that of the third.
        wires[2].send(&last);
        let [answers, by_1st] = [0, 1].map(|n| before(&wires[n], &last));
        assert_eq!(answers, answered.into_iter().collect::<Vec<_>>(), "{name}: tap0");
        let flooded = [by_1st.into_iter().filter(|frame| *frame != end).collect(), by_2nd];
        let want = [by_1, by_2].map(|heard| if heard { vec![sent.clone()] } else { vec![] });
        assert_eq!(flooded, want, "{name}: tap1, tap2");
    }
    let drops = daemon.member("tap0").counts.drops;
    assert!(drops.is_empty(), "{drops:?}");
}
