//! OpenVPN between two equals, without cipher: what is measured is the way of packets, not arithmetic.

use super::side::Way;
use super::tunnel::{End, SOON, Tunnel};
use crate::Fault;
use crate::program::{find, run};
use std::path::PathBuf;
use std::process::Command;

/// Starts both ends.
pub(super) fn start(tunnel: &mut Tunnel, way: Way) -> Result<(), Fault> {
    let openvpn = find("openvpn")?;
    if way != Way::Kernel {
        tunnel.daemon()?.ifconfig("tun0 create")?;
    }
    for end in [End::Near, End::Far] {
        let mut command = tunnel.holder(end, way, &openvpn)?;
        let (other, address) = (end.other(), end.address());
        command.args(["--dev", "tun0", "--dev-type", "tun", "--proto", "udp", "--port", "1194", "--disable-dco"]);
        command.args(["--cipher", "none", "--auth", "none", "--txqueuelen", "1000"]);
        command.args(["--local", end.under(), "--remote", other.under(), "--ifconfig", address, other.address()]);
        match (end, way) {
            (End::Near, Way::Node) => {
                command.arg("--dev-node").arg(tunnel.daemon()?.node("tun0"));
            }
            (End::Near, Way::Plug) => plug(tunnel, &mut command)?,
            (End::Near, Way::Kernel | Way::Exec) | (End::Far, _) => {}
        }
        tunnel.start(command)?;
    }
    if way == Way::Plug {
        addressed(tunnel)?;
    }
    Ok(())
}

/// Waits for the address that the plug sets, and sees to the way to the other end.
fn addressed(tunnel: &mut Tunnel) -> Result<(), Fault> {
    let shown = |tunnel: &Tunnel| tunnel.near.ns.ip("-4 address show tun0").unwrap_or_default();
    tunnel.until("the address of a plug", |tunnel| shown(tunnel).contains(End::Near.address()))?;
    // OpenVPN tells the program of `unix:` no routes.
    tunnel.near.ns.ip(&format!("route replace {} dev tun0", End::Far.address())).map(|_| ())
}

/// Has an OpenVPN that does not know `dev-node unix:` do as those do that know it: it makes a pair of sockets and starts
/// `trestle plug unix`, which sets the addresses.
fn plug(tunnel: &Tunnel, command: &mut Command) -> Result<(), Fault> {
    let library = tunnel.directory().join("pair.so");
    let source = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/src/pair.c"));
    let mut compile = Command::new(find("gcc")?);
    compile.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]).arg(&library).arg(source).arg("-ldl");
    run(compile, SOON)?;
    let script = tunnel.directory().join("plug.sh");
    // OpenVPN 2.7 starts the program and goes on; its predecessors wait for theirs.
    let program = crate::peer::trestle::program()?.display();
    std::fs::write(&script, format!("TUNTAP_MTU=$tun_mtu {program} plug unix &\n"))
        .map_err(Fault::system("write a script"))?;
    let up = format!("/bin/sh {}", script.display());
    command.args(["--script-security", "2", "--up", &up, "--ifconfig-noexec", "--route-noexec"]);
    for (name, value) in [
        ("TUNTAP_SOCKET_FD", "99".into()),
        ("TUNTAP_DEV_TYPE", "tun".into()),
        ("TRESTLE_DEVICE", "tun0".into()),
        ("TRESTLE_SOCKET", tunnel.directory().join("control")),
        ("TRESTLE_DEV", tunnel.directory().join("dev")),
    ] {
        command.args(["--setenv", name]).arg(value);
    }
    command.env("LD_PRELOAD", library);
    Ok(())
}
