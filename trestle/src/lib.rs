//! Trestle, the program, as a library.
#![forbid(unsafe_code)]

pub mod administer;
pub mod cli;
#[cfg(target_os = "linux")]
pub mod control;
#[cfg(target_os = "linux")]
pub mod daemon;
#[cfg(target_os = "linux")]
pub mod demo;
mod embedded;
#[cfg(target_os = "linux")]
pub mod exec;
pub mod haiku;
pub mod ifconfig;
pub mod neighbours;
mod output;
// What the program is beside `ifconfig` and its like; the only place where a platform is chosen.
#[cfg_attr(target_os = "linux", path = "platform/linux.rs")]
#[cfg_attr(target_os = "haiku", path = "platform/haiku.rs")]
mod platform;
#[cfg(target_os = "linux")]
pub mod plug;
pub mod selftest;
