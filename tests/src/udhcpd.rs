//! busybox's DHCP server on a host of a LAN.

use crate::clock::within;
use crate::host::Host;
use crate::lab::Lab;
use crate::run::run;
use crate::running::Running;
use rustix::process::Signal;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A running server that lends 10.0.0.100 to 10.0.0.110, with its host as router and for names. Dropping it ends it.
#[derive(Debug)]
pub struct Udhcpd {
    running: Running,
    leases: PathBuf,
}

/// A message of a DHCP client: its type (RFC 2132 §9.6) and the address that the client says to have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DhcpRequest {
    /// 1 DISCOVER, 3 REQUEST, 4 DECLINE, 7 RELEASE.
    pub kind: u8,
    /// `ciaddr`.
    pub client: Ipv4Addr,
}

impl Udhcpd {
    /// Starts one on `host` that lends for some seconds, five at least.
    #[track_caller]
    pub fn start(lab: &Lab, host: &Host, seconds: u32) -> Self {
        let at = |name: &str| lab.directory().join(name);
        let lines = format!(
            "interface {}\nstart 10.0.0.100\nend 10.0.0.110\nmin_lease 5\nlease_file {}\npidfile {}\n\
             opt lease {seconds}\nopt subnet 255.255.255.0\nopt router {}\nopt dns {}\n",
            host.interface,
            at("leases").display(),
            at("udhcpd.pid").display(),
            host.address,
            host.address,
        );
        std::fs::write(at("udhcpd.conf"), lines).expect("the directory is ours");
        std::fs::write(at("leases"), "").expect("the directory is ours");
        let mut command = host.ns.command("busybox");
        // It looks for who has an address before it offers that, for 50 ms.
        command.args(["udhcpd", "-f", "-a", "50"]).arg(at("udhcpd.conf"));
        let mut running = Running::start(command, at("udhcpd.log"));
        running.says("started", Duration::from_secs(10));
        Self { running, leases: at("leases") }
    }

    /// Returns what it has told.
    pub fn log(&self) -> String {
        self.running.log()
    }

    /// Returns how often it has told of `what`.
    pub fn times(&self, what: &str) -> usize {
        self.log().matches(what).count()
    }

    /// Returns what it says of its leases, a line each: MAC address, address, name, and the time left or `expired`.
    #[track_caller]
    pub fn leases(&self) -> String {
        let _ = std::fs::remove_file(&self.leases);
        self.running.signal(Signal::USR1); // It writes them.
        assert!(within(Duration::from_secs(3), || self.leases.exists()), "{}", self.log());
        let mut dump = Command::new("busybox");
        dump.args(["dumpleases", "-r", "-f"]).arg(&self.leases);
        run(dump, Duration::from_secs(10)).ok()
    }
}

impl DhcpRequest {
    /// Reads a frame; `None` if it holds none.
    pub fn read(frame: &[u8]) -> Option<Self> {
        let packet = frame.get(14..).filter(|_| frame.get(12..14) == Some(&[8, 0]))?;
        let message = packet.get(28..).filter(|_| packet.get(20..24) == Some(&[0, 68, 0, 67]))?;
        let [53, 1, kind] = *message.get(240..243)? else { return None };
        let client = <[u8; 4]>::try_from(message.get(12..16)?).ok()?;
        Some(Self { kind, client: client.into() })
    }
}
