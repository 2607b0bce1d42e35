//! Bytes and time: what every Trestle core and every platform agrees on.
//!
//! Nothing here blocks or reads a clock, and nothing but a [`VidSet`], which is configuration, allocates. A core
//! borrows a frame's first bytes as a [`Frame`], is told the time as an [`Instant`], answers with ports, and counts what
//! it drops by [`DropReason`].
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod checksum;
mod drop_reason;
mod ethertype;
pub mod hash;
mod mac;
mod named;
pub mod offload;
mod port;
mod random;
mod seam;
mod tag;
mod time;
mod vid_set;
mod view;

pub use drop_reason::{DropCounts, DropReason};
pub use ethertype::EtherType;
pub use mac::{Mac, ParseMacError};
pub use named::{Counts, Named};
pub use port::{MAX_PORTS, PortId, PortSet};
pub use random::SplitMix;
pub use seam::{FrameBuf, Meta, Ports, TagEdit};
pub use tag::{Tag, Tpid, Vid};
pub use time::Instant;
pub use vid_set::{ParseVidSetError, VidSet};
pub use view::{Frame, HEAD_BYTES, HEADER_BYTES, TAG_BYTES, WireError};
