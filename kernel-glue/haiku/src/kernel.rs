//! Haiku's kernel, as far as the add-on calls it: raw imports, and safe calls around them.
//!
//! Every function here exists in r1beta5, r1beta6 and master, whatever they were built with.

pub(crate) mod clock;
pub(crate) mod devfs;
pub(crate) mod heap;
mod imports;
mod lock;
pub(crate) mod log;
pub(crate) mod module;
#[cfg(target_os = "none")]
mod panic;
pub(crate) mod random;
mod select;
mod semaphore;
pub(crate) mod settings;
mod spin;
mod status;
pub(crate) mod thread;
pub(crate) mod user;

pub(crate) use lock::Lock;
pub(crate) use select::Selection;
pub(crate) use semaphore::Semaphore;
pub(crate) use spin::{Once, Shared, Spin, relax};
pub(crate) use status::{Status, code};
