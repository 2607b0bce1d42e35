//! The peer of a VPN on a LAN: `ifconfig bridge0 addm tun0`. OpenVPN runs unmodified at both ends.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tests::{
    Arp, Capture, Host, Lab, Lan, Limit, Nd, Pings, Wire, carry, comes_to_reach, neighbour, parse_mac, within,
};

const SOON: Duration = Duration::from_secs(10);

fn open(name: &str) -> Option<Lab> {
    Lab::with_programs(name, &["openvpn", "tcpdump", "nsenter"])
}

#[test]
fn a_lan_host_without_a_route_and_the_peer_reach_each_other() {
    let Some(lab) = open("a_lan_host_without_a_route_and_the_peer_reach_each_other") else { return };
    let lan = Lan::new(&lab);
    let host = lan.host(2);
    lan.device("tun0", 50, "");
    {
        let peer = lan.peer(50);
        let _programs = peer.starts("tun0");
        assert!(comes_to_reach(&host, &Lan::both(50)), "{:#}", lan.link("tun0"));
        assert!(comes_to_reach(&peer.host, &Lan::both(2)), "{:#}", lan.link("tun0"));
        assert_eq!(host.ns.ip("route show default") + &host.ns.ip("-6 route show default"), "", "no route");
        let mac = lan.link("tun0")["peer_mac"].as_str().expect("a MAC address").to_owned();
        for address in Lan::both(50) {
            let entry = neighbour(&host.ns, address);
            assert!(entry.contains(&mac), "{address} is a station, {mac}: {entry}");
        }
        for (from, to, n) in [(&host, &peer.host, 50), (&peer.host, &host, 2)] {
            for address in Lan::both(n) {
                let rate = carry(&from.ns, &to.ns, address, 8);
                println!("to {address}: {rate:.0} Mbit/s");
            }
        }
        lan.is_all_ethernet();
    }
    lan.daemon().ok("tun0 destroy");
    lan.ends();
}

#[test]
fn the_peer_reaches_what_lies_beyond_the_gateway() {
    let Some(lab) = open("the_peer_reaches_what_lies_beyond_the_gateway") else { return };
    let lan = Lan::new(&lab);
    let (host, router) = (lan.host(2), lan.host(1));
    let beyond = Arc::new(lab.ns("beyond"));
    for ns in [&router.ns, &beyond] {
        ns.allow_ipv6();
        ns.write("/proc/sys/net/ipv4/ip_forward", "1");
        ns.write("/proc/sys/net/ipv6/conf/all/forwarding", "1");
    }
    router.ns.ip(&format!("link add out type veth peer name eth0 netns {}", beyond.name()));
    for (ns, interface, n) in [(&router.ns, "out", 1), (&beyond, "eth0", 2)] {
        ns.ip(&format!("address add 203.0.113.{n}/24 dev {interface}"));
        ns.ip(&format!("address add 2001:db8::{n}/64 dev {interface} nodad"));
        ns.ip(&format!("link set {interface} up"));
    }
    beyond.ip("route add default via 203.0.113.1");
    beyond.ip("-6 route add default via 2001:db8::1");
    let [way, way6] = Lan::both(1);
    lan.device("tun0", 50, &format!("gateway {way} gateway {way6} onlink 10.0.0.0/24 onlink fd00::/64"));
    let peer = lan.peer(50);
    let _programs = peer.starts("tun0");
    assert!(comes_to_reach(&peer.host, &Lan::both(2)), "on the link");
    let far: [IpAddr; 2] = ["203.0.113.2".parse().unwrap(), "2001:db8::2".parse().unwrap()];
    assert!(comes_to_reach(&peer.host, &far), "beyond it: {:#}", lan.link("tun0"));
    let back = Host { ns: beyond.clone(), interface: "eth0".to_owned(), address: Host::address(0) };
    assert!(comes_to_reach(&back, &Lan::both(50)), "and back");
    for address in far {
        carry(&peer.host.ns, &beyond, address, 2);
    }
    assert!(comes_to_reach(&host, &Lan::both(50)));
}

#[test]
fn two_peers_on_two_devices_talk() {
    let Some(lab) = open("two_peers_on_two_devices_talk") else { return };
    let lan = Lan::new(&lab);
    lan.device("tun0", 50, "");
    lan.device("tun1", 51, "");
    let (one, other) = (lan.peer(50), lan.peer(51));
    let _programs = (one.starts("tun0"), other.starts("tun1"));
    assert!(comes_to_reach(&one.host, &Lan::both(51)), "{:#}\n{:#}", lan.link("tun0"), lan.link("tun1"));
    assert!(comes_to_reach(&other.host, &Lan::both(50)));
    for (from, to, n) in [(&one, &other, 51), (&other, &one, 50)] {
        for address in Lan::both(n) {
            carry(&from.host.ns, &to.host.ns, address, 4);
        }
    }
    let macs = ["tun0", "tun1"].map(|device| lan.link(device)["peer_mac"].clone());
    assert_ne!(macs[0], macs[1], "each is a station of its own");
}

/// The peer opens another device, whose link stands for the same address: everybody on the LAN is told at once.
#[test]
fn a_peer_that_moved_to_another_device_is_reached_within_a_second() {
    let Some(lab) = open("a_peer_that_moved_to_another_device_is_reached_within_a_second") else { return };
    let lan = Lan::new(&lab);
    let host = lan.host(2);
    lan.device("tun0", 50, "");
    let peer = lan.peer(50);
    let (mut near, far) = peer.starts("tun0");
    assert!(comes_to_reach(&host, &Lan::both(50)), "{:#}", lan.link("tun0"));
    let before = lan.link("tun0")["peer_mac"].as_str().expect("a MAC address").to_owned();
    near.signal(rustix::process::Signal::TERM);
    near.ends(SOON);
    drop(far); // It would take what another program sends for a replay.
    lan.daemon().ok("tun0 destroy");
    lan.device("tun1", 50, "");
    assert!(neighbour(&host.ns, Host::address(50)).contains(&before), "it believes that the peer is where it was");

    let ear = Wire::tapping(&host.ns, "eth0");
    let dump = Capture::start(&lab, &host.ns, "eth0", "arp or icmp6");
    let (_far, _near) = (peer.starts_far(), peer.opens("tun1"));
    let reached = reached_within_a_second(&host, Lan::both(50));
    assert_eq!(reached, [true; 2], "not within a second:\n{:#?}{:#}", dump.lines(), lan.link("tun1"));
    let after = lan.link("tun1")["peer_mac"].as_str().expect("a MAC address").to_owned();
    assert_ne!(before, after);
    let (mut arp, mut nd) = (false, false);
    let limit = Limit::after(Duration::from_millis(200));
    while let Some(frame) = ear.receive(limit) {
        let of_peer = frame[6..12] == parse_mac(&after);
        arp |= of_peer && Arp::read(&frame).is_some_and(|arp| arp.is_announcement() && arp.sender == Host::address(50));
        nd |= of_peer
            && Nd::read(&frame).is_some_and(|nd| (nd.kind, nd.flags) == (136, 0x20) && nd.target == Lan::address6(50));
    }
    assert!(arp && nd, "announced by ARP: {arp}, by ND: {nd}:\n{:#?}", dump.lines());
    dump.shows(&["Request who-has 10.0.0.50 tell 10.0.0.50"]);
}

/// The program of a peer ends and starts again on the same device: whoever believes that the peer is elsewhere is told at
/// once, without asking.
#[test]
fn a_peer_that_restarts_is_reached_within_a_second() {
    let Some(lab) = open("a_peer_that_restarts_is_reached_within_a_second") else { return };
    let lan = Lan::new(&lab);
    let host = lan.host(2);
    lan.device("tun0", 50, "");
    let peer = lan.peer(50);
    let (mut near, far) = peer.starts("tun0");
    assert!(comes_to_reach(&host, &Lan::both(50)), "{:#}", lan.link("tun0"));
    // What the first start has to announce, twice in each family and two seconds apart, is over, and the pause after it.
    assert!(within(SOON, || lan.counter("tun0", "announced") == 4), "{:#}", lan.link("tun0"));
    std::thread::sleep(PAUSE);
    near.signal(rustix::process::Signal::TERM);
    near.ends(SOON);
    drop(far); // It would take what another program sends for a replay.
    for address in Lan::both(50) {
        host.ns.ip(&format!("neigh replace {address} lladdr {ELSEWHERE} dev eth0 nud reachable"));
    }
    let dump = Capture::start(&lab, &host.ns, "eth0", "arp or icmp6");
    let _far = peer.starts_far();
    for address in Lan::both(50) {
        let entry = neighbour(&host.ns, address);
        assert!(entry.contains(ELSEWHERE), "{address} is believed to be elsewhere: {entry}");
    }
    let _near = peer.opens("tun0");
    let reached = reached_within_a_second(&host, Lan::both(50));
    assert_eq!(reached, [true; 2], "not within a second:\n{:#?}{:#}", dump.lines(), lan.link("tun0"));
}

/// Where nobody is.
const ELSEWHERE: &str = "02:00:00:00:00:99";
/// From one round of announcements to the next, and a little.
const PAUSE: Duration = Duration::from_millis(2100);

/// Returns for each address whether it answers a ping that is sent within a second from this moment.
fn reached_within_a_second(host: &Host, addresses: [IpAddr; 2]) -> [bool; 2] {
    let reached = |address| {
        let limit = Limit::after(Duration::from_secs(1));
        let mut attempts = std::iter::from_fn(|| (!limit.passed()).then(|| reaches_now(host, address)));
        attempts.any(|answered| answered)
    };
    // Side by side, so that neither spends the other's time.
    std::thread::scope(|scope| {
        let pings = addresses.map(|address| scope.spawn(move || reached(address)));
        pings.map(|ping| ping.join().expect("it only pings"))
    })
}

/// Pings with a patience of a tenth of a second.
fn reaches_now(host: &Host, to: IpAddr) -> bool {
    let mut ping = host.ns.command("ping");
    ping.args(["-n", "-q", "-c", "1", "-W", "0.1", &to.to_string()]);
    tests::run(ping, SOON).status == Some(0)
}

#[test]
fn a_lan_host_with_another_mac_address_is_reached_at_once() {
    let Some(lab) = open("a_lan_host_with_another_mac_address_is_reached_at_once") else { return };
    let lan = Lan::new(&lab);
    let host = lan.host(2);
    // The kernel tells of another address on its own: gratuitous ARP, unsolicited advertisements.
    host.ns.write("/proc/sys/net/ipv4/conf/eth0/arp_notify", "1");
    host.ns.write("/proc/sys/net/ipv6/conf/eth0/ndisc_notify", "1");
    lan.device("tun0", 50, "");
    let peer = lan.peer(50);
    let _programs = peer.starts("tun0");
    assert!(comes_to_reach(&peer.host, &Lan::both(2)), "{:#}", lan.link("tun0"));
    host.ns.ip("link set eth0 address 02:00:00:00:99:02");
    let reached = reached_within_a_second(&peer.host, Lan::both(2));
    assert_eq!(reached, [true; 2], "not within a second: {:#}", lan.link("tun0"));
}

/// The tunnel carries less than the LAN.
#[test]
fn packets_too_large_for_the_tunnel_are_refused_or_cut() {
    let Some(lab) = open("packets_too_large_for_the_tunnel_are_refused_or_cut") else { return };
    let lan = Lan::new(&lab);
    let host = lan.host(2);
    lan.device("tun0", 50, "mtu 1300");
    let peer = lan.peer(50);
    let _programs = peer.starts("tun0");
    assert!(comes_to_reach(&host, &Lan::both(50)), "{:#}", lan.link("tun0"));
    let pings = |words: &[&str], to: IpAddr| {
        let mut ping = host.ns.command("ping");
        ping.args(["-n", "-c", "3", "-i", "0.2", "-W", "1"]).args(words).arg(to.to_string());
        tests::run(ping, SOON).stdout
    };
    let [four, six] = Lan::both(50);
    let dump = Capture::start(&lab, &peer.host.ns, "tun0", "ip[6:2] & 0x3fff != 0");
    let said = pings(&["-M", "do", "-s", "1400"], four);
    assert!(said.contains("mtu = 1300") || said.contains("mtu=1300"), "frag needed: {said}");
    let said = pings(&["-M", "do", "-s", "1400"], six);
    assert!(said.contains("mtu = 1300") || said.contains("mtu=1300"), "packet too big: {said}");
    assert!(dump.find(&["10.0.0.2 >"]).is_none(), "nothing was cut that must not be: {:#?}", dump.lines());
    // The other end takes more than this one, and yet streams find their way, by what they are told themselves.
    for address in [four, six] {
        forget_paths(&host);
        let known = || host.ns.ip(&format!("route get {address}")).contains(" mtu 1300");
        assert!(!known(), "the path to {address} is forgotten");
        let told = lan.counter("tun0", "too-big-told");
        carry(&host.ns, &peer.host.ns, address, 4);
        assert!(lan.counter("tun0", "too-big-told") > told, "{address}: {:#}", lan.link("tun0"));
        assert!(known(), "the path to {address} is found");
    }
    peer.host.ns.ip("link set tun0 mtu 1300");
    // The path's MTU is forgotten, so that the host does not cut by itself.
    forget_paths(&host);
    // A machine under load may lose one: what is carried here is UDP.
    let all_pass = (0..3).any(|_| pings(&["-M", "dont", "-s", "1400"], four).contains(" 3 received"));
    assert!(all_pass, "{:#?}{:#}", lan.daemon().member("tun0").counts, lan.link("tun0"));
    dump.shows(&["10.0.0.2 > 10.0.0.50"]);
    let fits = Pings { count: 3, payload: 1272, interval: Duration::from_millis(20) };
    assert!((0..3).any(|_| host.ping(four, fits) == fits.count), "what just fits");
    for (from, to, n) in [(&host, &peer.host, 50), (&peer.host, &host, 2)] {
        for address in Lan::both(n) {
            carry(&from.ns, &to.ns, address, 4);
        }
    }
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    let sizes = dump.lines().into_iter().filter_map(|line| digits(line.split(", length ").nth(1)?));
    let wide: Option<u32> = sizes.max();
    assert!(wide.is_some_and(|wide| wide <= 1300), "{wide:?}");
}

/// Has a host forget what its paths carry.
fn forget_paths(host: &Host) {
    host.ns.ip("-4 route flush cache");
    host.ns.ip("-6 route flush cache");
}

#[test]
fn segments_are_clamped_to_what_the_tunnel_carries() {
    let Some(lab) = open("segments_are_clamped_to_what_the_tunnel_carries") else { return };
    let lan = Lan::new(&lab);
    let host = lan.host(2);
    lan.device("tun0", 50, "mtu 1300 mss auto");
    let peer = lan.peer(50);
    let _programs = peer.starts("tun0");
    assert!(comes_to_reach(&host, &Lan::both(50)), "{:#}", lan.link("tun0"));
    // Bit 1 of TCP's flags is SYN; ip6 has no names for them.
    let syn = "(ip and tcp[13] & 2 != 0) or (ip6 and ip6[53] & 2 != 0)";
    let there = Capture::start(&lab, &peer.host.ns, "tun0", syn);
    let here = Capture::start(&lab, &host.ns, "eth0", syn);
    for (from, to, n) in [(&host, &peer.host, 50), (&peer.host, &host, 2)] {
        for address in Lan::both(n) {
            carry(&from.ns, &to.ns, address, 1);
        }
    }
    for (watch, from) in [(&there, ["10.0.0.2.", "fd00::2."]), (&here, ["10.0.0.50.", "fd00::32."])] {
        for (from, mss) in from.into_iter().zip(["mss 1260", "mss 1240"]) {
            // The second line is the answer to a SYN from the other side.
            let sent = || -> Vec<String> { watch.lines().into_iter().filter(|line| is_from(line, from)).collect() };
            assert!(within(SOON, || sent().len() >= 2), "{:#?}", watch.lines());
            assert!(sent().iter().all(|line| line.contains(mss)), "{from}: {mss}: {:#?}", sent());
        }
    }
}

/// Returns whether a line of `tcpdump` tells of a packet from an address, followed by its port.
fn is_from(line: &str, address: &str) -> bool {
    let ends: Vec<&str> = line.split(" > ").collect();
    ends.iter().rev().skip(1).any(|end| end.rsplit(' ').next().is_some_and(|source| source.starts_with(address)))
}
