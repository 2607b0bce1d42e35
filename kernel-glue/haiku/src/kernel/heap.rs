//! Memory: the kernel's, and a reserve for when it has none.
//!
//! The kernel's `malloc` may fail, and Rust's collections cannot: they end the program, which here is the kernel. So
//! whatever allocates asks for a [`permit`] first, which finds a reserve of memory filled or refuses, or sets more than is
//! ordinary aside ([`set_aside`]); what `malloc` does not give meanwhile comes out of the reserve. The data path allocates
//! packets alone, which may be had or not.

mod reserve;

use super::Status;
#[cfg(target_os = "none")]
use super::imports;
#[cfg(target_os = "none")]
use core::alloc::{GlobalAlloc, Layout};

/// Makes sure that an ordinary change gets all the memory that it asks for.
///
/// What is kept for that is never given back: whoever has a permit may be anywhere in what it is for.
///
/// # Errors
/// [`Status::B_NO_MEMORY`], before anything is done.
pub(crate) fn permit() -> Result<(), Status> {
    reserve::fill(ORDINARY_BYTES)
}

/// As [`permit`], for a change that may ask for so many bytes, and for that many in one piece, while the result is kept.
/// Those who do so at the same time share what is set aside.
///
/// # Errors
/// [`Status::B_NO_MEMORY`], before anything is done.
pub(crate) fn set_aside(bytes: usize) -> Result<SetAside, Status> {
    let aside = SetAside::hold();
    reserve::fill(bytes)?;
    Ok(aside)
}

/// Memory that is in reserve until this is dropped.
#[must_use]
pub(crate) struct SetAside(());

impl SetAside {
    fn hold() -> Self {
        reserve::hold();
        Self(())
    }
}

impl Drop for SetAside {
    fn drop(&mut self) {
        reserve::let_go();
    }
}

/// What any change but the making of large tables stays within; a guess, far above what was counted.
const ORDINARY_BYTES: usize = 192 * 1024;

/// The allocator of everything in the add-on.
#[cfg(target_os = "none")]
struct Kernel;

#[cfg(target_os = "none")]
#[global_allocator]
static KERNEL: Kernel = Kernel;

// SAFETY: memory comes from the kernel or the reserve, as large and aligned as it was asked for, and goes back to where
// it came from, which its address tells.
#[cfg(target_os = "none")]
unsafe impl GlobalAlloc for Kernel {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let memory = if layout.align() <= MALLOC_ALIGNMENT {
            // SAFETY: the size is not zero, by `GlobalAlloc`'s contract.
            unsafe { imports::malloc(layout.size()) }
        } else {
            // SAFETY: the alignment is a power of two, and the size is not zero.
            unsafe { imports::memalign(layout.align(), layout.size()) }
        };
        if memory.is_null() { reserve::take(layout) } else { memory.cast() }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if !reserve::give(memory, layout) {
            // SAFETY: what is not the reserve's came from `malloc` or `memalign`, and is used no more.
            unsafe { imports::free(memory.cast()) };
        }
    }
}

/// `malloc` aligns to this at least, in every release.
#[cfg(target_os = "none")]
const MALLOC_ALIGNMENT: usize = 8;
