//! wireguard-go on our devices, unmodified: a Go program, statically linked, whose runtime waits by edge-triggered epoll
//! and which wants the packet information header that others decline.

use rustix::process::Signal;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tests::{Attachment, Host, Lab, Ns, Pings, Running, Site, run, transfer, within};

const SOON: Duration = Duration::from_secs(15);

/// One end: a program that holds the interface `tun`N, and what it is known by.
struct End {
    program: Running,
    host: Host,
    socket: PathBuf,
}

impl Drop for End {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.socket); // A program that is killed leaves it.
    }
}

/// Starts wireguard-go by `command` for the interface `name`, unique on the machine: its socket for `wg` is in
/// `/run/wireguard`.
fn start(lab: &Lab, command: Command, ns: &Arc<Ns>, name: &str, n: u8) -> End {
    let socket = PathBuf::from(format!("/run/wireguard/{name}.sock"));
    let mut program = Running::start(command, lab.directory().join(format!("{name}.log")));
    let serves = within(SOON, || program.ended().is_some() || socket.exists());
    assert!(serves && program.ended().is_none(), "{}", program.log());
    let other = 3 - n;
    let key = |n: u8| lab.directory().join(format!("{n}.key")).display().to_string();
    let public = std::fs::read_to_string(key(other) + ".public").expect("made before");
    let mut set = ns.beside("wg");
    set.args(["set", name, "listen-port", "51820", "private-key", &key(n), "peer", public.trim()]);
    set.args(["allowed-ips", &format!("{}/32", Host::address(other)), "endpoint", &format!("192.0.2.{other}:51820")]);
    run(set, SOON).ok();
    ns.ip(&format!("address replace {} peer {} dev {name}", Host::address(n), Host::address(other)));
    ns.ip(&format!("link set {name} up"));
    End { program, host: Host { ns: Arc::clone(ns), interface: name.to_owned(), address: Host::address(n) }, socket }
}

/// A tunnel between wireguard-go at a site and wireguard-go on a kernel TUN carries pings and streams, and ends well.
fn carries(name: &str, attachment: Attachment, mebibytes: usize) {
    // One at a time: the mount namespace of one would keep the mounts of another.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(lab) = Lab::with_programs(name, &["wireguard-go", "wg", "nsenter"]) else { return };
    for n in ["1", "2"] {
        let mut make = Command::new("sh");
        make.current_dir(lab.directory()).args([
            "-c",
            "umask 077; wg genkey >$0.key; wg pubkey <$0.key >$0.key.public",
            n,
        ]);
        run(make, SOON).ok();
    }
    let site = Site::new(&lab, attachment);
    let far = Arc::new(lab.ns("far"));
    site.ns().ip(&format!("link add under type veth peer name under netns {}", far.name()));
    for (ns, n) in [(site.ns(), 1), (&far, 2)] {
        ns.ip(&format!("address add 192.0.2.{n}/24 dev under"));
        ns.ip("link set under up");
    }
    // Some 30,000 names, of which a few tests at a time take two.
    let unit = std::process::id() % 10_000 * 3 + attachment as u32;
    let (near_name, far_name) = (format!("tun{unit}"), format!("wgfar{unit}"));
    site.create(&near_name);
    let mut command = match attachment {
        Attachment::Kernel | Attachment::Exec => site.command("wireguard-go"),
        Attachment::Node => {
            // It opens /dev/net/tun whatever one says; there it finds the node, and nobody else does.
            let mut command = site.command("unshare");
            let script = "mount --bind \"$0\" /dev/net/tun && exec \"$@\"";
            command.args(["--mount", "sh", "-c", script]).arg(site.node(&near_name)).arg("wireguard-go");
            command
        }
    };
    command.args(["-f", &near_name]);
    let mut near = start(&lab, command, site.ns(), &near_name, 1);
    let mut command = far.beside("wireguard-go");
    command.args(["-f", &far_name]);
    let far = start(&lab, command, &far, &far_name, 2);

    let joined = within(SOON, || near.host.reaches(far.host.address)) && far.host.reaches(near.host.address);
    assert!(joined, "no answer:\n{}\n{}", near.program.log(), far.program.log());
    let full = Pings { count: 20, payload: 1392, interval: Duration::from_millis(10) };
    // A machine under load may lose one: what is carried here is UDP.
    let all_pass = |from: &Host, to: &Host| (0..3).any(|_| from.ping(to.address, full) == 20);
    assert!(all_pass(&near.host, &far.host), "full packets out");
    assert!(all_pass(&far.host, &near.host), "full packets in");
    let out = transfer(&near.host, &far.host, mebibytes);
    let back = transfer(&far.host, &near.host, mebibytes);
    println!("{attachment:?} {near_name}: {mebibytes} MiB, {out:.0} Mbit/s out, {back:.0} in");
    std::thread::sleep(Duration::from_millis(500));
    let ticks = near.program.ticks_over_two_seconds();
    assert!(ticks <= 2, "idle, and yet busy for {ticks} ticks");

    near.program.signal(Signal::TERM);
    near.program.ends(SOON);
    site.destroy(&near_name);
    site.ends(&lab);
}

#[test]
fn control_on_a_kernel_tun() {
    carries("control_on_a_kernel_tun", Attachment::Kernel, 32);
}

#[test]
fn on_our_node_in_the_place_of_the_kernels() {
    carries("on_our_node_in_the_place_of_the_kernels", Attachment::Node, 32);
}

#[test]
fn under_exec() {
    carries("under_exec", Attachment::Exec, 32);
}
