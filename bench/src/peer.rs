//! How each bridge is set up.

pub(crate) mod kernel_bridge;
pub(crate) mod open_vswitch;
pub mod tap_loop;
pub(crate) mod trestle;
