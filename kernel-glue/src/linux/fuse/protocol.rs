//! The kernel's FUSE protocol as far as a directory of device nodes needs it: `linux/fuse.h`, version 7.31.
//!
//! The kernel writes one request a read, in the machine's byte order; [`request::Request::parse`] takes it apart, the types of
//! [`answer`] put replies together. What a newer kernel appends to a structure is ignored.

pub(in crate::linux) mod answer;
mod fields;
pub(in crate::linux) mod request;

/// The major version; another one is another protocol.
pub(in crate::linux) const MAJOR: u32 = 7;
/// The minor version spoken here: all structures have had their length since.
pub(in crate::linux) const MINOR: u32 = 31;
/// The node that is the directory.
pub(in crate::linux) const ROOT: u64 = 1;
/// The longest write that arrives in one request; a packet is at most 65,535 bytes and its header.
pub(in crate::linux) const MAX_WRITE_BYTES: usize = 128 << 10;
/// Room for any request: `FUSE_MIN_READ_BUFFER` is 8 KiB, and a write comes with 80 bytes of headers before it.
pub(in crate::linux) const REQUEST_BYTES: usize = MAX_WRITE_BYTES + (4 << 10);

/// `FUSE_MAX_PAGES`: the reply to INIT says how many pages a request may span.
pub(in crate::linux) const INIT_MAX_PAGES: u64 = 1 << 22;
/// `FUSE_BIG_WRITES`: a write may be longer than a page.
pub(in crate::linux) const INIT_BIG_WRITES: u64 = 1 << 5;
/// `FUSE_PARALLEL_DIROPS`: lookups need not wait for each other.
pub(in crate::linux) const INIT_PARALLEL_DIROPS: u64 = 1 << 18;
/// `FUSE_INIT_EXT`: the flags have a second word.
pub(in crate::linux) const INIT_EXT: u64 = 1 << 30;
/// `FUSE_HAS_RESEND` (Linux 6.9): requests that a dead server had taken can be had again.
pub(in crate::linux) const INIT_HAS_RESEND: u64 = 1 << 39;

/// `FUSE_POLL_SCHEDULE_NOTIFY`: someone sleeps until a change is notified.
pub(in crate::linux) const POLL_SCHEDULE_NOTIFY: u32 = 1;
/// `FUSE_IOCTL_COMPAT`: the caller is a 32-bit program.
pub(in crate::linux) const IOCTL_COMPAT: u32 = 1;

/// How a node is opened: no page cache and no file position. Without `FOPEN_STREAM` (16) the position is locked, and a
/// blocked read would stall a write on the same descriptor. `FOPEN_DIRECT_IO` is 1, `FOPEN_NONSEEKABLE` 4 for kernels
/// before 5.1, `FOPEN_PARALLEL_DIRECT_WRITES` 64.
pub(in crate::linux) const OPEN_NODE: u32 = 1 | 1 << 2 | 1 << 4 | 1 << 6;

#[cfg(test)]
mod tests;
