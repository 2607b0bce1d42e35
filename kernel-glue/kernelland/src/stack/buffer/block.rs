//! Where the bytes of packets lie: pieces of one size from the kernel's object cache, shared by whoever shows them.

use crate::stack::kernel::Cache;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI32, Ordering};

/// Bytes of a piece.
const BLOCK_BYTES: usize = 2048;
/// Bytes at its front that carry no packet.
const HEADER_BYTES: usize = 40;
/// Bytes of a piece that may carry a packet, or describe its parts.
pub(super) const ROOM: usize = BLOCK_BYTES - HEADER_BYTES;

/// The cache that pieces come from.
pub(super) static BLOCKS: Cache = Cache::new(c"data node cache", BLOCK_BYTES);

/// A reference to one piece; the last one gives it back.
pub(super) struct Block(NonNull<AtomicI32>);

impl Block {
    /// Returns a new piece, or `None` without memory. Its bytes are whatever the cache left there.
    pub(super) fn new() -> Option<Self> {
        let place = BLOCKS.alloc()?.cast::<AtomicI32>();
        // SAFETY: the cache's objects are `BLOCK_BYTES` long and aligned for words, and this one is ours alone.
        unsafe { place.write(AtomicI32::new(1)) };
        Some(Self(place))
    }

    /// Where the byte at that place of [`ROOM`] lies. `at` may be `ROOM`, which is its end.
    pub(super) fn at(&self, at: usize) -> *mut u8 {
        let at = HEADER_BYTES + at.min(ROOM);
        // SAFETY: the piece is `BLOCK_BYTES` long, and `at` is at most that.
        unsafe { self.0.as_ptr().cast::<u8>().add(at) }
    }

    /// Whether both are the same piece.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    fn references(&self) -> &AtomicI32 {
        // SAFETY: the piece lives while a reference to it does, and its first word is only used as this atomic.
        unsafe { self.0.as_ref() }
    }
}

impl Clone for Block {
    fn clone(&self) -> Self {
        self.references().fetch_add(1, Ordering::Relaxed);
        Self(self.0)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if self.references().fetch_sub(1, Ordering::AcqRel) == 1 {
            BLOCKS.free(self.0.cast());
        }
    }
}

// SAFETY: the count is atomic, and bytes are reached through raw pointers by whoever holds the packet.
unsafe impl Send for Block {}
// SAFETY: as above.
unsafe impl Sync for Block {}
