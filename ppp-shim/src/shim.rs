//! The shim itself: a frame's packet, a packet's header.
//!
//! [`strip`] says which bytes of a frame are the packet; [`classify`] says what a packet needs of a frame, and [`header`]
//! is the 14 bytes that go before it.

mod classify;
mod strip;

pub use crate::ip::Version;
pub use classify::{Destination, Kind, classify, header};
pub use strip::{Cast, Packet, Stripped, strip};
