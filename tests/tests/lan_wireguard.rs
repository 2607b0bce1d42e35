//! Several peers behind one device that is a member of a bridge: those of wireguard-go, unmodified.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tests::{Host, Lab, Lan, Ns, Running, run, within};

const SOON: Duration = Duration::from_secs(20);

/// wireguard-go, which is known to `wg` by a name that is unique on the machine.
struct Guard {
    _program: Running,
    name: String,
    socket: PathBuf,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.socket); // A program that is killed leaves it.
    }
}

impl Guard {
    fn start(lab: &Lab, mut command: Command, name: &str) -> Self {
        let socket = PathBuf::from(format!("/run/wireguard/{name}.sock"));
        command.args(["-f", name]).env("LOG_LEVEL", "verbose");
        let mut program = Running::start(command, lab.directory().join(format!("{name}.log")));
        assert!(within(SOON, || program.ended().is_some() || socket.exists()));
        assert!(program.ended().is_none(), "{}", program.log());
        Self { _program: program, name: name.to_owned(), socket }
    }

    /// Gives it its key and its peers: their keys, the addresses behind them, and where they are.
    fn knows(&self, lab: &Lab, ns: &Ns, own: u8, peers: &[(u8, String, String)]) {
        let at = |name: String| lab.directory().join(name).display().to_string();
        let mut set = ns.beside("wg");
        set.args(["set", &self.name, "listen-port", "51820", "private-key", &at(format!("{own}.key"))]);
        for (n, addresses, endpoint) in peers {
            let public = std::fs::read_to_string(at(format!("{n}.public"))).expect("made before");
            set.args(["peer", public.trim(), "allowed-ips", addresses, "endpoint", endpoint]);
        }
        run(set, SOON).ok();
    }
}

#[test]
fn two_peers_behind_one_device_and_a_lan_host_all_reach_each_other() {
    let name = "two_peers_behind_one_device_and_a_lan_host_all_reach_each_other";
    let Some(lab) = Lab::with_programs(name, &["wireguard-go", "wg", "openvpn", "nsenter"]) else { return };
    let lan = Lan::new(&lab);
    let host = lan.host(2);
    let numbers = [50, 51];
    for n in [1, 50, 51] {
        let mut make = Command::new("sh");
        let script = "umask 077; wg genkey >$0.key; wg pubkey <$0.key >$0.public";
        make.current_dir(lab.directory()).args(["-c", script, &n.to_string()]);
        run(make, SOON).ok();
    }
    let allowed = |n: u8| format!("{}/32,{}/128", Host::address(n), Lan::address6(n));
    // Names that no other test has: those of one device are below.
    let unit = 30_000 + std::process::id() % 2_700;
    let device = format!("tun{unit}");
    let addresses: String = numbers.into_iter().flat_map(Lan::both).map(|address| format!("peer {address} ")).collect();
    lan.member(&device, &addresses);
    let ends = numbers.map(|n| Arc::new(lan.far(n)));
    let near = Guard::start(&lab, lan.site().command("wireguard-go"), &device);
    let peers = numbers.map(|n| (n, allowed(n), format!("172.30.{n}.2:51820")));
    near.knows(&lab, lan.site().ns(), 1, &peers);
    let far: Vec<(Guard, Host)> = numbers
        .iter()
        .zip(&ends)
        .map(|(&n, ns)| {
            let interface = format!("wgl{unit}x{n}");
            let guard = Guard::start(&lab, ns.beside("wireguard-go"), &interface);
            guard.knows(&lab, ns, n, &[(1, "0.0.0.0/0,::/0".to_owned(), format!("172.30.{n}.1:51820"))]);
            ns.ip(&format!("address add {}/24 dev {interface}", Host::address(n)));
            ns.ip(&format!("address add {}/64 dev {interface} nodad", Lan::address6(n)));
            ns.ip(&format!("link set {interface} up mtu 1420"));
            (guard, Host { ns: Arc::clone(ns), interface, address: Host::address(n) })
        })
        .collect();
    lan.all_reach_each_other(&device, &[(2, &host), (50, &far[0].1), (51, &far[1].1)]);
}
