//! A bridge under test, whoever made it, and the Linux kernel's.

use crate::ns::Ns;
use std::sync::Arc;

/// What scenarios ask of a bridge named `bridge0`.
pub trait Switch {
    /// Returns where it and its members are.
    fn ns(&self) -> &Arc<Ns>;
    /// Makes `bridge0`, up and without members.
    fn create(&self);
    /// Takes it away.
    fn destroy(&self);
    /// Makes a virtual port, which is up and no member yet.
    fn vport(&self, name: &str);
    /// Makes an interface a member.
    fn add(&self, member: &str);
    /// Makes many interfaces members.
    fn add_all(&self, members: &[String]);
    /// Makes a member an interface like any other.
    fn remove(&self, member: &str);
    /// Gives `bridge0` an address, `10.0.0.1/24`.
    fn address(&self, address: &str);
    /// Returns the addresses learned, with the member each is behind.
    fn learned(&self) -> Vec<(String, String)>;
}

/// The bridge of the Linux kernel: the stand-in on which scenarios are shown to be right.
#[derive(Debug)]
pub struct KernelBridge(Arc<Ns>);

impl KernelBridge {
    /// Prepares one in `ns`.
    pub fn new(ns: Ns) -> Self {
        Self(Arc::new(ns))
    }

    /// Returns the interface to enslave for a member: the kernel has no virtual ports, so that one is a veth pair here.
    fn port(&self, member: &str) -> String {
        if member.starts_with("vport") { format!("p-{member}") } else { member.to_owned() }
    }
}

impl Switch for KernelBridge {
    fn ns(&self) -> &Arc<Ns> {
        &self.0
    }

    fn create(&self) {
        self.0.ip("link add bridge0 type bridge stp_state 0 mcast_snooping 0 forward_delay 0");
        self.0.ip("link set bridge0 up");
    }

    fn destroy(&self) {
        self.0.ip("link del bridge0");
    }

    fn vport(&self, name: &str) {
        self.0.ip(&format!("link add {name} type veth peer name p-{name}"));
        self.0.ip(&format!("link set {name} up"));
        self.0.ip(&format!("link set p-{name} up"));
    }

    fn add(&self, member: &str) {
        self.0.ip(&format!("link set {} master bridge0", self.port(member)));
    }

    fn add_all(&self, members: &[String]) {
        let line = |member: &String| format!("link set {} master bridge0\n", self.port(member));
        self.0.ip_batch(&members.iter().map(line).collect::<String>());
    }

    fn remove(&self, member: &str) {
        self.0.ip(&format!("link set {} nomaster", self.port(member)));
    }

    fn address(&self, address: &str) {
        self.0.ip(&format!("address add {address} dev bridge0"));
    }

    fn learned(&self) -> Vec<(String, String)> {
        let mut bridge = std::process::Command::new("bridge");
        bridge.args(["-n", self.0.name(), "fdb", "show", "br", "bridge0"]);
        let table = crate::run::run(bridge, std::time::Duration::from_secs(10)).ok();
        let learned = table.lines().filter(|line| !line.contains("permanent") && !line.contains("self"));
        learned
            .filter_map(|line| {
                let mut words = line.split_whitespace();
                let (mac, member) = (words.next()?, words.nth(1)?);
                Some((mac.to_owned(), member.trim_start_matches("p-").to_owned()))
            })
            .collect()
    }
}
