//! The TAP/TUN device: what an application opens, reads, writes and waits for, with no operating system in it.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod name;

pub use name::{DeviceName, Kind, NameError, Node};
