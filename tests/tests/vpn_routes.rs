//! What lies beyond a tunnel and behind its end: a default route, a route's trace, and the path's MTU.

use std::net::IpAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tests::{Attachment, Host, Lab, Ns, Pings, Shape, Site, Topology, Up, Vpn, carry, run, within};

const SOON: Duration = Duration::from_secs(20);

/// The router beyond the server.
const ROUTER: [&str; 2] = ["192.0.2.9", "fd00:192::9"];
/// The host beyond that.
const BEYOND: [&str; 2] = ["203.0.113.9", "fd00:203::9"];

fn open(name: &str) -> Option<Lab> {
    Lab::with_programs(name, &["openvpn", "openssl", "nsenter", "unshare", "gcc", "busybox"])
}

fn forwards(ns: &Ns) {
    for file in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
        ns.write(&format!("/proc/sys/net/{file}"), "1");
    }
}

/// Puts `name`, a namespace with a network of its own, behind the router `ns`: network and networks that it may send to,
/// each for IPv4 and IPv6.
fn behind(lab: &Lab, ns: &Ns, name: &str, network: [&str; 2], to: [&str; 2], mtu_bytes: u32) -> Arc<Ns> {
    let inner = lab.ns(name);
    inner.allow_ipv6();
    forwards(ns);
    ns.ip(&format!("link add {name} mtu {mtu_bytes} type veth peer name eth0 mtu {mtu_bytes} netns {}", inner.name()));
    for (network, [bits, to]) in network.into_iter().zip([["24", to[0]], ["64", to[1]]]) {
        ns.ip(&format!("address add {network}1/{bits} dev {name}"));
        inner.ip(&format!("address add {network}9/{bits} dev eth0"));
        ns.ip(&format!("link set {name} up"));
        inner.ip("link set eth0 up");
        inner.ip(&format!("route add {to} via {network}1"));
    }
    Arc::new(inner)
}

/// Starts a client that sends all that it has through the tunnel to a server. Beyond that are a cable that carries
/// `mtu_bytes`, a router, a cable like any other, and a host that has a way back to the tunnel's addresses alone. Returns the router and the host.
fn all_through_the_tunnel(lab: &Lab, site: &Site, mtu_bytes: u32) -> (Up, [Arc<Ns>; 2]) {
    let vpn = Vpn::new(lab, site, Shape::Client(Topology::Subnet));
    let (server, back) = (&vpn.far()[0], ["10.8.0.0/24", "fd00:8::/64"]);
    let router = behind(lab, server, "router", ["192.0.2.", "fd00:192::"], back, mtu_bytes);
    let beyond = behind(lab, &router, "beyond", ["203.0.113.", "fd00:203::"], back, 1500);
    server.ip("route add 203.0.113.0/24 via 192.0.2.9");
    server.ip(&format!("route add fd00:203::/64 via {}", ROUTER[1]));
    site.ns().ip("route add default via 198.51.100.2 dev under0");
    vpn.far_line("push \"redirect-gateway def1 ipv6\"");
    no_mssfix(&vpn);
    let up = vpn.start();
    for address in BEYOND {
        let through = || site.ns().try_ip(&format!("route get {address}")).stdout.contains(" dev tun0 ");
        assert!(within(SOON, through), "{address}: {:?}\n{}", site.ns().ip("route show table all"), up.program.log());
        assert!(within(SOON, || up.near.host.reaches(ip(address))), "{address} does not answer");
    }
    (up, [router, beyond])
}

/// Keeps OpenVPN from lowering the MSS of streams, which would leave them nothing to find out.
fn no_mssfix(vpn: &Vpn) {
    vpn.near_line("mssfix 0");
    vpn.far_line("mssfix 0");
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Returns the addresses on the way to `to`.
fn trace(ns: &Ns, to: &str) -> Vec<String> {
    let mut trace = ns.beside("busybox");
    let program = if to.contains(':') { "traceroute6" } else { "traceroute" };
    trace.args([program, "-n", "-q", "2", "-w", "2", "-m", "5", to]);
    let hops = run(trace, SOON * 2).ok();
    let address = |line: &str| line.split_whitespace().find(|word| word.parse::<IpAddr>().is_ok()).map(str::to_owned);
    hops.lines().filter(|line| line.starts_with(' ')).filter_map(address).collect()
}

/// With `redirect-gateway def1`, whatever has no better route goes through the tunnel, hop by hop.
fn a_default_route(lab: &Lab, attachment: Attachment) {
    let site = Site::new(lab, attachment);
    let (up, [_router, beyond]) = all_through_the_tunnel(lab, &site, 1500);
    for ((address, router), server) in BEYOND.into_iter().zip(ROUTER).zip(up.far[0].addresses()) {
        assert_eq!(trace(site.ns(), address), [&server.to_string(), router, address]);
        carry(site.ns(), &beyond, ip(address), 4);
    }
    for address in up.near.addresses() {
        carry(&beyond, site.ns(), address, 4);
    }
    drop(up);
    site.destroy("tun0");
    site.ends(lab);
}

/// Fails the test unless packets of `mtu_bytes` pass from `host` to `to`, and those of one more do not and make the
/// kernel know why.
#[track_caller]
fn ends_at(host: &Host, to: &str, mtu_bytes: u32) {
    let to = ip(to);
    let headers = if to.is_ipv4() { 28 } else { 48 };
    let pings = |bytes: u32| Pings { count: 3, payload: bytes - headers, interval: Duration::from_millis(100) };
    assert_eq!(host.ping(to, pings(mtu_bytes + 1)), 0, "{} bytes to {to}", mtu_bytes + 1);
    let known = host.ns.ip(&format!("route get {to}"));
    let local = host.ns.links().get(&host.interface).is_some_and(|link| link.mtu == u64::from(mtu_bytes));
    assert!(local || known.contains(&format!(" mtu {mtu_bytes}")), "{to}: nothing of {mtu_bytes} in {known}");
    // A machine under load may lose one: what is carried here is UDP.
    assert!((0..3).any(|_| host.ping(to, pings(mtu_bytes)) == 3), "{mtu_bytes} bytes to {to}");
}

/// Fails the test unless streams between two hosts find out by themselves, in either direction, that the path carries
/// `mtu_bytes` alone, of which neither host's own interface tells.
#[track_caller]
fn finds_out(hosts: [&Ns; 2], addresses: [IpAddr; 2], mtu_bytes: u32) {
    for (from, to) in [(0, 1), (1, 0)] {
        for ns in hosts {
            ns.ip("-4 route flush cache");
            ns.ip("-6 route flush cache");
        }
        let route = || hosts[from].ip(&format!("route get {}", addresses[to]));
        let known = |route: &str| route.contains(&format!(" mtu {mtu_bytes}"));
        assert!(!known(&route()), "it is forgotten: {}", route());
        carry(hosts[from], hosts[to], addresses[to], 4);
        assert!(known(&route()), "{mtu_bytes} to {}: {}", addresses[to], route());
    }
}

/// A router behind the tunnel, whose next cable is narrower, says so to the host through the tunnel.
fn a_narrower_path_beyond(lab: &Lab, attachment: Attachment) {
    let site = Site::new(lab, attachment);
    let (up, [_router, beyond]) = all_through_the_tunnel(lab, &site, 1300);
    for (address, near) in BEYOND.into_iter().zip(up.near.addresses()) {
        ends_at(&up.near.host, address, 1300);
        finds_out([site.ns(), &beyond], [near, ip(address)], 1300);
    }
    drop(up);
    site.destroy("tun0");
    site.ends(lab);
}

/// A tunnel of 1400 bytes: the host does not send more, and tells those so that it forwards for.
fn a_narrower_tunnel(lab: &Lab, attachment: Attachment) {
    let site = Site::new(lab, attachment);
    let vpn = Vpn::new(lab, &site, Shape::Pair);
    let networks = ["192.168.7.", "fd00:7::"];
    let inside = behind(lab, site.ns(), "inside", networks, ["10.8.0.0/24", "fd00:8::/64"], 1500);
    vpn.near_line("tun-mtu 1400");
    vpn.far_line("tun-mtu 1400");
    no_mssfix(&vpn);
    let up = vpn.start();
    assert_eq!(site.ns().link("tun0").mtu, 1400);
    let far = &up.far[0];
    far.host.ns.ip("route add 192.168.7.0/24 dev tun0");
    far.host.ns.ip("route add fd00:7::/64 dev tun0");
    let networks = ["192.168.9.", "fd00:9::"];
    let outside = behind(lab, &far.host.ns, "outside", networks, ["192.168.7.0/24", "fd00:7::/64"], 1500);
    for (network, next) in [("192.168.9.0/24", "192.168.7.1"), ("fd00:9::/64", "fd00:7::1")] {
        site.ns().ip(&format!("route add {network} dev tun0"));
        inside.ip(&format!("route add {network} via {next}"));
    }
    let host = Host { ns: Arc::clone(&inside), interface: "eth0".to_owned(), address: [192, 168, 7, 9].into() };
    let inner = ["192.168.7.9", "fd00:7::9"];
    for (address, inner) in far.addresses().into_iter().zip(inner) {
        assert!(within(SOON, || host.reaches(address)), "{address} does not answer the inner host");
        ends_at(&host, &address.to_string(), 1400);
        ends_at(&up.near.host, &address.to_string(), 1400);
        carry(&inside, &far.host.ns, address, 4);
        carry(&far.host.ns, &inside, ip(inner), 4);
    }
    for (inner, outer) in inner.into_iter().zip(["192.168.9.9", "fd00:9::9"]) {
        assert!(within(SOON, || host.reaches(ip(outer))), "{outer} does not answer the inner host");
        finds_out([&inside, &outside], [ip(inner), ip(outer)], 1400);
    }
    drop(up);
    site.destroy("tun0");
    site.ends(lab);
}

/// The hops of a trace are read as `busybox` prints them.
#[test]
fn a_trace_of_one_cable_has_one_hop() {
    let Some(lab) = open("a_trace_of_one_cable_has_one_hop") else { return };
    let near = lab.ns("near");
    near.allow_ipv6();
    let _far = behind(&lab, &near, "far", ["192.0.2.", "fd00:1::"], ["10.8.0.0/24", "fd00:8::/64"], 1500);
    for to in ["192.0.2.9", "fd00:1::9"] {
        let answers = || {
            let mut ping = near.beside("ping");
            ping.args(["-n", "-c", "1", "-W", "1", to]);
            run(ping, SOON).status == Some(0)
        };
        assert!(within(SOON, answers), "{to} does not answer");
        assert_eq!(trace(&near, to), [to]);
    }
    let mut none = Command::new("ip");
    none.args(["-n", near.name(), "route", "get", "198.51.100.1"]);
    assert_ne!(run(none, SOON).status, Some(0), "there is no default route");
}

tests::on_attachments! {
    a_default_route: control(Kernel) node(Node) bound(Bound) exec(Exec);
    a_narrower_path_beyond: control(Kernel) node(Node) exec(Exec);
    a_narrower_tunnel: control(Kernel) node(Node) exec(Exec) plug(Plug);
}
