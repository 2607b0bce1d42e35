//! Two hosts with a bridge between them: what one visit builds and takes down.

use crate::Fault;
use crate::clock::within;
use crate::ns::{Ns, PREFIX, left_behind, sweep};
use crate::program::{Program, run};
use rustix::net::{AddressFamily, SocketFlags, SocketType, netdevice, socket_with};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Namespaces, programs and files of one visit. Dropping it removes them all, the programs first.
#[derive(Debug)]
pub struct Bed {
    /// The bridge's programs, if it has any.
    pub(crate) programs: Vec<Program>,
    /// The host that sends.
    pub(crate) left: Host,
    /// The host that receives.
    pub(crate) right: Host,
    /// Where the bridge is.
    pub(crate) middle: Ns,
    directory: Directory,
}

/// A namespace with one interface that leads to the bridge.
#[derive(Debug)]
pub(crate) struct Host {
    /// The namespace.
    pub(crate) ns: Ns,
    /// The interface's name.
    pub(crate) interface: String,
    /// Its IPv4 address.
    pub(crate) address: &'static str,
}

impl Bed {
    /// Makes the namespaces, without interfaces.
    pub(crate) fn new() -> Result<Self, Fault> {
        let host =
            |role: &str, address| Ok::<_, Fault>(Host { ns: Ns::new(role)?, interface: "eth0".to_owned(), address });
        Ok(Self {
            programs: Vec::new(),
            left: host("left", "10.0.0.1")?,
            right: host("right", "10.0.0.2")?,
            middle: Ns::new("middle")?,
            directory: Directory::new()?,
        })
    }

    /// Removes what benchmarks left behind that were killed before they could.
    pub(crate) fn sweep() {
        sweep();
        let directory = std::env::temp_dir();
        for name in left_behind(&directory) {
            let _ = std::fs::remove_dir_all(directory.join(name));
        }
    }

    /// Returns a directory for sockets and state.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory.0
    }

    /// Starts one of the bridge's programs and keeps it until the end of the visit.
    pub(crate) fn start(&mut self, command: Command) -> Result<(), Fault> {
        self.programs.push(Program::start(command)?);
        Ok(())
    }

    /// Connects each host to the middle by a veth pair: `eth0` in the host, `to-left` and `to-right` in the middle.
    pub(crate) fn pairs(&self) -> Result<(), Fault> {
        for (near, host) in [(TO_LEFT, &self.left), (TO_RIGHT, &self.right)] {
            self.middle.ip(&format!("link add {near} type veth peer name eth0 netns {}", host.ns.name()))?;
            self.middle.ip(&format!("link set {near} up"))?;
        }
        Ok(())
    }

    /// Moves two interfaces from the middle to the hosts, names and all.
    pub(crate) fn hand_over(&mut self, left: &str, right: &str) -> Result<(), Fault> {
        for (interface, host) in [(left, &mut self.left), (right, &mut self.right)] {
            self.middle.ip(&format!("link set {interface} netns {}", host.ns.name()))?;
            interface.clone_into(&mut host.interface);
        }
        Ok(())
    }

    /// Gives both hosts their addresses, and waits until either reaches the other, which the bridge learns from.
    pub(crate) fn connect(&mut self) -> Result<(), Fault> {
        for host in [&self.left, &self.right] {
            host.ns.ip(&format!("address add {}/24 dev {}", host.address, host.interface))?;
            host.ns.ip(&format!("link set {} up", host.interface))?;
        }
        for (from, to) in [(&self.left, &self.right), (&self.right, &self.left)] {
            let mut fault = None;
            let reached = within(Duration::from_secs(10), || {
                fault = self.programs.iter_mut().find_map(|program| program.still_runs().err());
                let mut ping = from.ns.command("ping");
                ping.args(["-n", "-q", "-c", "1", "-W", "1", to.address]);
                fault.is_some() || run(ping, Duration::from_secs(5)).is_ok()
            });
            if let Some(fault) = fault {
                return Err(fault);
            }
            if !reached {
                return Err(Fault::Late("the first answer to a ping"));
            }
        }
        Ok(())
    }
}

impl Host {
    /// Returns the interface's MAC address.
    pub(crate) fn mac(&self) -> Result<[u8; 6], Fault> {
        let text = self.ns.ip(&format!("-br link show {}", self.interface))?;
        let mac = text.split_whitespace().find_map(|word| {
            let bytes: Vec<u8> = word.split(':').filter_map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
            <[u8; 6]>::try_from(bytes).ok()
        });
        mac.ok_or(Fault::Output { of: "ip link", text })
    }

    /// Returns the interface's index. Call it within the namespace.
    pub(crate) fn index(&self) -> Result<u32, Fault> {
        let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None);
        let index = socket.and_then(|socket| netdevice::name_to_index(socket, &self.interface));
        index.map_err(Fault::system("find an interface"))
    }

    /// Opens the frame counters of the namespace's interfaces. The file stays with the namespace.
    pub(crate) fn counters(&self) -> Result<File, Fault> {
        let file = self.ns.enter(|| File::open("/proc/thread-self/net/dev"))?;
        file.map_err(Fault::system("open the interfaces' counters"))
    }
}

/// A directory that is removed with all that lies in it.
#[derive(Debug)]
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new() -> Result<Self, Fault> {
        let path = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
        std::fs::create_dir(&path).map_err(Fault::system("make a directory"))?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What a program that was killed had mounted there goes a moment after it.
        within(Duration::from_secs(3), || std::fs::remove_dir_all(&self.0).is_ok());
    }
}

/// The middle's end of the pair to the left host.
pub(crate) const TO_LEFT: &str = "to-left";
/// The middle's end of the pair to the right host.
pub(crate) const TO_RIGHT: &str = "to-right";
