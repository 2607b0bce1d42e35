//! OpenVPN, unmodified, at both ends of a tunnel: at a site under test, and on a kernel device in a namespace of its own.

use crate::attachment::{Attachment, Site};
use crate::clock::within;
use crate::host::Host;
use crate::lab::Lab;
use crate::ns::Ns;
use crate::run::run;
use crate::running::Running;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// What the end at the site is to the other end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// One of two equals with a shared key.
    Peer,
    /// A TLS client, which is told its address.
    Client,
    /// A TLS server, which gives addresses.
    Server,
    /// A TLS server on a device that is a member of `bridge0`, which has the address.
    BridgedServer,
}

/// A tunnel between the two namespaces: 10.0.0.1 at the site, 10.0.0.2 at the far end, over a veth pair between them.
#[derive(Debug)]
pub struct Tunnel<'l> {
    site: &'l Site,
    lab: &'l Lab,
    far: Arc<Ns>,
    device: &'static str,
    role: Role,
}

/// The two ends of a tunnel as end hosts.
#[derive(Debug)]
pub struct Ends {
    /// The one at the site.
    pub near: Host,
    /// The other one.
    pub far: Host,
}

impl<'l> Tunnel<'l> {
    /// Makes the keys and lays the cable under a tunnel of `device`, `tap`N or `tun`N, which is there already.
    pub fn new(lab: &'l Lab, site: &'l Site, device: &'static str, role: Role) -> Self {
        let far = Arc::new(lab.ns("far"));
        site.ns().ip(&format!("link add under type veth peer name under netns {}", far.name()));
        for (ns, n) in [(site.ns(), 1), (&far, 2)] {
            ns.ip(&format!("address add 192.0.2.{n}/24 dev under"));
            ns.ip("link set under up");
        }
        if role == Role::BridgedServer {
            site.switch().create();
            site.switch().add(device);
            site.switch().address("10.0.0.1/24");
        }
        match role {
            Role::Peer => secret(lab.directory()),
            Role::Client | Role::Server | Role::BridgedServer => {
                certificate(lab.directory(), "near");
                certificate(lab.directory(), "far");
                let client = if role == Role::Client { 1 } else { 2 };
                let push = format!("ifconfig-push {} 255.255.255.0\n", Host::address(client));
                std::fs::write(lab.directory().join("DEFAULT"), push).expect("the directory is ours");
            }
        }
        Self { site, lab, far, device, role }
    }

    /// Has the far end ping the near one 200 times a second, whether it answers or not, until the value is dropped.
    pub fn pings(&self) -> Running {
        let mut ping = self.far.beside("ping");
        ping.args(["-n", "-q", "-i", "0.005", "-s", "1000", &Host::address(1).to_string()]);
        Running::start(ping, self.log("pings"))
    }

    /// Returns the two ends as end hosts.
    pub fn ends(&self) -> Ends {
        let near = if self.role == Role::BridgedServer { "bridge0" } else { self.device };
        Ends {
            near: Host { ns: Arc::clone(self.site.ns()), interface: near.to_owned(), address: Host::address(1) },
            far: Host { ns: Arc::clone(&self.far), interface: self.device.to_owned(), address: Host::address(2) },
        }
    }

    /// Starts both ends, the server first if there is one, and waits until each answers the other's pings.
    #[track_caller]
    pub fn start(&self) -> (Running, Running) {
        let (mut near, mut far);
        match self.role {
            Role::Peer => (near, far) = (self.start_near(), self.start_far()),
            Role::Client => {
                far = self.start_far();
                far.says(COMPLETED, QUICK);
                near = self.start_near();
            }
            Role::Server | Role::BridgedServer => {
                near = self.start_near();
                near.says(COMPLETED, QUICK);
                far = self.start_far();
            }
        }
        self.joins(&mut near, &mut far);
        (near, far)
    }

    /// Waits until each end answers the other's pings.
    #[track_caller]
    pub fn joins(&self, near: &mut Running, far: &mut Running) {
        let Ends { near: a, far: b } = self.ends();
        let configured = |host: &Host| {
            let link = host.ns.links().remove(&host.interface);
            link.is_some_and(|link| link.addresses.iter().any(|address| address.contains(&host.address.to_string())))
        };
        let configured = within(QUICK, || {
            let ended = near.ended().is_some() || far.ended().is_some();
            ended || (configured(&a) && configured(&b))
        });
        // The far end first: its kernel device has another MAC address at every start, which it tells by asking.
        let joined = configured && within(QUICK, || b.reaches(a.address)) && a.reaches(b.address);
        assert!(joined, "no answer:\n{}\n{}", near.log(), far.log());
    }

    /// Starts OpenVPN at the far end, on a kernel device.
    #[track_caller]
    pub fn start_far(&self) -> Running {
        let mut command = self.far.beside("openvpn");
        let role = match self.role {
            Role::Peer => Role::Peer,
            Role::Client => Role::Server,
            Role::Server | Role::BridgedServer => Role::Client,
        };
        self.options(&mut command, role, 2);
        Running::start(command, self.log("far"))
    }

    /// Starts OpenVPN at the site, in the way of its attachment.
    #[track_caller]
    pub fn start_near(&self) -> Running {
        let mut command = self.site.holder("openvpn", self.device);
        self.options(&mut command, self.role, 1);
        if self.site.attachment() == Attachment::Node {
            command.arg("--dev-node").arg(self.site.node(self.device));
        }
        Running::start(command, self.log("near"))
    }

    fn options(&self, command: &mut Command, role: Role, n: u8) {
        let other = 3 - n;
        let (kind, directory) = (self.device.get(..3).expect("tapN or tunN"), self.lab.directory());
        command.args(["--dev", self.device, "--dev-type", kind, "--proto", "udp", "--verb", "3"]);
        command.args(["--local", &format!("192.0.2.{n}"), "--port", "1194"]);
        command.args(["--disable-dco", "--txqueuelen", "1000"]);
        let remote = format!("192.0.2.{other}");
        if role == Role::Peer {
            let mask = if kind == "tun" { format!("10.0.0.{other}") } else { "255.255.255.0".to_owned() };
            command.args(["--remote", &remote, "--ifconfig", &format!("10.0.0.{n}"), &mask]);
            command.arg("--secret").arg(directory.join("key"));
            // 2.7 wants to be told that this is meant, 2.6 does not know the option.
            command.args(["--ignore-unknown-option", "allow-deprecated-insecure-static-crypto"]);
            command.args(["--allow-deprecated-insecure-static-crypto", "--cipher", "AES-256-CBC"]);
            return;
        }
        let [ours, theirs] = if n == 1 { ["near", "far"] } else { ["far", "near"] };
        command.arg("--cert").arg(directory.join(format!("{ours}.crt")));
        command.arg("--key").arg(directory.join(format!("{ours}.pem")));
        command.args(["--peer-fingerprint", &fingerprint(directory, theirs), "--data-ciphers", "AES-128-GCM"]);
        let address = |n: u8| format!("10.0.0.{n}");
        match role {
            Role::Peer => {}
            Role::Client => {
                command.args(["--client", "--remote", &remote, "--connect-retry", "1", "1"]);
            }
            Role::Server => {
                command.args(["--mode", "server", "--tls-server", "--dh", "none", "--topology", "subnet"]);
                command.args(["--ifconfig", &address(n), "255.255.255.0"]);
                command.args(["--push", "topology subnet", "--client-config-dir"]).arg(directory);
            }
            Role::BridgedServer => {
                command.args(["--server-bridge", &address(n), "255.255.255.0", &address(other), &address(other + 1)]);
                command.args(["--dh", "none"]);
            }
        }
    }

    fn log(&self, end: &str) -> PathBuf {
        self.lab.directory().join(format!("openvpn-{end}.log"))
    }
}

/// Makes the key that two equals share.
pub(crate) fn secret(directory: &Path) {
    let mut key = Command::new("openvpn");
    key.args(["--genkey", "secret"]).arg(directory.join("key"));
    run(key, QUICK).ok();
}

/// Makes a key and a certificate signed with it.
pub(crate) fn certificate(directory: &Path, name: &str) {
    let mut request = Command::new("openssl");
    request.args(["req", "-x509", "-nodes", "-days", "2", "-subj", &format!("/CN={name}")]);
    request.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
    request.arg("-keyout").arg(directory.join(format!("{name}.pem")));
    request.arg("-out").arg(directory.join(format!("{name}.crt")));
    run(request, QUICK).ok();
}

/// Returns what tells a certificate from all others, as OpenVPN wants it.
fn fingerprint(directory: &Path, name: &str) -> String {
    let mut show = Command::new("openssl");
    show.args(["x509", "-noout", "-fingerprint", "-sha256", "-in"]).arg(directory.join(format!("{name}.crt")));
    let shown = run(show, QUICK).ok();
    shown.trim().rsplit('=').next().unwrap_or_default().to_owned()
}

/// Returns lines of a configuration: who this is, and whom it knows.
pub(crate) fn identity(directory: &Path, ours: &str, theirs: &[&str]) -> String {
    let known: Vec<_> = theirs.iter().map(|name| fingerprint(directory, name)).collect();
    let own = directory.join(ours);
    let keys = format!("cert {0}.crt\nkey {0}.pem\ndata-ciphers AES-128-GCM\n", own.display());
    keys + &format!("<peer-fingerprint>\n{}\n</peer-fingerprint>\n", known.join("\n"))
}

/// Writes a configuration and returns where it is.
pub(crate) fn configuration(directory: &Path, name: &str, lines: &str) -> PathBuf {
    let path = directory.join(format!("{name}.conf"));
    let text = format!("dev-type tun\nproto udp4\nverb 3\ndisable-dco\n{lines}");
    std::fs::write(&path, text).expect("the directory is ours");
    path
}

/// What OpenVPN prints when all is ready.
const COMPLETED: &str = "Initialization Sequence Completed";

/// Longer than these commands take on a loaded machine.
const QUICK: Duration = Duration::from_secs(20);
