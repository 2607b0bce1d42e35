//! QEMU on our devices: a Linux guest gets an address by DHCP and pings over the bridge.

use rustix::process::Signal;
use std::time::Duration;
use tests::{Attachment, Guest, Host, Image, Lab, Pings, Running, Site, echo};

const SOON: Duration = Duration::from_secs(15);

fn open(name: &str) -> Option<(Lab, Image)> {
    let lab = Lab::with_programs(name, &["qemu-system-x86_64", "busybox", "nsenter"])?;
    Some((lab, Image::find(name)?))
}

/// A site whose `bridge0` has the address 10.0.0.1 and a DHCP server, which gives guest number N the address 10.0.0.(100+N).
fn site(lab: &Lab, attachment: Attachment, guests: u8) -> (Site, Running) {
    let site = Site::new(lab, attachment);
    site.switch().create();
    site.switch().address("10.0.0.1/24");
    for n in 1..=guests {
        let name = format!("tap{n}");
        site.create(&name);
        site.switch().add(&name);
    }
    let path = |name: &str| lab.directory().join(name).display().to_string();
    let leases = (1..=guests).map(|n| format!("static_lease {} {}\n", Guest::mac(n), address(n)));
    let text = format!(
        "interface bridge0\nstart 10.0.0.200\nend 10.0.0.210\nlease_file {}\npidfile {}\noption subnet 255.255.255.0\n{}",
        path("leases"),
        path("udhcpd.pid"),
        leases.collect::<String>()
    );
    std::fs::write(path("udhcpd.conf"), text).expect("the directory is ours");
    std::fs::write(path("leases"), "").expect("the directory is ours");
    let mut server = site.ns().beside("busybox");
    server.args(["udhcpd", "-f", &path("udhcpd.conf")]);
    let server = Running::start(server, path("udhcpd.log").into());
    (site, server)
}

fn address(n: u8) -> std::net::Ipv4Addr {
    Host::address(100 + n)
}

/// Starts guest number `n` on `tap`N in the way of the attachment. It pings `targets` when it has an address.
fn start(lab: &Lab, image: &Image, site: &Site, n: u8, targets: &str) -> Guest {
    let name = format!("tap{n}");
    let command = match site.attachment() {
        Attachment::Kernel | Attachment::Bound | Attachment::Exec | Attachment::Plug => {
            let mut command = site.holder("qemu-system-x86_64", &name);
            let netdev = format!("tap,ifname={name},script=no,downscript=no");
            command.args(Guest::options(image, n, &netdev, targets));
            command
        }
        Attachment::Node => {
            let mut command = site.command("sh");
            command.args(["-c", "exec \"$@\" 7<>\"$0\""]).arg(site.node(&name));
            command.arg("qemu-system-x86_64").args(Guest::options(image, n, "tap,fd=7", targets));
            command
        }
    };
    Guest::start(lab, n, command)
}

/// Guests get addresses, and reach the host and each other, which reaches them; streams pass, and all ends well.
fn guests_are_on_the_bridge(lab: &Lab, image: &Image, attachment: Attachment, count: u8) {
    let (site, server) = site(lab, attachment, count);
    let everyone: Vec<_> = (1..=count).map(address).collect();
    let targets = |n: u8| {
        let others = everyone.iter().filter(move |&&to| to != address(n)).map(ToString::to_string);
        std::iter::once("10.0.0.1".to_owned()).chain(others).collect::<Vec<_>>()
    };
    let mut guests: Vec<_> = (1..=count).map(|n| start(lab, image, &site, n, &targets(n).join(","))).collect();
    for (guest, n) in guests.iter_mut().zip(1..) {
        let console = guest.ready();
        assert!(console.contains(&format!("guest: leased {} from 10.0.0.1", address(n))), "{console}");
        for target in targets(n) {
            assert!(console.contains(&format!("guest: 5 of 5 pings to {target}")), "{target}: {console}");
        }
    }
    let host = Host { ns: site.ns().clone(), interface: "bridge0".to_owned(), address: Host::address(1) };
    let pings = Pings { count: 10, payload: 1472, interval: Duration::from_millis(20) };
    for to in &everyone {
        assert_eq!(host.ping(*to, pings), 10, "{to}");
        echo(&host, *to, 4);
    }
    assert_eq!(host.bad_checksums(), 0);

    guests[0].qemu.signal(Signal::TERM);
    guests[0].qemu.ends(SOON);
    for guest in guests.iter_mut().skip(1) {
        guest.qemu.signal(Signal::KILL);
        guest.qemu.ends(SOON);
    }
    (1..=count).for_each(|n| site.destroy(&format!("tap{n}")));
    drop(server);
    site.ends(lab);
}

#[test]
fn control_two_guests_on_kernel_taps() {
    let Some((lab, image)) = open("control_two_guests_on_kernel_taps") else { return };
    guests_are_on_the_bridge(&lab, &image, Attachment::Kernel, 2);
}

/// The descriptor of a node, opened by a shell, is inherited: `-netdev tap,fd=7`.
#[test]
fn two_guests_on_nodes_by_descriptor() {
    let Some((lab, image)) = open("two_guests_on_nodes_by_descriptor") else { return };
    guests_are_on_the_bridge(&lab, &image, Attachment::Node, 2);
}

/// QEMU opens `/dev/net/tun` itself and asks for offloads: `-netdev tap,ifname=tap1`.
#[test]
fn two_guests_under_exec() {
    let Some((lab, image)) = open("two_guests_under_exec") else { return };
    guests_are_on_the_bridge(&lab, &image, Attachment::Exec, 2);
}
