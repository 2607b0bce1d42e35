//! Trestle, the program, as a library.
#![forbid(unsafe_code)]

pub mod administer;
pub mod cli;
pub mod control;
pub mod daemon;
pub mod demo;
mod embedded;
pub mod exec;
pub mod ifconfig;
pub mod neighbours;
mod output;
pub mod plug;
