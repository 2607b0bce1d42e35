//! OpenVPN on our devices, unmodified, with OpenVPN on a kernel device at the other end.

use rustix::process::Signal;
use std::time::Duration;
use tests::{Attachment, Host, Lab, Pings, Role, Site, Tunnel, transfer};

const SOON: Duration = Duration::from_secs(15);

fn open(name: &str) -> Option<Lab> {
    Lab::with_programs(name, &["openvpn", "openssl", "nsenter"])
}

/// The whole life of a tunnel: it carries pings and streams, rests, ends, and leaves the device as it was.
fn carries(lab: &Lab, attachment: Attachment, device: &'static str, role: Role, mebibytes: usize) {
    let site = Site::new(lab, attachment);
    site.create(device);
    let tunnel = Tunnel::new(lab, &site, device, role);
    let (mut near, far) = tunnel.start();
    let ends = tunnel.ends();
    let full = Pings { count: 20, payload: 1472, interval: Duration::from_millis(10) };
    // A machine under load may lose one: what is carried here is UDP.
    let all_pass = |from: &Host, to: &Host| (0..3).any(|_| from.ping(to.address, full) == 20);
    assert!(all_pass(&ends.near, &ends.far), "full packets out");
    assert!(all_pass(&ends.far, &ends.near), "full packets in");
    let out = transfer(&ends.near, &ends.far, mebibytes);
    let back = transfer(&ends.far, &ends.near, mebibytes);
    println!("{attachment:?} {device} {role:?}: {mebibytes} MiB, {out:.0} Mbit/s out, {back:.0} in");

    std::thread::sleep(Duration::from_millis(500));
    let ticks = near.ticks_over_two_seconds();
    assert!(ticks <= 1, "idle, and yet busy for {ticks} ticks");

    near.signal(Signal::TERM);
    assert!(near.ends(SOON).success(), "{}", near.log());
    assert!(site.exists(device));
    drop((near, far));
    let (mut near, _far) = tunnel.start();
    near.signal(Signal::KILL);
    near.ends(SOON);
    site.destroy(device);
    site.ends(lab);
}

#[test]
fn control_peer_on_a_kernel_tap() {
    let Some(lab) = open("control_peer_on_a_kernel_tap") else { return };
    carries(&lab, Attachment::Kernel, "tap0", Role::Peer, 16);
}

#[test]
fn control_client_on_a_kernel_tap() {
    let Some(lab) = open("control_client_on_a_kernel_tap") else { return };
    carries(&lab, Attachment::Kernel, "tap0", Role::Client, 16);
}

#[test]
fn control_server_on_a_kernel_tap() {
    let Some(lab) = open("control_server_on_a_kernel_tap") else { return };
    carries(&lab, Attachment::Kernel, "tap0", Role::Server, 16);
}

#[test]
fn control_bridged_server_on_a_kernel_tap() {
    let Some(lab) = open("control_bridged_server_on_a_kernel_tap") else { return };
    carries(&lab, Attachment::Kernel, "tap0", Role::BridgedServer, 16);
}

#[test]
fn control_peer_on_a_kernel_tun() {
    let Some(lab) = open("control_peer_on_a_kernel_tun") else { return };
    carries(&lab, Attachment::Kernel, "tun0", Role::Peer, 16);
}

#[test]
fn peer_on_our_tap_node() {
    let Some(lab) = open("peer_on_our_tap_node") else { return };
    carries(&lab, Attachment::Node, "tap0", Role::Peer, 16);
}

#[test]
fn client_on_our_tap_node() {
    let Some(lab) = open("client_on_our_tap_node") else { return };
    carries(&lab, Attachment::Node, "tap0", Role::Client, 96);
}

#[test]
fn server_on_our_tap_node() {
    let Some(lab) = open("server_on_our_tap_node") else { return };
    carries(&lab, Attachment::Node, "tap0", Role::Server, 96);
}

#[test]
fn bridged_server_on_our_tap_node() {
    let Some(lab) = open("bridged_server_on_our_tap_node") else { return };
    carries(&lab, Attachment::Node, "tap0", Role::BridgedServer, 16);
}

#[test]
fn peer_on_our_tun_node() {
    let Some(lab) = open("peer_on_our_tun_node") else { return };
    carries(&lab, Attachment::Node, "tun0", Role::Peer, 16);
}

#[test]
fn peer_on_a_tap_under_exec() {
    let Some(lab) = open("peer_on_a_tap_under_exec") else { return };
    carries(&lab, Attachment::Exec, "tap0", Role::Peer, 16);
}

#[test]
fn client_on_a_tap_under_exec() {
    let Some(lab) = open("client_on_a_tap_under_exec") else { return };
    carries(&lab, Attachment::Exec, "tap0", Role::Client, 96);
}

#[test]
fn server_on_a_tap_under_exec() {
    let Some(lab) = open("server_on_a_tap_under_exec") else { return };
    carries(&lab, Attachment::Exec, "tap0", Role::Server, 96);
}

#[test]
fn bridged_server_on_a_tap_under_exec() {
    let Some(lab) = open("bridged_server_on_a_tap_under_exec") else { return };
    carries(&lab, Attachment::Exec, "tap0", Role::BridgedServer, 16);
}

#[test]
fn peer_on_a_tun_under_exec() {
    let Some(lab) = open("peer_on_a_tun_under_exec") else { return };
    carries(&lab, Attachment::Exec, "tun0", Role::Peer, 16);
}
