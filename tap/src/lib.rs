//! The TAP/TUN device: what an application opens, reads, writes and waits for, with no operating system in it.
//!
//! A [`Device`] holds bounded queues between a system and the descriptors ([`Handle`]) that applications open.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod check;
mod counters;
mod device;
mod gate;
mod handle;
mod header;
mod name;
mod ready;
mod seat;
mod sync;

pub use check::{PacketError, check_write};
pub use counters::{Counters, Passed};
pub use device::{Carrier, Device, Link, Settings};
pub use handle::{AttachError, Handle, Read, ReadError, Write, WriteError};
pub use header::{Cut, Families, Fit, Header, HeaderBytes, VnetBytes};
pub use name::{DeviceName, Kind, NameError, Node};
pub use ready::Ready;
pub use seat::Mode;
