//! Whole bridges measured against those that a user would pick today, in network namespaces of their own.
//!
//! A [`suite::Suite`] names the [`subject::Subject`]s, visits them in turn for some rounds, and holds the medians
//! against its targets. One visit builds a [`bed::Bed`] (two hosts and a bridge between them), takes each
//! [`measure::Measure`] once and removes everything. [`node`] does the same for the devices that programs open, and [`vpn`]
//! for tunnels through them.

pub mod arguments;
pub mod bed;
mod clock;
mod fault;
pub mod figures;
mod load;
pub mod measure;
pub mod named;
pub mod node;
mod ns;
pub mod peer;
mod program;
mod report;
mod rounds;
pub mod subject;
pub mod suite;
mod target;
pub mod turns;
pub mod vpn;

pub use fault::Fault;
pub use target::{Bound, Target};
