//! The forwarding engine: decides for each Ethernet frame which ports it leaves, and learns where stations are.
//!
//! A [`Bridge`] is shared: the control thread publishes its [`Config`], administers its address table and reads its
//! counters. Each thread that receives frames owns a [`Worker`] of it, to which [`run()`] gives batches of frames.
//! The engine sees a frame's first bytes, never owns a buffer, reads no clock, and does not allocate per frame.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod bridge;
mod config;
mod counters;
mod event;
mod flood;
#[cfg(any(feature = "testkit", all(test, not(loom))))]
pub mod model;
mod run;
mod snapshot;
mod storm;
mod suppress;
mod sync;
mod table;
mod vlan;
mod watch;
mod worker;

pub use bridge::{AddressCounts, Bridge, Entry};
pub use config::{Config, PortConfig, PortFlags, Rate, Storm};
pub use counters::{BridgeCounters, PortCounters};
pub use event::Event;
pub use flood::{Flood, FloodClass};
pub use run::{run, run_watched};
pub use suppress::Suppress;
pub use table::{EntryKind, Flush, MAX_ADDRESSES, TableError};
pub use watch::{Next, Sighting, Watch};
pub use worker::{Verdict, Worker};
