//! Neighbours on Ethernet: ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861), without a system around them.
//!
//! Nothing here blocks, reads a clock or, once it is made, allocates: messages and the time go in, frames come out.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod bindings;
mod prefix;

pub use bindings::{Binding, BindingCounters, Bindings, Learned, Role, Source};
pub use prefix::{ParsePrefixError, Prefix};
