//! A tunnel: two namespaces, what lies between them, and a VPN program at each end.

use super::side::{Program as Vpn, Side, Way};
use super::wireguard::Name;
use super::{openvpn, wireguard};
use crate::Fault;
use crate::bed::{Directory, Host};
use crate::clock::within;
use crate::ns::Ns;
use crate::peer::trestle::Serving;
use crate::program::{Program, run};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// What one visit builds. Dropping it removes all, the programs first.
#[derive(Debug)]
pub(super) struct Tunnel {
    programs: Vec<Program>,
    /// What WireGuard's programs leave when they are killed.
    pub(super) names: Vec<Name>,
    daemon: Option<Serving>,
    /// The end that is compared.
    pub(super) near: Host,
    /// The end on a kernel TUN.
    pub(super) far: Host,
    directory: Directory,
}

/// An end of a tunnel, for those who start programs there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// 10.8.0.1, over 192.0.2.1.
    Near,
    /// 10.8.0.2, over 192.0.2.2.
    Far,
}

impl Tunnel {
    /// Builds a tunnel, and waits until either end reaches the other.
    pub(super) fn new(side: Side) -> Result<Self, Fault> {
        let host = |end: End, role: &str| {
            Ok::<_, Fault>(Host { ns: Ns::new(role)?, interface: "tun0".to_owned(), address: end.address() })
        };
        let mut tunnel = Self {
            programs: Vec::new(),
            names: Vec::new(),
            daemon: None,
            near: host(End::Near, "near")?,
            far: host(End::Far, "far")?,
            directory: Directory::new()?,
        };
        tunnel.lay_cable()?;
        if side.way != Way::Kernel {
            tunnel.daemon = Some(Serving::start(&tunnel.near.ns, tunnel.directory())?);
        }
        match side.program {
            Vpn::OpenVpn => openvpn::start(&mut tunnel, side.way)?,
            Vpn::WireguardGo | Vpn::Boringtun => wireguard::start(&mut tunnel, side)?,
        }
        tunnel.joins()?;
        Ok(tunnel)
    }

    /// Returns one end.
    pub(super) fn end(&self, end: End) -> &Host {
        match end {
            End::Near => &self.near,
            End::Far => &self.far,
        }
    }

    /// Returns a directory for keys and sockets.
    pub(super) fn directory(&self) -> &Path {
        &self.directory.0
    }

    /// Returns the daemon that serves the near end.
    pub(super) fn daemon(&self) -> Result<&Serving, Fault> {
        self.daemon.as_ref().ok_or_else(|| Fault::Missing("a daemon".to_owned()))
    }

    /// Starts a program and keeps it until the end of the visit.
    pub(super) fn start(&mut self, command: Command) -> Result<(), Fault> {
        self.programs.push(Program::start(command)?);
        Ok(())
    }

    /// Returns a command for a program that opens `/dev/net/tun`: the far end's, or the near one's in its way.
    pub(super) fn holder(&self, end: End, way: Way, program: &Path) -> Result<Command, Fault> {
        let path = program.display().to_string();
        match (end, way) {
            (End::Near, Way::Exec) => self.daemon()?.exec(&self.near.ns, &path),
            (End::Near, Way::Kernel | Way::Plug | Way::Node) | (End::Far, _) => {
                Ok(self.end(end).ns.command_among_mounts(&path))
            }
        }
    }

    /// Waits until `holds`, or fails when a program has ended.
    pub(super) fn until(&mut self, what: &'static str, mut holds: impl FnMut(&Self) -> bool) -> Result<(), Fault> {
        let mut ended = None;
        let held = within(SOON, || {
            ended = self.programs.iter_mut().find_map(|program| program.still_runs().err());
            ended.is_some() || holds(self)
        });
        match ended {
            Some(fault) => Err(fault),
            None if held => Ok(()),
            None => Err(Fault::Late(what)),
        }
    }

    fn lay_cable(&self) -> Result<(), Fault> {
        self.near.ns.ip(&format!("link add under type veth peer name under netns {}", self.far.ns.name()))?;
        for end in [End::Near, End::Far] {
            let ns = &self.end(end).ns;
            ns.ip(&format!("address add {}/24 dev under", end.under()))?;
            ns.ip("link set under up")?;
        }
        Ok(())
    }

    fn joins(&mut self) -> Result<(), Fault> {
        for (from, to) in [(End::Near, End::Far), (End::Far, End::Near)] {
            self.until("the first answer through the tunnel", |this| {
                let mut ping = this.end(from).ns.command("ping");
                ping.args(["-n", "-q", "-c", "1", "-W", "1", to.address()]);
                run(ping, SOON).is_ok()
            })?;
        }
        Ok(())
    }
}

impl End {
    /// Returns the other end.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Near => Self::Far,
            Self::Far => Self::Near,
        }
    }

    /// Returns the address in the tunnel.
    pub(super) const fn address(self) -> &'static str {
        match self {
            Self::Near => "10.8.0.1",
            Self::Far => "10.8.0.2",
        }
    }

    /// Returns the address under the tunnel.
    pub(super) const fn under(self) -> &'static str {
        match self {
            Self::Near => "192.0.2.1",
            Self::Far => "192.0.2.2",
        }
    }
}

/// Longer than a tunnel takes to come up on a loaded machine.
pub(super) const SOON: Duration = Duration::from_secs(20);
