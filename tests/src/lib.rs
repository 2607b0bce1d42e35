//! System tests of Trestle, over real kernels: network namespaces, kernel interfaces, real traffic.
//!
//! A test opens a [`Lab`], which gives it network namespaces of its own ([`Ns`]) and takes them away again, also after
//! a panic. [`Daemon`] is the program under test, in one of them. [`Host`] is a kernel as an end host, [`Vm`] a small
//! IP stack of our own behind a kernel TAP, as a virtual machine would be, and [`Wire`] the bare end of a cable, on
//! which frames are written and read to the byte.
//!
//! [`Switch`] has two implementations, Trestle and the Linux kernel's own bridge: scenarios that hold for every bridge
//! run on both, so that a failure on one alone says which side is wrong.
//!
//! Everything waits within a bound. What a machine lacks makes a test say so in one line and return, except where
//! `CI=true`: there it fails.
#![forbid(unsafe_code)]

mod attachment;
mod bare;
mod capture;
mod clock;
mod crowd;
mod daemon;
mod etherframe;
mod guest;
pub mod haiku;
mod holder;
mod host;
mod lab;
mod lan;
mod links;
mod neighbour;
pub mod nodes;
mod ns;
mod openvpn;
mod plug;
mod process;
mod program;
mod run;
mod running;
pub mod scenario;
mod stream;
mod switch;
mod udhcpd;
mod vm;
mod vpn;
mod wire;
mod wireguard;

pub use attachment::{Attachment, Site};
pub use bare::{Bare, datagram};
pub use capture::Capture;
pub use clock::{Limit, within};
pub use crowd::Crowd;
pub use daemon::Daemon;
pub use etherframe::{BROADCAST, EtherFrame, mac, parse_mac};
pub use guest::{Guest, Image};
pub use host::{Host, Offloads, Pings, set_offloads};
pub use lab::Lab;
pub use lan::{Lan, Peer, comes_to_reach, neighbour};
pub use links::{Link, Links};
pub use neighbour::{Arp, Nd, checksum};
pub use ns::Ns;
pub use openvpn::{Ends, Role, Tunnel};
pub use plug::{Kind, Station, plug};
pub use process::Process;
pub use program::{peer, trestle};
pub use run::{Ran, run};
pub use running::Running;
pub use stream::{Bytes, carry, echo, transfer};
pub use switch::{KernelBridge, Switch};
pub use udhcpd::{DhcpRequest, Udhcpd};
pub use vm::{Tagging, Vm};
pub use vpn::{Point, Shape, Topology, Up, Vpn};
pub use wire::Wire;
pub use wireguard::{Remote, WireGuard};
