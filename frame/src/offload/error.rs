//! Why an offload cannot be finished in software.

use super::Gso;
use core::fmt;

/// Why an offload cannot be finished in software. A platform counts it as
/// [`DropReason::Offload`](crate::DropReason::Offload).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OffloadError {
    /// Software does not cut this packet that way: obsolete, tunnelled, fragmented, or another protocol.
    Unsupported(Gso),
    /// A header or the packet ends past the frame; both in bytes.
    Truncated {
        /// Bytes that the headers ask for.
        need: usize,
        /// Bytes that are there.
        have: usize,
    },
    /// The header at that offset states a version or length that cannot be.
    Header(usize),
    /// The checksum lies outside the packet or not where the protocol has it; both in bytes.
    ChecksumPlace {
        /// Where summing was to start.
        start: u16,
        /// Where the sum was to go, from there.
        offset: u16,
    },
    /// Segments of that many payload bytes would be none, too many, or too large for the length fields.
    SegmentBytes(u16),
}

impl fmt::Display for OffloadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(gso) => write!(out, "segmentation type {} does not suit the packet", *gso as u8),
            Self::Truncated { need, have } => write!(out, "packet needs {need} bytes, frame has {have}"),
            Self::Header(at) => write!(out, "header at byte {at} is malformed"),
            Self::ChecksumPlace { start, offset } => write!(out, "no checksum belongs at byte {start} + {offset}"),
            Self::SegmentBytes(bytes) => write!(out, "cannot cut into segments of {bytes} bytes"),
        }
    }
}

impl core::error::Error for OffloadError {}
