//! The memory of an image.

use super::elf::PAGE;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use std::ffi::c_void;
use std::ops::Range;

/// A range of addresses that belongs to one image.
#[derive(Debug)]
pub(super) struct Mapping {
    start: *mut c_void,
    bytes: usize,
}

// SAFETY: the range belongs to the image; module code shares it between threads as it is.
unsafe impl Send for Mapping {}

impl Mapping {
    /// Reserves a range, with no access, and a page behind it that stays so.
    pub(super) fn reserve(bytes: usize) -> Option<Self> {
        let bytes = bytes.checked_add(PAGE)?;
        // SAFETY: a new range, wherever there is room.
        let start = unsafe { mmap_anonymous(std::ptr::null_mut(), bytes, ProtFlags::empty(), MapFlags::PRIVATE) };
        start.ok().map(|start| Self { start, bytes })
    }

    pub(super) fn base(&self) -> usize {
        self.start.expose_provenance()
    }

    /// Copies both segments in, and gives each its access.
    pub(super) fn fill(&self, contents: &[u8], text: &Range<usize>, data: &Range<usize>, writable_text: bool) {
        for part in [text, data] {
            let Some(bytes) = contents.get(part.clone()) else { continue };
            self.protect(part, MprotectFlags::READ | MprotectFlags::WRITE);
            let to = self.start.cast::<u8>().wrapping_add(part.start);
            // SAFETY: the part lies in our range and was made writable; nobody else knows it yet.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
        }
        let mut access = MprotectFlags::READ | MprotectFlags::EXEC;
        access.set(MprotectFlags::WRITE, writable_text);
        self.protect(text, access);
    }

    /// Takes all access away, and the memory; the range stays.
    pub(super) fn seal(self) {
        let flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE;
        // SAFETY: the range is ours, and no code runs in it any more; should some, it faults, which is the purpose.
        let sealed = unsafe { mmap_anonymous(self.start, self.bytes, ProtFlags::empty(), flags) };
        if sealed.is_err() {
            self.release();
        }
    }

    /// Gives the range back.
    pub(super) fn release(self) {
        // SAFETY: as in `seal`. It cannot fail for a range that is mapped as a whole.
        let _ = unsafe { munmap(self.start, self.bytes) };
    }

    fn protect(&self, part: &Range<usize>, access: MprotectFlags) {
        let start = self.start.cast::<u8>().wrapping_add(part.start).cast();
        // SAFETY: the part is of our range. What fails here (no memory) faults at the first use.
        let _ = unsafe { mprotect(start, part.len(), access) };
    }
}
