//! OpenVPN over `tun0` in every topology and by every way to a device, with OpenVPN on kernel TUN devices at the other
//! ends, for IPv4 and IPv6 at once.
//!
//! The ways are rows: the node by `dev-node`, the node bound over `/dev/net/tun`, `trestle exec`, and `trestle plug unix`.
//! The last is what OpenVPN 2.7 starts by `dev-node unix:PROG`. Where there is none (Debian 12 has 2.6), 2.6 is made to
//! hand a socket on in the same way, which needs a C compiler.

use rustix::process::Signal;
use std::time::Duration;
use tests::{Attachment, Lab, Shape, Site, Topology, Vpn};

const SOON: Duration = Duration::from_secs(15);

fn open(name: &str) -> Option<Lab> {
    Lab::with_programs(name, &["openvpn", "openssl", "nsenter", "unshare", "gcc"])
}

/// The network carries full packets and streams of both families, between clients too where there are some, ends
/// well, and leaves nothing.
fn carries(lab: &Lab, attachment: Attachment, shape: Shape, mebibytes: usize) {
    let site = Site::new(lab, attachment);
    let vpn = Vpn::new(lab, &site, shape);
    let mut up = vpn.start();
    for far in &up.far {
        up.near.pings_full(far, 1500);
        far.pings_full(&up.near, 1500);
        up.near.sends(far, mebibytes);
        far.sends(&up.near, mebibytes);
    }
    if let [one, other] = &up.far[..] {
        // From one client to the other by the site, whose kernel takes the packets out of `tun0` and sends them there.
        for file in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
            site.ns().write(&format!("/proc/sys/net/{file}"), "1");
        }
        one.pings_full(other, 1500);
        other.sends(one, 2);
    }
    up.program.signal(Signal::TERM);
    assert!(up.program.ends(SOON).success(), "{}", up.program.log());
    drop(up);
    site.destroy("tun0");
    site.ends(lab);
}

/// Makes for every row `name: shape, MEBIBYTES; way way;` a module with one test for each way.
macro_rules! rows {
    ($($name:ident: $shape:expr; $($way:ident($attachment:ident, $mebibytes:expr))+;)+) => {
        $(mod $name {
            use super::*;
            $(#[test]
            fn $way() {
                let Some(lab) = open(concat!(stringify!($name), "::", stringify!($way))) else { return };
                carries(&lab, Attachment::$attachment, $shape, $mebibytes);
            })+
        })+
    };
}

rows! {
    pair: Shape::Pair;
        control(Kernel, 8) node(Node, 96) bound(Bound, 8) exec(Exec, 96) plug(Plug, 8);
    client_in_a_subnet: Shape::Client(Topology::Subnet);
        control(Kernel, 8) node(Node, 8) bound(Bound, 8) exec(Exec, 8) plug(Plug, 8);
    client_in_a_net30: Shape::Client(Topology::Net30);
        control(Kernel, 8) node(Node, 8) bound(Bound, 8) exec(Exec, 8) plug(Plug, 8);
    server_of_a_subnet: Shape::Server(Topology::Subnet);
        control(Kernel, 8) node(Node, 8) bound(Bound, 8) exec(Exec, 8) plug(Plug, 8);
    server_of_net30s: Shape::Server(Topology::Net30);
        control(Kernel, 8) node(Node, 8) bound(Bound, 8) exec(Exec, 8) plug(Plug, 8);
}
