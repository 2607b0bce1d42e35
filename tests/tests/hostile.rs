//! What arrives at a tunN from its Ethernet side, frame by frame: what is answered, what passes to the application, and
//! what is dropped and counted, however it is formed.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use tests::nodes::{App, Rig, hex, numbered_ip, unhex};
use tests::{Arp, BROADCAST, EtherFrame, Limit, Nd, Wire, checksum, mac, parse_mac, within};

tests::on_faces! {
    who_is_answered: node exec;
    what_reaches_the_application: node exec;
    what_does_not: node exec;
    a_station_that_says_it_is_the_host: node exec;
}

/// Longer than what must come takes on a loaded machine.
const SOON: Duration = Duration::from_secs(10);
/// As long as it takes to see that nothing comes.
const QUIET: Duration = Duration::from_millis(300);
const HOST: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 1);
const OTHER: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 2);
const HOST6: Ipv6Addr = Ipv6Addr::new(0xfd00, 8, 0, 0, 0, 0, 0, 1);
const OTHER6: Ipv6Addr = Ipv6Addr::new(0xfd00, 8, 0, 0, 0, 0, 0, 2);

/// A tunN with an application, seen from its Ethernet side.
struct Scene<'r> {
    rig: &'r Rig,
    app: App,
    fd: i64,
    wire: Wire,
    /// The station of the host, and the one at the other end.
    host: [u8; 6],
    peer: [u8; 6],
}

impl<'r> Scene<'r> {
    fn new(rig: &'r Rig) -> Self {
        rig.ns().allow_ipv6();
        // Without a link-local address the kernel has nothing to say of its own but reports of groups.
        rig.ns().write("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1");
        rig.create("tun0");
        let app = rig.app();
        let fd = rig.open_device(&app, "tun0");
        rig.ns().ip("address add 10.8.0.1/24 dev tun0");
        rig.ns().ip("address add fd00:8::1/64 dev tun0 nodad");
        let (wire, host) = (rig.wire("tun0"), parse_mac(&rig.ns().link("tun0").mac));
        wire.send(&Arp::asks(host, HOST, OTHER).frame(BROADCAST));
        let reply = answer(&wire, SOON, |frame| Arp::read(frame).filter(|arp| arp.operation == 2));
        let peer = reply.expect("an answer").sender_mac;
        let scene = Self { rig, app, fd, wire, host, peer };
        scene.hears_next(0);
        scene
    }

    /// Returns what the application gets, up to a packet that it must get, but for the kernel's reports of groups.
    #[track_caller]
    fn hears_next(&self, n: u32) -> Vec<Vec<u8>> {
        let last = numbered_ip(4, n, 100, 9);
        self.wire.send(&self.to_peer(0x0800, &last));
        let mut heard = Vec::new();
        let came = within(SOON, || {
            let packets = self.app.value(&format!("read_packets({})", self.fd));
            heard.extend(packets.as_array().into_iter().flatten().map(unhex).filter(|packet| !is_report(packet)));
            heard.contains(&last)
        });
        assert!(came, "packet {n} does not reach the application: {heard:02x?}");
        assert_eq!(heard.pop(), Some(last));
        heard
    }

    fn to_peer(&self, ether_type: u16, payload: &[u8]) -> Vec<u8> {
        frame(self.peer, self.host, ether_type, payload)
    }

    /// Returns how many frames were dropped on the device, by the daemon's reasons.
    fn drops(&self) -> BTreeMap<String, u64> {
        numbers(&self.rig.report("tun0")["tap"]["counts"]["drops"])
    }

    /// Returns what the link has counted of neighbours.
    fn counters(&self) -> BTreeMap<String, u64> {
        numbers(&self.rig.report("tun0")["tun"]["counters"])
    }
}

fn numbers(shown: &serde_json::Value) -> BTreeMap<String, u64> {
    let all = shown.as_object().cloned().unwrap_or_default();
    all.into_iter().filter_map(|(name, count)| Some((name, count.as_u64()?))).collect()
}

/// Returns what has become more, and by how many.
fn increase(before: &BTreeMap<String, u64>, after: BTreeMap<String, u64>) -> Vec<(u64, String)> {
    let more = |(name, count): (String, u64)| Some((count.checked_sub(*before.get(&name).unwrap_or(&0))?, name));
    after.into_iter().filter_map(more).filter(|&(more, _)| more != 0).collect()
}

/// Returns whether a packet is a listener's report (RFC 3810 §5.2) of a host that has no link-local address.
fn is_report(packet: &[u8]) -> bool {
    packet[0] >> 4 == 6 && packet[6] == 0 && packet[8..24] == [0; 16] && packet.get(48) == Some(&143)
}

fn frame(destination: [u8; 6], source: [u8; 6], ether_type: u16, payload: &[u8]) -> Vec<u8> {
    [&destination[..], &source, &ether_type.to_be_bytes(), payload].concat()
}

/// Returns a frame of ICMPv6 with the length and the checksum that are right for it.
fn right_sum(mut frame: Vec<u8>) -> Vec<u8> {
    let [high, low] = u16::try_from(frame.len() - 54).expect("short").to_be_bytes();
    frame[18..20].copy_from_slice(&[high, low]);
    frame[56..58].fill(0);
    let pseudo = [&frame[22..54], &[0, 0, high, low, 0, 0, 0, 58], &frame[54..]].concat();
    let sum = checksum(&pseudo).to_be_bytes();
    frame[56..58].copy_from_slice(&sum);
    frame
}

/// Returns the first of the frames that arrive within `time` of which `read` makes something.
fn answer<T>(wire: &Wire, time: Duration, read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    let limit = Limit::after(time);
    std::iter::from_fn(|| wire.receive(limit)).find_map(|frame| read(&frame))
}

/// Everything but the host's own is answered for; who asks whether an address is free, or says whose it is, is not.
fn who_is_answered(rig: &Rig) {
    let scene = Scene::new(rig);
    let asks = |target: [u8; 4]| Arp::asks(scene.host, HOST, target.into());
    #[rustfmt::skip]
    let rows = [
        ("a neighbour",             asks([10, 8, 0, 2]),                                 BROADCAST,  true),
        ("somebody far away",       asks([198, 51, 100, 7]),                             BROADCAST,  true),
        ("asked of it alone",       asks([10, 8, 0, 2]),                                 scene.peer, true),
        ("the host's own address",  asks([10, 8, 0, 1]),                                 BROADCAST,  false),
        ("a probe",                 Arp::asks(scene.host, Ipv4Addr::UNSPECIFIED, OTHER), BROADCAST,  false),
        ("an announcement",         Arp::announces(scene.host, [10, 8, 0, 3].into()),    BROADCAST,  false),
        ("everybody",               asks([255, 255, 255, 255]),                          BROADCAST,  false),
        ("a group",                 asks([224, 0, 0, 1]),                                BROADCAST,  false),
        ("nobody",                  asks([0, 0, 0, 0]),                                  BROADCAST,  false),
        ("loopback",                asks([127, 0, 0, 1]),                                BROADCAST,  false),
    ];
    let to_host = [scene.host, scene.peer].concat();
    for (name, request, to, is_answered) in rows {
        scene.wire.drain();
        scene.wire.send(&request.frame(to));
        let is_reply = |frame: &[u8]| Some((Arp::read(frame).filter(|arp| arp.operation == 2)?, frame[..12].to_vec()));
        let reply = answer(&scene.wire, if is_answered { SOON } else { QUIET }, is_reply);
        assert_eq!(reply.is_some(), is_answered, "{name}: {reply:?}");
        let Some((reply, addresses)) = reply else { continue };
        assert_eq!(addresses, to_host, "{name}");
        let want = Arp { operation: 2, target_mac: scene.host, ..Arp::asks(scene.peer, request.target, HOST) };
        assert_eq!(reply, want, "{name}");
    }
    let asks = |target: &str| Nd::asks(scene.host, HOST6, target.parse().expect("an address"));
    let probe = Nd { mac: None, ..Nd::asks(scene.host, Ipv6Addr::UNSPECIFIED, OTHER6) };
    let alone = Some(scene.peer);
    #[rustfmt::skip]
    let rows = [
        ("a neighbour",       asks("fd00:8::2"),                                 None,  true),
        ("a link-local one",  asks("fe80::7"),                                   None,  true),
        ("the host's own",    asks("fd00:8::1"),                                 None,  false),
        ("asked of it alone", Nd { destination: OTHER6, ..asks("fd00:8::2") },   alone, true),
        ("is it free?",       probe,                                             None,  false),
        ("nobody",            Nd { destination: OTHER6, ..asks("::") },          alone, false),
        ("loopback",          Nd { destination: OTHER6, ..asks("::1") },         alone, false),
        ("a group",           Nd { destination: OTHER6, ..asks("ff02::1") },     alone, false),
    ];
    for (name, solicitation, to, is_answered) in rows {
        scene.wire.drain();
        scene.wire.send(&solicitation.frame(to));
        let is_reply = |frame: &[u8]| Some((Nd::read(frame).filter(|nd| nd.kind == 136)?, frame[..12].to_vec()));
        let reply = answer(&scene.wire, if is_answered { SOON } else { QUIET }, is_reply);
        assert_eq!(reply.is_some(), is_answered, "{name}: {reply:?}");
        let Some((reply, addresses)) = reply else { continue };
        assert_eq!(addresses, to_host, "{name}");
        assert_eq!(reply.flags & 0xc0, 0x40, "{name}: solicited, and no router");
        let target = solicitation.target;
        let want = Nd { kind: 136, source: target, destination: HOST6, flags: reply.flags, mac: alone, ..solicitation };
        assert_eq!(reply, want, "{name}");
    }
    assert!(scene.hears_next(1).is_empty(), "the application hears nothing of neighbours");
}

/// IP passes as by a kernel TUN: all versions, to one, to groups and to everybody, at its own length.
fn what_reaches_the_application(rig: &Rig) {
    let scene = Scene::new(rig);
    let [four, six, least] = [numbered_ip(4, 7, 1500, 1), numbered_ip(6, 8, 1500, 1), numbered_ip(4, 9, 36, 1)];
    let group = |last: [u8; 3]| [0x01, 0x00, 0x5e, last[0], last[1], last[2]];
    // A listener's report (RFC 3810 §5.2) has a router alert before it; a router solicitation (RFC 4861 §4.1).
    let report = [
        &[0x60, 0, 0, 0, 0, 36, 0, 1][..],
        &"fe80::1".parse::<Ipv6Addr>().expect("an address").octets(),
        &"ff02::16".parse::<Ipv6Addr>().expect("an address").octets(),
        &[58, 0, 5, 2, 0, 0, 1, 0, 143, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0],
        &"ff02::1:ff00:1".parse::<Ipv6Addr>().expect("an address").octets(),
    ]
    .concat();
    let router = [
        &[0x60, 0, 0, 0, 0, 8, 58, 255][..],
        &"fe80::1".parse::<Ipv6Addr>().expect("an address").octets(),
        &"ff02::2".parse::<Ipv6Addr>().expect("an address").octets(),
        &[133, 0, 0x7b, 0x2d, 0, 0, 0, 0],
    ]
    .concat();
    let padded = [&least[..], &[0; 10]].concat();
    let priority = [&[0, 0, 8, 0][..], &least].concat();
    #[rustfmt::skip]
    let rows: [(&str, Vec<u8>, &[u8]); 9] = [
        ("IPv4",               scene.to_peer(0x0800, &four),                            &four),
        ("IPv6",               scene.to_peer(0x86dd, &six),                             &six),
        ("short",              scene.to_peer(0x0800, &least),                           &least),
        ("padded",             scene.to_peer(0x0800, &padded),                          &least),
        ("to everybody",       frame(BROADCAST, scene.host, 0x0800, &four),             &four),
        ("to a group",         frame(group([0, 0, 1]), scene.host, 0x0800, &four),      &four),
        ("to an IPv6 group",   frame([0x33, 0x33, 0, 0, 0, 2], scene.host, 0x86dd, &router), &router),
        ("a listener's report", frame([0x33, 0x33, 0, 0, 0, 0x16], scene.host, 0x86dd, &report), &report),
        ("tagged with a priority", scene.to_peer(0x8100, &priority),                    &least),
    ];
    for (n, (name, sent, want)) in (100..).zip(rows) {
        scene.wire.send(&sent);
        let heard = scene.hears_next(n);
        assert_eq!(heard.iter().map(|packet| hex(packet)).collect::<Vec<_>>(), [hex(want)], "{name}");
    }
}

/// What is no IP packet for this station, or is badly formed, is counted for a reason and goes nowhere.
fn what_does_not(rig: &Rig) {
    let scene = Scene::new(rig);
    let request = || Arp::asks(scene.host, HOST, OTHER).frame(BROADCAST);
    let solicitation = || Nd::asks(scene.host, HOST6, OTHER6);
    let four = numbered_ip(4, 7, 100, 1);
    let six = numbered_ip(6, 7, 100, 1);
    let with = |mut bytes: Vec<u8>, changes: &[(usize, u8)]| {
        changes.iter().for_each(|&(at, value)| bytes[at] = value);
        bytes
    };
    let cut = |bytes: &[u8], length: usize| bytes[..length].to_vec();
    let ip = |bytes: &[u8]| scene.to_peer(0x0800, bytes);
    let ip6 = |bytes: &[u8]| scene.to_peer(0x86dd, bytes);
    let tagged = |vid: u8, inner: &[u8]| scene.to_peer(0x8100, &[&[0, vid, 8, 0][..], inner].concat());
    let nd = |change: Nd| change.frame(None);
    let option = |bytes: &[u8]| right_sum([&cut(&nd(solicitation()), 14 + 40 + 24)[..], bytes].concat());
    #[rustfmt::skip]
    let rows = [
        ("ARP without a body",            "bad-neighbour", cut(&request(), 15)),
        ("ARP cut after the header",      "bad-neighbour", cut(&request(), 22)),
        ("ARP cut by one byte",           "bad-neighbour", cut(&request(), 41)),
        ("ARP for another hardware",      "bad-neighbour", with(request(), &[(15, 6)])),
        ("ARP for another protocol",      "bad-neighbour", with(request(), &[(16, 0x86), (17, 0xdd)])),
        ("ARP, long hardware addresses",  "bad-neighbour", with(request(), &[(18, 255)])),
        ("ARP, no hardware address",      "bad-neighbour", with(request(), &[(18, 0)])),
        ("ARP, long protocol addresses",  "bad-neighbour", with(request(), &[(19, 16)])),
        ("ARP of no operation",           "bad-neighbour", with(request(), &[(21, 0)])),
        ("ARP of operation 9",            "bad-neighbour", with(request(), &[(21, 9)])),
        ("ARP in another's name",         "bad-neighbour", with(request(), &[(27, 0x77)])),
        ("ARP by a group",                "bad-neighbour", with(request(), &[(22, 0xff)])),
        ("NS with hop limit 254",         "bad-neighbour", nd(Nd { hop_limit: 254, ..solicitation() })),
        ("NS with hop limit 1",           "bad-neighbour", nd(Nd { hop_limit: 1, ..solicitation() })),
        ("NS with a code",                "bad-neighbour", right_sum(with(nd(solicitation()), &[(55, 1)]))),
        ("NS with a wrong checksum",      "bad-neighbour", with(nd(solicitation()), &[(56, 0xaa), (57, 0xaa)])),
        ("NS for a group",                "bad-neighbour", nd(Nd { target: "ff02::1".parse().expect("an address"), ..solicitation() })),
        ("NS, an option of no length",    "bad-neighbour", option(&[1, 0, 2, 0, 0, 0, 0, 1])),
        ("NS, an option beyond the end",  "bad-neighbour", option(&[1, 9, 2, 0, 0, 0, 0, 1])),
        ("NS, half an option",            "bad-neighbour", option(&[1, 1, 2])),
        ("NS cut by its packet's end",    "malformed",     cut(&nd(solicitation()), 70)),
        ("NS with a length of 0",         "bad-neighbour", with(nd(solicitation()), &[(18, 0), (19, 0)])),
        ("NS of 16 bytes",                "bad-neighbour", right_sum(cut(&nd(solicitation()), 14 + 40 + 16))),
        ("NA with hop limit 254",         "bad-neighbour", nd(Nd { kind: 136, hop_limit: 254, ..solicitation() })),
        ("no EtherType that is known",    "not-ip",        EtherFrame::new(scene.peer, scene.host, "what?").bytes()),
        ("LLDP",                          "not-ip",        frame([1, 0x80, 0xc2, 0, 0, 0xe], scene.host, 0x88cc, &[0; 46])),
        ("STP, by its length",            "not-ip",        frame([1, 0x80, 0xc2, 0, 0, 0], scene.host, 38, &[0x42; 46])),
        ("MPLS",                          "not-ip",        scene.to_peer(0x8847, &four)),
        ("PPPoE",                         "not-ip",        scene.to_peer(0x8864, &four)),
        ("a VLAN's",                      "vlan-egress",   tagged(5, &four)),
        ("half a tag",                    "malformed",     scene.to_peer(0x8100, &[0])),
        ("no payload",                    "malformed",     ip(&[])),
        ("one byte of IPv4",              "malformed",     ip(&cut(&four, 1))),
        ("19 bytes of IPv4",              "malformed",     ip(&cut(&four, 19))),
        ("IPv4 cut by one byte",          "malformed",     ip(&cut(&four, 99))),
        ("IPv4 with a short header",      "malformed",     ip(&with(four.clone(), &[(0, 0x44)]))),
        ("IPv4 with a header beyond it",  "malformed",     ip(&with(cut(&four, 20), &[(0, 0x4f), (2, 0), (3, 20)]))),
        ("IPv4 shorter than its header",  "malformed",     ip(&with(four.clone(), &[(2, 0), (3, 19)]))),
        ("IPv4 longer than the frame",    "malformed",     ip(&with(four.clone(), &[(2, 0xff), (3, 0xff)]))),
        ("IPv6 said to be IPv4",          "malformed",     ip(&six)),
        ("IPv4 said to be IPv6",          "malformed",     ip6(&four)),
        ("no version",                    "malformed",     ip(&with(four.clone(), &[(0, 0x05)]))),
        ("39 bytes of IPv6",              "malformed",     ip6(&cut(&six, 39))),
        ("IPv6 cut by one byte",          "malformed",     ip6(&cut(&six, 99))),
        ("IPv6 longer than the frame",    "malformed",     ip6(&with(six.clone(), &[(4, 0xff), (5, 0xff)]))),
        ("to another station",            "other-host",    frame(mac(77), scene.host, 0x0800, &four)),
    ];
    for (n, (name, why, sent)) in (200..).zip(rows) {
        let before = scene.drops();
        scene.wire.send(&sent);
        let heard = scene.hears_next(n);
        assert!(heard.is_empty(), "{name}: the application hears {heard:02x?}");
        assert_eq!(increase(&before, scene.drops()), [(1, why.to_owned())], "{name}");
    }
}

/// Who claims the host's own address gets none of its packets, and no answer that would confirm it.
fn a_station_that_says_it_is_the_host(rig: &Rig) {
    let scene = Scene::new(rig);
    let liar = mac(66);
    let asks = Arp::asks(liar, HOST, OTHER);
    let claims = [
        ("asks", asks.frame(BROADCAST)),
        ("announces", Arp::announces(liar, HOST).frame(BROADCAST)),
        ("answers everybody", Arp { operation: 2, ..asks }.frame(BROADCAST)),
        ("answers", Arp { operation: 2, ..asks }.frame(scene.peer)),
        ("solicits", Nd::asks(liar, HOST6, OTHER6).frame(None)),
        ("advertises", Nd { kind: 136, ..Nd::asks(liar, OTHER6, HOST6) }.frame(None)),
        ("advertises in its name", Nd { kind: 136, ..Nd::asks(liar, HOST6, HOST6) }.frame(None)),
    ];
    for (n, (name, claim)) in (1..).zip(claims) {
        scene.wire.drain();
        let before = scene.counters();
        scene.wire.send(&claim);
        assert!(scene.hears_next(n).is_empty(), "{name}");
        let says = |frame: &[u8]| (Arp::read(frame).is_some() || Nd::read(frame).is_some()).then(|| hex(frame));
        assert_eq!(answer(&scene.wire, QUIET, says), None, "{name}: nothing confirms it");
        assert_eq!(increase(&before, scene.counters()), [(1, "spoofed".to_owned())], "{name}");
    }
    // A packet for the host goes to the host.
    let packet = numbered_ip(4, 5, 100, 1);
    scene.app.run(&format!("os.write({}, bytes.fromhex('{}'))", scene.fd, hex(&packet)));
    let whole = |bytes: &[u8]| bytes.ends_with(&packet).then(|| bytes.to_vec());
    let sent = answer(&scene.wire, SOON, whole).expect("it comes out");
    assert_eq!(sent, frame(scene.host, scene.peer, 0x0800, &packet));
}
