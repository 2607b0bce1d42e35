//! WireGuard programs on our devices, unmodified: wireguard-go, which is statically linked and whose runtime waits by
//! edge-triggered epoll, and boringtun, which opens the device once for each of its threads.

use rustix::process::Signal;
use std::net::Ipv6Addr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tests::{Attachment, Host, Lab, Ns, Point, Remote, Site, WireGuard, peer, trestle, within};

const SOON: Duration = Duration::from_secs(15);
/// What is left of 1500 bytes.
const MTU_BYTES: u32 = 1420;
const GO: &str = "wireguard-go";
const BORING: &str = "boringtun-cli";

/// One end: a program that holds the interface `tun`N, and what it is known by.
struct End {
    running: WireGuard,
    point: Point,
}

/// Starts a program by `command` for the interface `name`; `known` is what it calls itself for `wg`.
fn start(lab: &Lab, command: Command, ns: &Arc<Ns>, [name, known]: [&str; 2], n: u8) -> End {
    let running = WireGuard::start(lab, ns, command, name, known);
    let other = 3 - n;
    let allowed = format!("{}/32,{}/128", Host::address(other), six(other));
    running.knows(lab, ns, n, &[Remote { key: other, allowed, endpoint: format!("192.0.2.{other}") }]);
    ns.ip(&format!("address replace {} peer {} dev {name}", Host::address(n), Host::address(other)));
    ns.ip(&format!("address replace {}/64 dev {name}", six(n)));
    ns.ip(&format!("link set {name} up mtu {MTU_BYTES}"));
    let host = Host { ns: Arc::clone(ns), interface: name.to_owned(), address: Host::address(n) };
    End { running, point: Point { host, address6: six(n) } }
}

fn six(n: u8) -> Ipv6Addr {
    Ipv6Addr::new(0xfd00, 9, 0, 0, 0, 0, 0, n.into())
}

/// Makes the device, which boringtun shares among its threads, unless it is given a descriptor.
fn create(site: &Site, name: &str, program: &str) {
    match (site.attachment(), program) {
        (Attachment::Kernel, BORING) => drop(site.ns().ip(&format!("tuntap add dev {name} mode tun multi_queue"))),
        (Attachment::Node | Attachment::Bound | Attachment::Exec, BORING) => {
            drop(site.daemon().ok(&format!("{name} create multiqueue")))
        }
        (_, _) => site.create(name),
    }
}

/// Returns the command for the end at the site.
fn near(site: &Site, name: &str, program: &str, descriptor: u32) -> Command {
    let path = peer(program).expect("it was found before").display().to_string();
    if site.attachment() != Attachment::Plug {
        return site.holder(&path, name);
    }
    // A pair of sockets of its own: one end for it, the other for the plug.
    let script = "import os, socket, subprocess, sys\n\
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n\
        plug = [sys.argv[1], 'plug', 'unix', '--tun', sys.argv[2], '--fd', str(theirs.fileno())]\n\
        subprocess.Popen(plug, pass_fds=[theirs.fileno()])\n\
        os.dup2(ours.fileno(), int(sys.argv[3]))\n\
        os.execv(sys.argv[4], sys.argv[4:] + ['--tun-fd', sys.argv[3]])\n";
    let mut command = site.command("/usr/bin/python3");
    command.args(["-c", script]).arg(trestle()).args([name, &descriptor.to_string(), &path]);
    command
}

/// A tunnel between a program at a site and its like on a kernel TUN carries pings and streams, and ends well.
fn carries(name: &str, program: &str, attachment: Attachment, mebibytes: usize) {
    let Some(lab) = Lab::with_programs(name, &[program, "wg", "nsenter", "unshare", "python3"]) else { return };
    WireGuard::make_keys(&lab, &[1, 2]);
    let site = Site::new(&lab, attachment);
    let far = Arc::new(lab.ns("far"));
    site.ns().ip(&format!("link add under type veth peer name under netns {}", far.name()));
    for (ns, n) in [(site.ns(), 1), (&far, 2)] {
        ns.allow_ipv6();
        ns.ip(&format!("address add 192.0.2.{n}/24 dev under"));
        ns.ip("link set under up");
    }
    // Some 30,000 names, of which a few tests at a time take two.
    let unit = std::process::id() % 3_000 * 10 + attachment as u32 + if program == GO { 5 } else { 0 };
    let (near_name, far_name) = (format!("tun{unit}"), format!("wgfar{unit}"));
    create(&site, &near_name, program);
    let boring: &[&str] = if program == BORING { &["--disable-drop-privileges"] } else { &[] };
    // One that is given a descriptor calls itself by its number.
    let descriptor = 100 + std::process::id() % 900;
    let known = if attachment == Attachment::Plug { descriptor.to_string() } else { near_name.clone() };
    let mut command = near(&site, &near_name, program, descriptor);
    command.args(boring);
    let mut near = start(&lab, command, site.ns(), [&near_name, &known], 1);
    let mut command = far.beside(&peer(program).expect("it was found before").to_string_lossy());
    command.args(boring);
    let far = start(&lab, command, &far, [&far_name; 2], 2);

    site.is_ethernet_only(&near_name);
    for (from, to) in [(&near.point, &far.point), (&far.point, &near.point)] {
        for address in to.addresses() {
            let joined = within(SOON, || from.host.reaches(address));
            assert!(joined, "{address}: no answer:\n{}\n{}", near.running.program.log(), far.running.program.log());
        }
        from.pings_full(to, MTU_BYTES);
        from.sends(to, mebibytes);
    }
    std::thread::sleep(Duration::from_millis(500));
    let ticks = near.running.program.ticks_over_two_seconds();
    assert!(ticks <= 4, "idle, and yet busy for {ticks} ticks");

    near.running.program.signal(Signal::TERM);
    near.running.program.ends(SOON);
    site.destroy(&near_name);
    site.ends(&lab);
}

/// Makes a module for every program, with one test for each way.
macro_rules! rows {
    ($($name:ident: $program:expr; $($way:ident($attachment:ident, $mebibytes:expr))+;)+) => {
        $(mod $name {
            use super::*;
            $(#[test]
            fn $way() {
                carries(concat!(stringify!($name), "::", stringify!($way)), $program, Attachment::$attachment, $mebibytes);
            })+
        })+
    };
}

rows! {
    wireguard_go: GO; control(Kernel, 16) bound(Bound, 16) exec(Exec, 96);
    boringtun: BORING; control(Kernel, 16) bound(Bound, 16) exec(Exec, 96) plug(Plug, 16);
}
