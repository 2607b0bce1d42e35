//! The platforms under the Trestle cores, and the administration that every platform shares.
//!
//! [`admin`] knows no operating system: typed requests, the state that an operator asks for, and what is reported
//! back. Which platform carries it is chosen here and nowhere else.
#![cfg_attr(not(target_os = "linux"), no_std)]

extern crate alloc;

pub mod admin;
pub mod haiku_user;
pub mod link;
#[cfg(target_os = "linux")]
pub mod linux;
pub mod neighbours;

#[cfg(target_os = "haiku")]
pub use haiku_user::clock;
#[cfg(target_os = "linux")]
pub use linux::clock;
