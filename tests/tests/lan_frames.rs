//! What a tunnel that is a member of a bridge says on the LAN, and takes from it, to the byte.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use tests::nodes::{App, Rig, hex, unhex};
use tests::{Arp, BROADCAST, Bare, Host, Lan, Limit, Nd, Switch, Wire, checksum, datagram, mac, parse_mac, within};

tests::on_faces! {
    packets_pass_between_the_program_and_a_station: node exec;
    packets_to_another_address_of_the_link_turn_back: node exec;
    a_packet_too_large_is_refused_or_cut: exec;
    a_probe_and_a_stranger_are_not_answered: exec;
    a_claim_is_counted_and_answered_once: exec;
    messages_that_break_a_rule_are_dropped_and_counted: exec;
    a_million_spoofed_neighbours_leave_the_others_alone: exec;
}

const SOON: Duration = Duration::from_secs(10);
/// RFC 5227 §2.3: two announcements, two seconds apart; then all is quiet.
const ANNOUNCED: Duration = Duration::from_secs(4);

/// A program that holds `tun0`, which stands for 10.0.0.50, 10.0.0.51 and fd00::50 on a bridge, and a station there.
struct Scene<'r> {
    rig: &'r Rig,
    app: App,
    fd: i64,
    station: Bare,
    /// The hardware address of who is behind the tunnel.
    peer: [u8; 6],
}

impl<'r> Scene<'r> {
    fn new(rig: &'r Rig, words: &str) -> Self {
        let daemon = rig.daemon();
        daemon.create();
        let wire = Wire::tap(rig.ns(), "tap9");
        daemon.add("tap9");
        rig.create(&format!("tun0 peer 10.0.0.50 peer 10.0.0.51 peer {} {words}", Lan::address6(50)));
        daemon.add("tun0");
        let app = rig.app();
        app.run(READ);
        let fd = app.number(&rig.opening("tun0", "IFF_NO_PI"));
        assert!(within(SOON, || rig.report("tun0")["tap"]["active"] == true), "{:#}", rig.report("tun0"));
        let report = rig.report("tun0");
        let peer = parse_mac(report["tun"]["peer_mac"].as_str().unwrap_or_else(|| panic!("{report:#}")));
        Self { rig, app, fd, station: Bare::new(wire, 2), peer }
    }

    fn writes(&self, packet: &[u8]) {
        self.app.run(&format!("os.write({}, bytes.fromhex('{}'))", self.fd, hex(packet)));
    }

    /// Returns the UDP datagrams and fragments of such that the program reads: waits for `count` of them, and for a while
    /// whether there are more.
    fn reads(&self, count: usize) -> Vec<Vec<u8>> {
        let packets = self.app.value(&format!("read_udp({}, {count})", self.fd));
        packets.as_array().into_iter().flatten().map(unhex).collect()
    }

    /// Returns the next IP packet to the station that is no neighbour discovery.
    fn arrives(&self) -> Option<Vec<u8>> {
        self.station.finds(SOON, |frame| {
            let packet = self.station.packet(frame).filter(|_| Nd::read(frame).is_none())?;
            Some(packet.to_vec())
        })
    }

    fn counter(&self, name: &str) -> u64 {
        self.rig.report("tun0")["tun"]["counters"][name].as_u64().unwrap_or(0)
    }

    /// Returns the peer's address and the station's, of each family.
    fn both(&self) -> [(IpAddr, IpAddr); 2] {
        let [four, six] = Lan::both(50);
        [(four, self.station.address.into()), (six, self.station.address6.into())]
    }
}

/// What the kernel's TUN would pass as well, such as its reports of groups, is left out.
const READ: &str = "def read_udp(fd, count):
    os.set_blocking(fd, False)
    packets = []
    while wait(fd, 'poll', 'IN', 10.0 if len(packets) < count else 0.3):
        packet = os.read(fd, 65535)
        if packet[0] >> 4 == 4 and packet[9] == 17 or packet[0] >> 4 == 6 and packet[6] == 17:
            packets.append(packet)
    return packets
";

fn packets_pass_between_the_program_and_a_station(rig: &Rig) {
    let scene = Scene::new(rig, "");
    for (peer, station) in scene.both() {
        assert_eq!(scene.station.asks(peer), Some(scene.peer), "{peer} is there");
        for bytes in [60, 1000, 1500] {
            let out = datagram(peer, station, bytes, bytes, 0x40);
            scene.writes(&out);
            assert_eq!(scene.arrives(), Some(out), "{bytes} bytes from {peer}");
            let back = datagram(station, peer, bytes, bytes, 0x40);
            scene.station.sends(scene.peer, &back);
            assert_eq!(scene.reads(1), [back], "{bytes} bytes to {peer}");
        }
    }
    // A frame that is not to the peer's station is not for the program, whatever the packet says.
    let [(peer, station), _] = scene.both();
    scene.station.sends(mac(77), &datagram(station, peer, 100, 1, 0));
    let last = datagram(station, peer, 100, 2, 0);
    scene.station.sends(scene.peer, &last);
    assert_eq!(scene.reads(1), [last]);
}

fn packets_to_another_address_of_the_link_turn_back(rig: &Rig) {
    let scene = Scene::new(rig, "");
    let packet = datagram(Host::address(50).into(), Host::address(51).into(), 700, 1, 0x40);
    scene.writes(&packet);
    assert_eq!(scene.reads(1), std::slice::from_ref(&packet));
    let seen = scene.station.finds(Duration::from_millis(300), |frame| frame.ends_with(&packet).then_some(()));
    assert_eq!(seen, None, "nobody else hears it");
}

fn a_packet_too_large_is_refused_or_cut(rig: &Rig) {
    let scene = Scene::new(rig, "mtu 1300");
    for (peer, station) in scene.both() {
        assert_eq!(scene.station.asks(peer), Some(scene.peer));
        let large = datagram(station, peer, 1301, 1, 0x40);
        scene.station.sends(scene.peer, &large);
        let error = scene.arrives().expect("an error");
        let (place, kind): (usize, &[u8]) = if peer.is_ipv4() { (20, &[3, 4]) } else { (40, &[2, 0]) };
        assert_eq!(&error[place..place + 2], kind, "{peer}: {}", hex(&error));
        assert_eq!(error[place + 4..place + 8], 1300_u32.to_be_bytes(), "{peer}: the MTU: {}", hex(&error));
        assert!(large.starts_with(&error[place + 8..place + 8 + 28]), "{peer}: what it is about: {}", hex(&error));
        let fits = datagram(station, peer, 1300, 2, 0x40);
        scene.station.sends(scene.peer, &fits);
        assert_eq!(scene.reads(1), [fits], "{peer}");
    }
    let [(peer, station), _] = scene.both();
    let whole = datagram(station, peer, 1500, 7, 0);
    scene.station.sends(scene.peer, &whole);
    let parts = scene.reads(2);
    let mut joined: Vec<u8> = Vec::new();
    for (n, part) in parts.iter().enumerate() {
        let word = u16::from_be_bytes([part[6], part[7]]);
        let (more, offset) = (word & 0x2000 != 0, usize::from(word & 0x1fff) * 8);
        assert!(part.len() <= 1300 && checksum(&part[..20]) == 0 && part[4..6] == [0, 7], "{}", hex(part));
        assert_eq!((offset, more), (joined.len(), n + 1 < parts.len()), "{}", hex(part));
        joined.extend(&part[20..]);
    }
    assert!(parts.len() == 2 && joined == whole[20..], "{} parts", parts.len());
}

fn a_probe_and_a_stranger_are_not_answered(rig: &Rig) {
    let scene = Scene::new(rig, "");
    let station = &scene.station;
    for target in [10, 49, 52] {
        assert_eq!(station.asks(Host::address(target).into()), None, "{target} is nobody");
    }
    assert_eq!(station.asks(Lan::address6(51).into()), None);
    station.wire.drain();
    let question = Nd::asks(station.mac, Ipv6Addr::UNSPECIFIED, Lan::address6(50));
    station.wire.send(&Nd { mac: None, ..question }.frame(None));
    // Whoever finds out whether an address is free is told that it is not, as RFC 5227 §2.6 and RFC 4862 §5.4.3 have it;
    // but that is a defence, not an answer to who asks.
    let told = station.finds(SOON, |frame| Nd::read(frame).filter(|nd| nd.kind == 136));
    assert!(told.is_none_or(|nd| nd.destination.is_multicast() && nd.flags & 0x40 == 0), "{told:?}");
    station.wire.send(&Arp::asks(station.mac, Ipv4Addr::UNSPECIFIED, Host::address(50)).frame(BROADCAST));
    let told = station.hears_arp(Duration::from_secs(1));
    assert!(told.iter().all(|arp| arp.sender_mac == scene.peer && arp.sender == Host::address(50)), "{told:?}");
    assert_eq!(station.asks(Host::address(50).into()), Some(scene.peer));
}

fn a_claim_is_counted_and_answered_once(rig: &Rig) {
    let scene = Scene::new(rig, "");
    scene.station.hears_arp(ANNOUNCED);
    let claim = Arp::announces(scene.station.mac, Host::address(50));
    for _ in 0..5 {
        scene.station.wire.send(&claim.frame(BROADCAST));
    }
    let defence = Arp::announces(scene.peer, Host::address(50));
    let heard = scene.station.hears_arp(Duration::from_secs(2));
    assert_eq!(heard, [defence], "once in ten seconds (RFC 5227 §2.4)");
    assert_eq!((scene.counter("conflicts"), scene.counter("defended")), (5, 1));
    assert_eq!(scene.station.asks(Host::address(50).into()), Some(scene.peer), "and stays");
}

fn messages_that_break_a_rule_are_dropped_and_counted(rig: &Rig) {
    let scene = Scene::new(rig, "");
    let station = &scene.station;
    station.hears_arp(ANNOUNCED);
    let target = Lan::address6(50);
    let arp = Arp::asks(station.mac, station.address, Host::address(50));
    let nd = Nd::asks(station.mac, station.address6, target);
    let mut spoilt = nd.frame(None);
    spoilt[60] ^= 1;
    let mut code = arp.frame(BROADCAST);
    code[15] = 6;
    let truncated = arp.frame(BROADCAST)[..41].to_vec();
    let short = nd.frame(None)[..70].to_vec();
    let spoofed = Arp { sender_mac: mac(66), ..arp }.frame(BROADCAST);
    let spoofed = [&spoofed[..6], &station.mac, &spoofed[12..]].concat();
    const BAD: &str = "bad-neighbour";
    let rows: [(&str, &str, &str, Vec<u8>); 8] = [
        ("truncated ARP", "tun0", BAD, truncated),
        ("ARP of another hardware", "tun0", BAD, code),
        // A frame from a group is the bridge's to drop, where it enters.
        ("ARP of a group", "tap9", "group-source", Arp { sender_mac: BROADCAST, ..arp }.frame(BROADCAST)),
        ("ARP of another station", "tun0", BAD, spoofed),
        ("ND with hop limit 254", "tun0", BAD, Nd { hop_limit: 254, ..nd }.frame(None)),
        ("ND with a wrong checksum", "tun0", BAD, spoilt),
        ("truncated ND", "tun0", "malformed", short),
        ("ND for a group", "tun0", BAD, Nd { target: "ff02::1".parse().unwrap(), ..nd }.frame(None)),
    ];
    for (name, member, reason, frame) in rows {
        let before = rig.daemon().drops(member, reason);
        station.wire.drain();
        station.wire.send(&frame);
        let heard = station.finds(Duration::from_millis(300), |frame| {
            let answer = frame[6..12] == scene.peer && (Arp::read(frame).is_some() || Nd::read(frame).is_some());
            answer.then(|| hex(frame))
        });
        assert_eq!(heard, None, "{name}: answered");
        let counted = || rig.daemon().drops(member, reason) == before + 1;
        assert!(within(SOON, counted), "{name}: not counted: {:#?}", rig.daemon().member(member).counts);
    }
    assert_eq!(station.asks(target.into()), Some(scene.peer));
    assert_eq!(station.asks(Host::address(50).into()), Some(scene.peer));
    assert_eq!(scene.reads(0), Vec::<Vec<u8>>::new());
}

/// As many as pass within a few seconds; the million is a test of the core.
fn a_million_spoofed_neighbours_leave_the_others_alone(rig: &Rig) {
    let scene = Scene::new(rig, "");
    let station = &scene.station;
    let [(peer, of_station), (peer6, of_station6)] = scene.both();
    for (peer, station) in scene.both() {
        scene.writes(&datagram(peer, station, 100, 1, 0));
        assert!(scene.arrives().is_some(), "a neighbour before");
    }
    const KINDS: [(&str, &str); 3] = [
        ("learned", "some are learned"),
        ("learning-limited", "no more than a rate allows are"),
        ("limited", "nor are more answered"),
    ];
    let counted = KINDS.map(|(name, _)| scene.counter(name));
    let process = rig.daemon().process();
    let before = process.resident_kib();
    let limit = Limit::after(Duration::from_secs(5));
    let mut sent = 0_u32;
    while !limit.passed() && sent < 1_000_000 {
        for _ in 0..64 {
            let [_, a, b, c] = sent.to_be_bytes();
            let (spoof, address) = (mac(0x0100_0000 | sent), Ipv4Addr::new(10, a | 1, b, c));
            let frame = match sent % 4 {
                0 => Arp::asks(spoof, address, Host::address(50)).frame(BROADCAST),
                1 => Arp {
                    operation: 2,
                    target_mac: scene.peer,
                    target: Host::address(50),
                    ..Arp::announces(spoof, address)
                }
                .frame(scene.peer),
                2 => Arp::announces(spoof, address).frame(BROADCAST),
                _ => {
                    let from = Ipv6Addr::from_bits(0xfd00 << 112 | u128::from(sent) | 1 << 40);
                    Nd::asks(spoof, from, Lan::address6(50)).frame(None)
                }
            };
            station.wire.send(&frame);
            sent += 1;
        }
    }
    let after = process.resident_kib();
    println!("{sent} spoofed neighbours in at most 5 s, resident memory {before} KiB before and {after} KiB after");
    assert!(sent >= 50_000, "{sent}: too few to tell anything");
    assert!(after < before + 16 * 1024, "resident memory {before} KiB before and {after} KiB after");
    let neighbours = rig.report("tun0")["tun"]["neighbours"].as_u64().expect("it is shown");
    assert!((2..=1024).contains(&neighbours), "{neighbours}");
    for ((name, why), before) in KINDS.into_iter().zip(counted) {
        let more = scene.counter(name) - before;
        println!("{name}: {more}");
        assert!(more > 0, "{why}: {:#}", rig.report("tun0")["tun"]["counters"]);
    }

    station.wire.drain();
    for (peer, station) in [(peer, of_station), (peer6, of_station6)] {
        let packet = datagram(peer, station, 200, 2, 0);
        scene.writes(&packet);
        let limit = Limit::after(SOON);
        let arrived = std::iter::repeat_with(|| scene.arrives())
            .take_while(|_| !limit.passed())
            .any(|p| p == Some(packet.clone()));
        assert!(arrived, "{station} was known, and is");
        assert!(within(SOON, || scene.station.asks(peer) == Some(scene.peer)), "{peer} answers");
    }
}
