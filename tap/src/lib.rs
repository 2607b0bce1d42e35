//! The TAP/TUN device: what an application opens, reads, writes and waits for, with no operating system in it.
//!
//! A [`Device`] holds bounded queues between a system and the descriptors ([`Handle`]) that applications open.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod address;
mod check;
mod counters;
mod device;
mod devices;
mod flow;
mod gate;
mod handle;
mod header;
pub mod ioctl;
mod name;
mod pace;
mod ready;
mod seat;
mod sync;

pub use address::stable_mac;
pub use check::{PacketError, check_head, check_write};
pub use counters::{Counters, Passed};
pub use device::{Carrier, Device, Link, Settings, Take};
pub use devices::{
    ControlError, Credentials, DeviceSettings, Devices, Effect, HandleId, MAX_DEVICES, MAX_HANDLES, MAX_QUEUES,
    Opening, Sharing, Standing, Transport,
};
pub use flow::flow;
pub use handle::{AttachError, Handle, Read, ReadError, Write, WriteError};
pub use header::{Cut, Families, Fit, Header, HeaderBytes, VnetBytes};
pub use name::{DeviceName, Kind, NameError, Node};
pub use pace::{Pace, Verdict};
pub use ready::Ready;
pub use seat::Mode;
#[cfg(not(loom))]
pub use sync::wait_by;

#[cfg(test)]
#[cfg(loom)]
mod loom_tests;
