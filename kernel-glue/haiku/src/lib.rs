//! Trestle as a kernel add-on of Haiku.
//!
//! The kernel finds the array `modules` in the file, and in it one network device module, whose hooks (`face`) make an
//! interface of each name of ours. Applications reach the devices by nodes (`node`) below `/dev`.
//!
//! On other systems the crate is a library whose pure parts are tested; its calls of the kernel are not linked then.
#![no_std]
#![cfg_attr(not(target_os = "none"), expect(dead_code, reason = "the kernel enters by the hooks"))]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod bell;
mod control;
mod engine;
mod face;
mod housekeeper;
mod identity;
mod inlet;
mod kernel;
mod losses;
mod member;
mod modules;
mod net_buffer;
mod node;
mod place;
mod ring;
mod stack;
mod system;
mod tun;
mod unit;
mod waiter;

#[cfg(feature = "linked")]
pub use modules::linked;
pub use modules::{Modules, modules};
