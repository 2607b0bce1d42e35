//! Neighbours on Ethernet: ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861), without a system around them.
//!
//! Nothing here allocates, blocks or reads a clock: messages and the time go in, frames come out.
#![no_std]
#![forbid(unsafe_code)]

mod prefix;

pub use prefix::{ParsePrefixError, Prefix};
