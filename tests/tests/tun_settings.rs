//! What an operator may say of a tunN: its two ends, whom it answers for, the size of TCP's segments.

use std::net::Ipv4Addr;
use std::time::Duration;
use tests::nodes::{Face, Rig};
use tests::{
    Arp, Attachment, BROADCAST, Capture, Lab, Limit, Shape, Site, Topology, Vpn, Wire, carry, parse_mac, within,
};

const SOON: Duration = Duration::from_secs(10);

fn open(name: &str) -> Option<Lab> {
    Lab::with_programs(name, &["openvpn", "openssl", "nsenter", "tcpdump"])
}

/// Returns whether a request for `target` is answered.
fn answers(wire: &Wire, host: [u8; 6], target: Ipv4Addr) -> bool {
    wire.drain();
    wire.send(&Arp::asks(host, [10, 8, 0, 6].into(), target).frame(BROADCAST));
    let limit = Limit::after(Duration::from_millis(500));
    let replies = std::iter::from_fn(|| wire.receive(limit)).filter_map(|frame| Arp::read(&frame));
    replies.into_iter().any(|arp| arp.operation == 2 && arp.sender == target)
}

/// Each row's words follow those of the rows before; whoever is not named in a row is not answered for.
#[test]
fn a_tun_answers_for_whom_its_topology_says() {
    let Some(rig) = Rig::exec("a_tun_answers_for_whom_its_topology_says") else { return };
    assert_eq!(rig.face, Face::Exec);
    rig.create("tun0");
    let app = rig.app();
    rig.open_device(&app, "tun0");
    let (wire, host) = (rig.wire("tun0"), parse_mac(&rig.ns().link("tun0").mac));
    let everybody: [Ipv4Addr; 5] = [
        [10, 8, 0, 5].into(),
        [10, 8, 0, 7].into(),
        [10, 8, 0, 77].into(),
        [10, 9, 0, 1].into(),
        [192, 0, 2, 7].into(),
    ];
    let [five, seven, far, _, outside] = everybody;
    #[rustfmt::skip]
    let rows: [(&str, &[Ipv4Addr]); 7] = [
        ("inet 10.8.0.6 10.8.0.5",  &everybody),
        ("topology p2p",            &[five]),
        ("peer 192.0.2.7",          &[five, outside]),
        ("-peer 192.0.2.7",         &[five]),
        ("topology net30",          &[five]),
        ("inet 10.8.0.6/24 topology subnet", &[five, seven, far]),
        ("-topology",               &everybody),
    ];
    for (words, want) in rows {
        rig.daemon().ok(&format!("tun0 {words}"));
        let all = || everybody.into_iter().filter(|&target| answers(&wire, host, target)).collect::<Vec<_>>();
        let mut heard = Vec::new();
        within(SOON, || {
            heard = all();
            heard == want
        });
        assert_eq!(heard, want, "{words}");
    }
}

/// The addresses of the two ends by the operator's word, and none by the program's.
#[test]
fn two_ends_by_ifconfig() {
    let Some(lab) = open("two_ends_by_ifconfig") else { return };
    let site = Site::new(&lab, Attachment::Exec);
    let vpn = Vpn::new(&lab, &site, Shape::Pair);
    vpn.near_line("ifconfig-noexec");
    site.daemon().ok("tun0 10.8.0.1 10.8.0.2");
    site.daemon().ok("tun0 inet6 fd00:8::1 prefixlen 64");
    let up = vpn.start();
    assert!(site.ns().ip("address show dev tun0").contains("inet 10.8.0.1 peer 10.8.0.2/32"));
    assert!(site.daemon().ok("tun0").contains("10.8.0.2"));
    up.near.sends(&up.far[0], 4);
    up.far[0].sends(&up.near, 4);
}

/// A maximum segment size that the operator lowers is that of connections either way, and `auto` is what the MTU leaves.
#[test]
fn tcp_is_told_of_smaller_segments() {
    let Some(lab) = open("tcp_is_told_of_smaller_segments") else { return };
    let site = Site::new(&lab, Attachment::Exec);
    let vpn = Vpn::new(&lab, &site, Shape::Client(Topology::Subnet));
    // OpenVPN would lower it by itself.
    vpn.near_line("mssfix 0");
    vpn.far_line("mssfix 0");
    let up = vpn.start();
    let far = &up.far[0];
    for (word, sizes) in
        [("mss 1200", [1200, 1200]), ("mtu 1400 mss auto", [1360, 1340]), ("mtu 1500 -mss", [1460, 1440])]
    {
        site.daemon().ok(&format!("tun0 {word}"));
        for (from, to) in [(&up.near, far), (far, &up.near)] {
            // Where it has passed the link: behind the tunnel, and before the host.
            let capture = Capture::start(&lab, &to.host.ns, "tun0", "tcp or ip6");
            for ((source, address), size) in from.addresses().into_iter().zip(to.addresses()).zip(sizes) {
                carry(&from.host.ns, &to.host.ns, address, 1);
                let who = [format!(" {source}."), format!("> {address}."), format!("mss {size},")];
                capture.shows(&[&who[0], &who[1], "Flags [S]", &who[2]]);
            }
        }
    }
}
