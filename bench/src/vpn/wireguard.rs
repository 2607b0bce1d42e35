//! WireGuard by programs: wireguard-go and boringtun, the same at both ends.

use super::side::{Program, Side};
use super::tunnel::{End, SOON, Tunnel};
use crate::Fault;
use crate::program::{find, run};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A name under which a program listens in `/run/wireguard`, where all namespaces meet. Dropping it removes the socket,
/// which a program that was killed leaves.
#[derive(Debug)]
pub(super) struct Name(PathBuf);

/// Starts both ends.
pub(super) fn start(tunnel: &mut Tunnel, side: Side) -> Result<(), Fault> {
    let wg = find("wg")?;
    let process = std::process::id();
    // Names of tests have lower numbers.
    tunnel.near.interface = format!("tun{}", 31_000 + process % 1_700);
    tunnel.far.interface = format!("wgbench{}", process % 100_000_000);
    for end in [End::Near, End::Far] {
        let key = key(tunnel.directory(), end);
        let mut make = Command::new("sh");
        make.args(["-c", "umask 077; \"$1\" genkey >\"$0\" && \"$1\" pubkey <\"$0\" >\"$0\".public"]).arg(key).arg(&wg);
        run(make, SOON)?;
    }
    for end in [End::Near, End::Far] {
        let name = tunnel.end(end).interface.clone();
        let program = match side.program {
            Program::Boringtun => "boringtun-cli",
            Program::OpenVpn | Program::WireguardGo => "wireguard-go",
        };
        let mut command = tunnel.holder(end, side.way, &find(program)?)?;
        command.args(["--foreground", &name]);
        if side.program == Program::Boringtun {
            // It cannot open the device as somebody else.
            command.arg("--disable-drop-privileges");
        }
        let socket = PathBuf::from(format!("/run/wireguard/{name}.sock"));
        tunnel.names.push(Name(socket.clone()));
        tunnel.start(command)?;
        tunnel.until("the socket of a WireGuard program", |_| socket.exists())?;
    }
    [End::Near, End::Far].into_iter().try_for_each(|end| configure(tunnel, end, &wg))
}

fn configure(tunnel: &Tunnel, end: End, wg: &Path) -> Result<(), Fault> {
    let other = end.other();
    let name = &tunnel.end(end).interface;
    let public = key(tunnel.directory(), other).with_extension("key.public");
    let public = std::fs::read_to_string(public).map_err(Fault::system("read a key"))?;
    let mut set = Command::new(wg);
    set.args(["set", name, "listen-port", "51820", "private-key"]).arg(key(tunnel.directory(), end));
    set.args(["peer", public.trim(), "allowed-ips", "0.0.0.0/0", "endpoint", &format!("{}:51820", other.under())]);
    run(set, SOON)?;
    let ns = &tunnel.end(end).ns;
    ns.ip(&format!("address replace {} peer {} dev {name}", end.address(), other.address()))?;
    // What fits the packets that carry it: boringtun leaves the device as it is, wireguard-go says so itself.
    ns.ip(&format!("link set {name} mtu 1420 up"))?;
    Ok(())
}

fn key(directory: &Path, end: End) -> PathBuf {
    directory.join(match end {
        End::Near => "near.key",
        End::Far => "far.key",
    })
}

impl Drop for Name {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
