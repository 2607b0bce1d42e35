//! The stage where the system allows no namespace: wires and hosts in this process.

use super::host::{Host, Stack};
use super::{DemoError, Scene, Stage};
use crate::control::Listener;
use crate::daemon::{Embedded as Daemon, Memory};
use frame::Mac;
use std::net::Ipv4Addr;

const NET: (u8, u8, u8) = (10, 77, 0);

/// Builds the stage; `reason` says why it could not be a better one.
pub(super) fn build(reason: Option<String>) -> Result<Stage, DemoError> {
    let mut system = Memory::start().map_err(DemoError::of("start workers"))?;
    let (a, b, c) = NET;
    let at = |last: u8| Ipv4Addr::new(a, b, c, last);
    let plug = DemoError::of("plug in a host");
    system.plug("tap0", Mac([2, 0x77, 0, 0, 0, 2]), (at(2), 24)).map_err(&plug)?;
    system.plug("eth1", Mac([2, 0x77, 0, 0, 0, 3]), (at(3), 24)).map_err(&plug)?;
    system.plug("eth2", Mac([2, 0x77, 0, 0, 0, 4]), (at(4), 24)).map_err(&plug)?;
    let hosts = system.hosts();
    let dir = super::scratch::Dir::new()?;
    let socket = dir.path().join("control");
    let listener = Listener::bind(&socket).map_err(DemoError::of("listen"))?;
    let daemon = Daemon::start(system, listener).map_err(DemoError::of("start the daemon"))?;
    let host = |name, last, interface, what| Host {
        name,
        address: at(last),
        interface,
        what,
        stack: Stack::Memory(hosts.clone(), interface),
    };
    let why = reason.map(|why| format!(" (no namespace: {why})")).unwrap_or_default();
    Ok(Stage {
        place: format!("the memory of this process{why}"),
        socket,
        script: vec![
            Scene::Ifconfig("bridge0 create inet 10.77.0.1/24"),
            Scene::Ifconfig("bridge0 addm tap0 addm eth1 addm eth2 up"),
        ],
        hosts: vec![
            host("host", 1, "bridge0", "its own address"),
            host("vm", 2, "tap0", "embedded stack"),
            host("lan", 3, "eth1", "embedded stack"),
            host("box", 4, "eth2", "embedded stack"),
        ],
        _props: vec![Box::new(daemon), Box::new(dir)],
    })
}
