//! Linux: ports over TAP devices and packet sockets, the workers that carry frames between them, and netlink.
//!
//! [`Plane`] is the whole data plane as the control side sees it. All else is devices and their administration.

mod buffer;
pub mod caps;
pub mod clock;
mod counts;
mod edit;
mod error;
mod face;
mod finish;
pub mod fuse;
pub mod generator;
mod io;
pub mod keeper;
#[cfg(test)]
mod lab;
mod link_port;
mod memory;
mod name;
pub mod namespace;
mod neighbours;
pub mod netlink;
mod packet;
mod partial;
mod plane;
pub mod random;
mod ring;
mod seat;
#[cfg(test)]
mod skip;
pub mod supervise;
mod tap;
mod transmit;
mod uring;
mod worker;

pub use counts::Passed;
pub use error::{Action, DeviceError};
pub use face::Face;
pub use link_port::LinkPort;
pub use memory::{MemoryHost, MemoryPort, memory_port};
pub use name::{Interface, InterfaceName, NameError};
pub use neighbours::BridgeNeighbours;
pub use plane::{BridgeId, Plane, PlaneError, PlaneEvent, PlaneOptions};
pub use seat::{FaceCounts, NodePort, seat_pair, tell_end};
pub use tap::{Carrier, PlainTap, TapDevice};
pub use worker::Wire;
