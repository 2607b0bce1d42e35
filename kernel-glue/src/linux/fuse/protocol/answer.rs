//! What the kernel is told.

use super::fields::Record;
use super::{MAJOR, MAX_WRITE_BYTES, MINOR};
use rustix::io::Errno;

/// Owner, group and mode of a node, and what it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::linux) struct Attributes {
    /// The inode number.
    pub(in crate::linux) node: u64,
    /// `S_IF*` and permissions.
    pub(in crate::linux) mode: u32,
    pub(in crate::linux) uid: u32,
    pub(in crate::linux) gid: u32,
}

impl Attributes {
    /// Adds `struct fuse_attr`: no size, no times.
    fn append(self, record: Record) -> Record {
        let record = record.u64(self.node).zeros(5 * 8 + 3 * 4).u32(self.mode);
        record.u32(1).u32(self.uid).u32(self.gid).u32(0).u32(BLOCK_BYTES).u32(0)
    }
}

/// Makes the header of a reply: `struct fuse_out_header`.
pub(in crate::linux) fn header(unique: u64, body_bytes: usize, error: Option<Errno>) -> Record {
    let length = u32::try_from(HEADER_BYTES + body_bytes).unwrap_or(u32::MAX);
    let error = error.map_or(0, |errno| -errno.raw_os_error());
    Record::default().u32(length).u32(error.cast_unsigned()).u64(unique)
}

/// Makes the header of a notification, where the error field holds its code.
pub(in crate::linux) fn notice(code: u32, body_bytes: usize) -> Record {
    let length = u32::try_from(HEADER_BYTES + body_bytes).unwrap_or(u32::MAX);
    Record::default().u32(length).u32(code).u64(0)
}

/// Accepts the connection: `struct fuse_init_out`.
pub(in crate::linux) fn init(max_readahead: u32, flags: u64) -> Record {
    let (low, high) = (flags & 0xffff_ffff, flags >> 32);
    let word = |bits: u64| u32::try_from(bits).unwrap_or(0);
    let record = Record::default().u32(MAJOR).u32(MINOR).u32(max_readahead).u32(word(low));
    let max_write = u32::try_from(MAX_WRITE_BYTES).unwrap_or(u32::MAX);
    let record = record.u16(BACKGROUND).u16(BACKGROUND * 3 / 4).u32(max_write).u32(NANOSECOND);
    record.u16(MAX_PAGES).u16(0).u32(word(high)).zeros(7 * 4)
}

/// A directory entry that was looked up: `struct fuse_entry_out`. Neither name nor attributes may be cached.
pub(in crate::linux) fn entry(attributes: Attributes) -> Record {
    // Node numbers are never used again, so one generation does.
    attributes.append(Record::default().u64(attributes.node).u64(1).zeros(8 + 8 + 4 + 4))
}

/// Attributes, not to be cached: `struct fuse_attr_out`.
pub(in crate::linux) fn attributes(attributes: Attributes) -> Record {
    attributes.append(Record::default().zeros(8 + 4 + 4))
}

/// An open file: `struct fuse_open_out`.
pub(in crate::linux) fn opened(handle: u64, flags: u32) -> Record {
    Record::default().u64(handle).u32(flags).u32(0)
}

/// How much of a write was taken: `struct fuse_write_out`.
pub(in crate::linux) fn written(bytes: usize) -> Record {
    Record::default().u32(u32::try_from(bytes).unwrap_or(0)).u32(0)
}

/// Readiness, `POLL*` bits: `struct fuse_poll_out`.
pub(in crate::linux) fn ready(events: u32) -> Record {
    Record::default().u32(events).u32(0)
}

/// What ioctl(2) returns; the bytes for the caller follow: `struct fuse_ioctl_out`.
pub(in crate::linux) fn ioctl(result: u32) -> Record {
    Record::default().u32(result).zeros(3 * 4)
}

/// The file system, which holds nothing: `struct fuse_statfs_out`.
pub(in crate::linux) fn statfs(files: u64) -> Record {
    let record = Record::default().zeros(3 * 8).u64(files).u64(0);
    record.u32(BLOCK_BYTES).u32(NAME_BYTES).u32(BLOCK_BYTES).zeros(4 + 6 * 4)
}

/// The name of a notification of readiness: `struct fuse_notify_poll_wakeup_out`.
pub(in crate::linux) fn wakeup(kernel_handle: u64) -> Record {
    Record::default().u64(kernel_handle)
}

/// Adds an entry to a directory listing of at most `room` bytes: `struct fuse_dirent`, the name, and zeros to the next
/// multiple of 8. Returns whether it went in.
pub(in crate::linux) fn list(
    listing: &mut Vec<u8>,
    room: usize,
    attributes: Attributes,
    next: u64,
    name: &[u8],
) -> Listed {
    let bytes = (DIRENT_BYTES + name.len()).next_multiple_of(8);
    if listing.len() + bytes > room {
        return Listed::Full;
    }
    let end = listing.len() + bytes;
    let length = u32::try_from(name.len()).unwrap_or(0);
    // d_type of readdir(3) is the file type without the permissions.
    let kind = attributes.mode >> 12;
    listing.extend_from_slice(&Record::default().u64(attributes.node).u64(next).u32(length).u32(kind));
    listing.extend_from_slice(name);
    listing.resize(end, 0);
    Listed::Yes
}

/// Whether an entry fitted into a listing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::linux) enum Listed {
    Yes,
    Full,
}

/// `struct fuse_out_header`.
const HEADER_BYTES: usize = 16;
/// `struct fuse_dirent` without its name.
const DIRENT_BYTES: usize = 24;
/// What stat(2) tells as the best size of a read; of no consequence.
const BLOCK_BYTES: u32 = 4096;
/// Longer than any name here.
const NAME_BYTES: u32 = 255;
/// Requests that nobody waits for; there are none but readahead, which direct I/O has not.
const BACKGROUND: u16 = 12;
/// Granularity of times.
const NANOSECOND: u32 = 1;
/// Twice what the longest write spans, which may begin anywhere in a page, since reads have the same bound.
const MAX_PAGES: u16 = 64;
