//! The C types, constants and calls of Haiku on x86_64, as far as Trestle meets them.
//!
//! Names are those of Haiku's headers, so that both can be read side by side. The layouts are the same in the releases
//! r1beta5, r1beta6 and in master; every size and offset is asserted here, and a test compares all of them with what
//! a compiler said of the headers (`abi.csv`, `constants.csv`).
#![no_std]
#![expect(non_camel_case_types, reason = "C's names, as in the headers")]
#![expect(missing_docs, reason = "members are documented by the headers they come from; what differs is said")]

mod address;
pub mod admin;
mod buffer;
mod constants;
mod datalink;
mod device;
mod error;
mod interface;
mod kernel_constants;
mod layout;
mod lock;
mod module;
mod net_constants;
mod node;
mod protocol;
mod request;
mod stack;
mod stack_interface;

pub use address::*;
pub use buffer::*;
pub use datalink::*;
pub use device::*;
pub use error::*;
pub use interface::*;
pub use kernel_constants::*;
pub use lock::*;
pub use module::*;
pub use net_constants::*;
pub use node::*;
pub use protocol::*;
pub use request::*;
pub use stack::*;
pub use stack_interface::*;

pub type status_t = i32;
pub type ssize_t = isize;
pub type off_t = i64;
/// Microseconds.
pub type bigtime_t = i64;
pub type thread_id = i32;
pub type sem_id = i32;
pub type team_id = i32;
pub type socklen_t = u32;
pub type thread_func = Option<unsafe extern "C" fn(*mut core::ffi::c_void) -> status_t>;

#[cfg(test)]
mod tests;
