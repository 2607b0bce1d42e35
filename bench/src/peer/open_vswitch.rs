//! Open vSwitch with its user-space datapath (`netdev`), its daemons run by hand with sockets of our own.

use crate::Fault;
use crate::bed::{Bed, TO_LEFT, TO_RIGHT};
use crate::clock::within;
use crate::program::{require, run};
use std::process::Command;
use std::time::Duration;

/// What happens to frames larger than the MTU.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Segmentation {
    /// `userspace-tso-enable=true`: they pass as they are.
    Offloaded,
    /// As it comes: its packet sockets carry no offload state, so that the hosts must send finished frames.
    Off,
}

/// Starts the two daemons and makes a bridge of two `system` ports, which are packet sockets in this datapath.
pub(crate) fn build(bed: &mut Bed, segmentation: Segmentation) -> Result<(), Fault> {
    for program in ["ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl"] {
        require(program)?;
    }
    bed.pairs()?;
    if segmentation == Segmentation::Off {
        require("ethtool")?;
        finished_frames_only(bed)?;
    }
    let path = |name: &str| bed.directory().join(name).display().to_string();
    let (database, socket) = (path("ovs.db"), path("db.sock"));

    let mut create = Command::new("ovsdb-tool");
    create.args(["create", &database, SCHEMA]);
    run(create, PATIENCE)?;
    let mut server = bed.middle.command("ovsdb-server");
    server.args([&database, &format!("--remote=punix:{socket}"), &format!("--unixctl={}", path("db.ctl"))]);
    let mut switch = bed.middle.command("ovs-vswitchd");
    switch.args([&format!("unix:{socket}"), &format!("--unixctl={}", path("switch.ctl"))]);
    switch.env("OVS_RUNDIR", bed.directory());

    let ctl = |arguments: &[&str]| {
        let mut ctl = Command::new("ovs-vsctl");
        ctl.arg(format!("--db=unix:{socket}")).arg("--timeout=10").args(arguments);
        run(ctl, PATIENCE)
    };
    bed.programs.push(crate::program::Program::start(server)?);
    if !within(PATIENCE, || std::fs::exists(&socket).unwrap_or(false)) {
        return Err(Fault::Late("the socket of ovsdb-server"));
    }
    ctl(&["--no-wait", "init"])?;
    if segmentation == Segmentation::Offloaded {
        ctl(&["--no-wait", "set", "Open_vSwitch", ".", "other_config:userspace-tso-enable=true"])?;
    }
    bed.programs.push(crate::program::Program::start(switch)?);
    ctl(&[
        "add-br",
        "bridge0",
        "--",
        "set",
        "bridge",
        "bridge0",
        "datapath_type=netdev",
        "--",
        "add-port",
        "bridge0",
        TO_LEFT,
        "--",
        "add-port",
        "bridge0",
        TO_RIGHT,
    ])?;
    Ok(())
}

fn finished_frames_only(bed: &Bed) -> Result<(), Fault> {
    let ends = [(&bed.left.ns, "eth0"), (&bed.right.ns, "eth0"), (&bed.middle, TO_LEFT), (&bed.middle, TO_RIGHT)];
    for (ns, interface) in ends {
        let mut ethtool = ns.command("ethtool");
        ethtool.args(["-K", interface, "tx", "off", "tso", "off", "gso", "off", "gro", "off", "sg", "off"]);
        run(ethtool, PATIENCE)?;
    }
    Ok(())
}

/// Where Debian and Fedora put it.
const SCHEMA: &str = "/usr/share/openvswitch/vswitch.ovsschema";

/// Longer than any of these commands takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);
