//! Several peers behind one device that is a member of a bridge: those of wireguard-go, unmodified.

use std::sync::Arc;
use tests::{Host, Lab, Lan, Remote, WireGuard};

#[test]
fn two_peers_behind_one_device_and_a_lan_host_all_reach_each_other() {
    let name = "two_peers_behind_one_device_and_a_lan_host_all_reach_each_other";
    let Some(lab) = Lab::with_programs(name, &["wireguard-go", "wg", "openvpn", "nsenter"]) else { return };
    let lan = Lan::new(&lab);
    let host = lan.host(2);
    let numbers = [50, 51];
    WireGuard::make_keys(&lab, &[1, 50, 51]);
    let allowed = |n: u8| format!("{}/32,{}/128", Host::address(n), Lan::address6(n));
    // Names that no other test has: those of one device are below.
    let unit = 30_000 + std::process::id() % 2_700;
    let device = format!("tun{unit}");
    let addresses: String = numbers.into_iter().flat_map(Lan::both).map(|address| format!("peer {address} ")).collect();
    lan.member(&device, &addresses);
    let ends = numbers.map(|n| Arc::new(lan.far(n)));
    let site = lan.site();
    let near = WireGuard::start(&lab, site.ns(), site.command("wireguard-go"), &device, &device);
    let remotes = numbers.map(|n| Remote { key: n, allowed: allowed(n), endpoint: format!("172.30.{n}.2") });
    near.knows(&lab, site.ns(), 1, &remotes);
    let far: Vec<(WireGuard, Host)> = numbers
        .iter()
        .zip(&ends)
        .map(|(&n, ns)| {
            let interface = format!("wgl{unit}x{n}");
            let program = WireGuard::start(&lab, ns, ns.beside("wireguard-go"), &interface, &interface);
            let all = Remote { key: 1, allowed: "0.0.0.0/0,::/0".into(), endpoint: format!("172.30.{n}.1") };
            program.knows(&lab, ns, n, &[all]);
            ns.ip(&format!("address add {}/24 dev {interface}", Host::address(n)));
            ns.ip(&format!("address add {}/64 dev {interface} nodad", Lan::address6(n)));
            ns.ip(&format!("link set {interface} up mtu 1420"));
            (program, Host { ns: Arc::clone(ns), interface, address: Host::address(n) })
        })
        .collect();
    lan.all_reach_each_other(&device, &[(2, &host), (50, &far[0].1), (51, &far[1].1)]);
}
