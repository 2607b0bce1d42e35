//! Administration in the kernel: the state that operators asked for, and the stack and bridges that are made to show it.
//!
//! One kernel thread does it all, one thing at a time: requests of programs, and what happens by itself (the stack
//! brings an interface up, a program opens a device, a network card goes). Whoever has something for it leaves it at its
//! [desk], and waits for an answer or does not. So nothing here is locked while the stack runs hooks of ours, and no
//! hook ever waits for a lock of administration.

mod book;
mod claim;
mod datalink;
mod desk;
mod ground;
mod look;
mod observe;
mod request;
mod sockaddr;
mod weight;
mod words;

pub(crate) use desk::{ask, ring, settle};

use crate::kernel::Status;
use alloc::vec::Vec;

/// What a program is answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// A reply.
    pub(crate) json: Vec<u8>,
    /// What the ioctl returns beside it; `None` for success.
    pub(crate) status: Option<Status>,
}
