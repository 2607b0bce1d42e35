//! Trestle, the program, as a library.
#![forbid(unsafe_code)]

pub mod control;
pub mod ifconfig;
