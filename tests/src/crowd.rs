//! Several VPN peers behind one device: OpenVPN as a TLS server, which configures nothing, and a client for each.

use crate::clock::within;
use crate::host::Host;
use crate::lan::Lan;
use crate::ns::Ns;
use crate::openvpn::{certificate, configuration, identity};
use crate::running::Running;
use std::sync::Arc;
use std::time::Duration;

/// The programs and the end hosts. Dropping it kills the programs.
#[derive(Debug)]
pub struct Crowd {
    /// The end hosts, each with its address on its `tun0`, in the order of their numbers.
    pub hosts: Vec<Host>,
    /// The server, then a client for each.
    pub programs: Vec<Running>,
}

impl Lan<'_> {
    /// Starts a server with `device` open and a client for each number, and waits until those have their addresses.
    #[track_caller]
    pub fn crowd(&self, device: &str, numbers: &[u8]) -> Crowd {
        let directory = self.lab().directory();
        let names: Vec<String> = numbers.iter().map(|n| format!("client{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.iter().copied().chain(["server"]).for_each(|name| certificate(directory, name));
        for (n, name) in numbers.iter().zip(&names) {
            let [four, six] = [Host::address(*n).to_string(), Self::address6(*n).to_string()];
            let lines = format!("ifconfig-push {four} 255.255.255.0\nifconfig-ipv6-push {six}/64\n");
            std::fs::write(directory.join(name), lines).expect("the directory is ours");
        }
        let mut lines = format!("dev {device}\nmode server\ntls-server\ndh none\nport 1194\ntopology subnet\n");
        // What it gives is told by a file for each client; its own addresses are nobody's.
        lines +=
            "ifconfig 10.0.0.253 255.255.255.0\nifconfig-ipv6 fd00::fd/64 fd00::fc\nifconfig-noexec\nroute-noexec\n";
        lines += &format!("push \"topology subnet\"\nclient-config-dir {}\n", directory.display());
        lines += &identity(directory, "server", &names);
        let mut command = self.site().command("openvpn");
        command.arg(configuration(directory, "server", &lines));
        let mut server = Running::start(command, directory.join("server.log"));
        server.says("Initialization Sequence Completed", SOON);
        let mut crowd = Crowd { hosts: Vec::new(), programs: vec![server] };
        for (&n, name) in numbers.iter().zip(&names) {
            let ns = self.far(n);
            let lines = format!("dev tun0\nclient\nnobind\nremote 172.30.{n}.1 1194\nconnect-retry 1 1\n");
            let mut command = ns.beside("openvpn");
            let lines = lines + &identity(directory, name, &["server"]);
            command.arg(configuration(directory, name, &lines));
            let mut client = Running::start(command, directory.join(format!("{name}.log")));
            client.says("Initialization Sequence Completed", SOON);
            assert!(within(SOON, || has_both(&ns)), "{}", client.log());
            crowd.hosts.push(Host { ns: Arc::new(ns), interface: "tun0".to_owned(), address: Host::address(n) });
            crowd.programs.push(client);
        }
        crowd
    }
}

/// Returns whether `tun0` has an address of either family.
fn has_both(ns: &Ns) -> bool {
    let addresses = ns.links().remove("tun0").map(|link| link.addresses).unwrap_or_default();
    [':', '.'].iter().all(|&mark| addresses.iter().any(|address| address.contains(mark)))
}

/// Longer than programs take to start on a loaded machine.
const SOON: Duration = Duration::from_secs(20);
