//! The stage on the kernel: network namespaces as hosts, with cables between them, and none of it outside.

use super::host::{Host, Stack};
use super::scratch::Dir;
use super::tap_wire::TapWire;
use super::{DemoError, Scene, Stage, kernel_host};
use crate::control::Listener;
use crate::daemon::{Embedded as Daemon, Kernel, Options};
use crate::embedded::Embedded;
use kernel_glue::linux::namespace::{Isolation, Namespace, isolate};
use kernel_glue::linux::netlink::{Netlink, Up};
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

const PREFIX: u8 = 24;

fn at(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, 0, last)
}

/// Why there is no stage.
pub(super) enum Refusal {
    /// The system allows no namespace.
    NoNamespace(io::Error),
    /// Something else went wrong.
    Failed(DemoError),
}

impl From<DemoError> for Refusal {
    fn from(error: DemoError) -> Self {
        Self::Failed(error)
    }
}

/// Leaves the host's network and builds the stage.
pub(super) fn build() -> Result<Stage, Refusal> {
    let isolation = isolate().map_err(Refusal::NoNamespace)?;
    let lan = Arc::new(Namespace::new("lan").map_err(Refusal::NoNamespace)?);
    let container = Arc::new(Namespace::new("box").map_err(Refusal::NoNamespace)?);
    // A system that gives namespaces and no TAP device gives nothing that a bridge could be shown on.
    let tap = TapWire::create("tap0").map_err(Refusal::NoNamespace)?;
    let vm =
        Embedded::start("vm", tap, [2, 0x77, 0, 0, 0, 2], (at(2), PREFIX)).map_err(DemoError::of("start the VM"))?;
    cable(&lan)?;
    let dir = Dir::new()?;
    let socket = dir.path().join("control");
    let listener = Listener::bind(&socket).map_err(DemoError::of("listen"))?;
    let kernel = Kernel::start(&Options::default()).map_err(DemoError::of("start workers"))?;
    let daemon = Daemon::start(kernel, listener).map_err(DemoError::of("start the daemon"))?;
    let given = Arc::clone(&container);
    let give = move || give_vport(&given);
    Ok(Stage {
        place: match isolation {
            Isolation::Network => "a network namespace of its own: nothing outside it is touched".into(),
            Isolation::User => {
                "user and network namespaces of its own: no rights are needed, nothing outside is touched".into()
            }
        },
        socket,
        script: vec![
            Scene::Ifconfig("bridge0 create inet 10.77.0.1/24"),
            Scene::Ifconfig("vport0 create"),
            Scene::Other(
                "ip link set vport0 netns box; ip -n box addr add 10.77.0.4/24 dev vport0; ip -n box link set vport0 up",
                Box::new(give),
            ),
            Scene::Ifconfig("bridge0 addm tap0 addm eth1 addm vport0 up"),
        ],
        hosts: vec![
            host("host", 1, "bridge0", "its own address", Stack::Here),
            host("vm", 2, "tap0", "kernel tap, embedded VM", Stack::Embedded(Arc::new(vm))),
            host("lan", 3, "eth1", "veth, kernel host", Stack::Kernel(lan)),
            host("box", 4, "vport0", "vport, container", Stack::Kernel(container)),
        ],
        _props: vec![Box::new(daemon), Box::new(dir)],
    })
}

fn host(name: &'static str, last: u8, interface: &'static str, what: &'static str, stack: Stack) -> Host {
    Host { name, address: at(last), interface, what, stack }
}

/// Lays a cable from `eth1` to the LAN host and brings both ends up, and the VM's tap.
fn cable(lan: &Namespace) -> Result<(), DemoError> {
    let lay = || -> io::Result<()> {
        let mut netlink = Netlink::open()?;
        netlink.create_veth("eth1", "lan0", lan)?;
        for name in ["eth1", "tap0"] {
            let index = index_of(&mut netlink, name)?;
            netlink.set_flags_up(index, Up::Yes)?;
        }
        lan.run(|| settle("lan0", at(3)))?
    };
    lay().map_err(DemoError::of("lay a cable to the LAN host"))
}

/// Moves `vport0` to the container's namespace, as a container engine does.
fn give_vport(container: &Namespace) -> Result<(), DemoError> {
    let give = || -> io::Result<()> {
        let mut netlink = Netlink::open()?;
        let index = index_of(&mut netlink, "vport0")?;
        netlink.move_to(index, container)?;
        container.run(|| settle("vport0", at(4)))?
    };
    give().map_err(DemoError::of("give vport0 to the container"))
}

/// Gives an interface its address and brings it up, and starts to swallow TCP there. For the namespace's own thread.
fn settle(interface: &str, address: Ipv4Addr) -> io::Result<()> {
    let mut netlink = Netlink::open()?;
    let index = index_of(&mut netlink, interface)?;
    netlink.add_address(index, address.into(), PREFIX, None)?;
    netlink.set_flags_up(index, Up::Yes)?;
    kernel_host::sink(address)
}

fn index_of(netlink: &mut Netlink, name: &str) -> io::Result<u32> {
    let link = netlink.links()?.into_iter().find(|link| link.name == name);
    link.map(|link| link.index).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no interface {name}")))
}
