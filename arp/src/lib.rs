//! Neighbours on Ethernet: ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861), without a system around them.
//!
//! Nothing here blocks or reads a clock, and nothing allocates once it is made: messages and the time go in, frames
//! come out. [`parse`] turns what came from the Ethernet side into a [`Message`]; [`Neighbours`] is all that a link
//! knows and says. [`Bindings`] is what a bridge has seen of the stations behind its ports, and [`suppress`] what it
//! learns and answers by it.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod address;
mod bindings;
mod cache;
mod counters;
mod emit;
mod held;
mod message;
mod named;
mod neighbours;
mod prefix;
mod rate;
mod scope;
mod settings;
pub mod suppress;

pub use bindings::{Binding, BindingCounters, Bindings, Learned, Role, Source};
pub use cache::MAX_NEIGHBOURS;
pub use counters::{Count, Counters, Ignored};
pub use emit::NeighbourFrame;
pub use held::{MAX_HELD, MAX_HELD_EACH};
pub use message::{AdvertisementFlags, Message, Operation, Refused, parse};
pub use neighbours::{
    Event, Identity, MAX_INCOMPLETE, MAX_OWN, MAX_PROBED, Neighbour, Neighbours, Output, Received, Resolution, State,
    Unresolvable,
};
pub use prefix::{ParsePrefixError, Prefix};
pub use rate::Rate;
pub use scope::{MAX_PREFIXES, Scope};
pub use settings::Settings;
