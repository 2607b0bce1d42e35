//! A kernel in user space that loads the network add-ons of Haiku.
//!
//! One process is one kernel. Tests run each in a process of their own, so that a hang or a panic of the kernel fails one test.

mod cache;
mod clock;
mod condition;
mod delay;
mod depth;
mod devfs;
mod fault;
mod guests;
mod heap;
mod inject;
mod kernel;
mod loader;
mod lock;
pub mod modules;
mod network;
mod notices;
mod run;
mod select;
mod sem;
mod settings;
mod stack;
mod status;
pub mod symbols;
mod syscalls;
mod syslog;
mod team;
mod thread;
mod timers;
pub mod user;
mod user_copy;
mod watchdog;
pub mod wire;

pub use delay::Held;
pub use fault::Fault;
pub use kernel::{Config, Counts, Kernel, Left, Report};
pub use lock::{Flavour, forbid_blocking};
pub use run::{test, test_that_fails};
