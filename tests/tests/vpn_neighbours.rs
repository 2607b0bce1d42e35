//! A routed VPN where the host speaks to an Ethernet: it asks for the next hop's address by ARP and by neighbour
//! solicitations, and no kernel at the other end will ever hear that.

use std::time::Duration;
use tests::{
    Arp, Attachment, BROADCAST, Capture, Lab, Ns, Pings, Shape, Site, Topology, Vpn, Wire, parse_mac, run, within,
};

const SOON: Duration = Duration::from_secs(10);

fn open(name: &str) -> Option<Lab> {
    Lab::with_programs(name, &["openvpn", "openssl", "nsenter", "unshare", "gcc", "tcpdump"])
}

fn ping_once(ns: &Ns, to: &str) {
    let mut ping = ns.beside("ping");
    ping.args(["-n", "-c", "1", "-w", "10", to]);
    run(ping, SOON * 2).ok();
}

/// Returns the hardware address that the kernel knows for a neighbour on `tun0`.
fn known(ns: &Ns, address: &str) -> String {
    let shown = ns.ip(&format!("neighbour show {address} dev tun0"));
    let mut words = shown.split_whitespace().skip_while(|&word| word != "lladdr");
    words.nth(1).unwrap_or_else(|| panic!("{address}: {shown:?}")).to_owned()
}

fn seconds(line: &str) -> f64 {
    line.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no time: {line}"))
}

/// A client of a VPN in TUN mode asks by ARP who has the server's address. That request is no IP packet, and cannot pass
/// the tunnel, so that the host would wait for ever; here it is answered beside the host, at once, and the ping goes
/// through.
fn the_arp_request_that_never_reached_the_server(lab: &Lab, attachment: Attachment) {
    let site = Site::new(lab, attachment);
    let vpn = Vpn::new(lab, &site, Shape::Client(Topology::Subnet));
    let up = vpn.start();
    let near = Capture::start(lab, site.ns(), "tun0", "");
    let far = Capture::start(lab, &vpn.far()[0], "tun0", "");
    let (ours, server) = (up.near.host.address.to_string(), up.far[0].host.address.to_string());
    site.ns().ip("neighbour flush dev tun0");
    ping_once(site.ns(), &server);

    let mac = up.near.host.mac();
    let peer = known(site.ns(), &server);
    assert_ne!(mac, peer);
    let request = near.shows(&[&mac, "> ff:ff:ff:ff:ff:ff", "ARP (0x0806)", &format!("who-has {server} tell {ours}")]);
    let reply = near.shows(&[&format!("{peer} > {mac}"), "ARP (0x0806), length 42", &format!("{server} is-at {peer}")]);
    let waited = seconds(&reply) - seconds(&request);
    assert!((0.0..1.0).contains(&waited), "answered after {waited} s:\n{request}\n{reply}");
    near.shows(&[&format!("{mac} > {peer}"), "IPv4 (0x0800)", &format!("{ours} > {server}: ICMP echo request")]);
    near.shows(&[&format!("{peer} > {mac}"), "IPv4 (0x0800)", &format!("{server} > {ours}: ICMP echo reply")]);
    near.shows(&["link-type EN10MB (Ethernet)"]);
    // What came out at the server is the ping, and never a request for a hardware address.
    far.shows(&[&format!("{ours} > {server}: ICMP echo request")]);
    assert!(far.find(&["ARP"]).is_none(), "{:#?}", far.lines());

    // Whoever serves the device next, its other end is the same station.
    drop((near, far, up));
    site.daemon().stop();
    site.restart();
    let _up = vpn.start();
    assert_eq!(known(site.ns(), &server), peer, "after the daemon's restart");
    site.destroy("tun0");
}

/// IPv6 asks in its own way, and asks for its own address first, which nobody has: neither the link-local address nor the
/// one that the VPN gives is found to be a duplicate.
fn neighbour_solicitations_are_answered(lab: &Lab, attachment: Attachment) {
    let site = Site::new(lab, attachment);
    site.ns().allow_ipv6();
    site.create("tun0");
    site.ns().write("/proc/sys/net/ipv6/conf/tun0/accept_dad", "1"); // With one neighbour it need not, and does not.
    site.daemon().ok("tun0 up");
    let near = Capture::start(lab, site.ns(), "tun0", "");
    let vpn = Vpn::over(lab, &site, Shape::Client(Topology::Subnet));
    let up = vpn.start();
    let (ours, server) = (up.near.address6.to_string(), up.far[0].address6.to_string());
    let shown = || site.ns().ip("-6 address show dev tun0");
    let settled = || !shown().contains("tentative") && shown().contains("scope link");
    assert!(within(SOON, settled) && !shown().contains("dadfailed"), "{}", shown());
    near.shows(&[" :: > ff02::1:ff", "neighbor solicitation", &format!("who has {ours}")]);
    near.shows(&[" :: > ff02::1:ff", "neighbor solicitation", "who has fe80::"]);

    site.ns().ip("neighbour flush dev tun0");
    ping_once(site.ns(), &server);
    let (mac, peer) = (up.near.host.mac(), known(site.ns(), &server));
    near.shows(&[&format!("{mac} > 33:33:ff"), &format!("who has {server}")]);
    near.shows(&[&format!("{peer} > {mac}"), &format!("tgt is {server}, Flags [solicited"), "hlim 255"]);
    near.shows(&[&format!("{peer} > {mac}"), &format!("destination link-address option (2), length 8 (1): {peer}")]);
    assert!(near.find(&[&format!("tgt is {ours}"), &format!("{peer} >")]).is_none(), "{:#?}", near.lines());
    site.destroy("tun0");
}

/// 100,000 requests within seconds, from the host and for as many addresses: packets still pass, the daemon does not grow,
/// and when it is over it rests.
fn a_storm_of_arp_requests(lab: &Lab, attachment: Attachment) {
    let site = Site::new(lab, attachment);
    let vpn = Vpn::new(lab, &site, Shape::Pair);
    let up = vpn.start();
    let far = up.far[0].host.address;
    let wire = Wire::tapping(site.ns(), "tun0");
    let ours = parse_mac(&up.near.host.mac());
    let before = site.daemon().process().resident_kib();
    let answered = std::thread::scope(|scope| {
        let storm = scope.spawn(|| {
            for n in 0..100_000_u32 {
                let [_, a, b, c] = n.to_be_bytes();
                let request = Arp::asks(ours, [10, 8, 0, 1].into(), [10, 9 + a, b, c].into());
                wire.send(&request.frame(BROADCAST));
                if n % 64 == 0 {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        });
        let pings = Pings { count: 20, payload: 56, interval: Duration::from_millis(50) };
        let answered = up.near.host.ping(far, pings);
        storm.join().expect("it is sent");
        answered
    });
    let grown = site.daemon().process().resident_kib().saturating_sub(before);
    let counters = site.daemon().report("tun0").tun.expect("a link").counters;
    let count = |name: &str| counters.get(name).copied().unwrap_or(0);
    let (answers, limited) = (count("answered-arp"), count("limited"));
    println!("{answered} of 20 pings answered, {grown} KiB more, {answers} requests answered, {limited} not");
    assert!(answers > 0 && limited > 0 && answers + limited >= 100_000, "{counters:?}");
    assert!(answered >= 10, "{answered} of 20 pings answered");
    assert!(grown < 4096, "{grown} KiB more");
    wire.drain();
    let calm = Pings { count: 20, payload: 56, interval: Duration::from_millis(10) };
    assert!((0..3).any(|_| up.near.host.ping(far, calm) == 20), "after the storm");
    let ticks = site.daemon().process().ticks();
    std::thread::sleep(Duration::from_secs(2));
    let ticks = site.daemon().process().ticks() - ticks;
    assert!(ticks <= 4, "the storm is over, and the daemon was busy for {ticks} ticks");
}

tests::on_attachments! {
    the_arp_request_that_never_reached_the_server: node(Node) exec(Exec) plug(Plug);
    neighbour_solicitations_are_answered: node(Node) exec(Exec);
    a_storm_of_arp_requests: node(Node) exec(Exec);
}
