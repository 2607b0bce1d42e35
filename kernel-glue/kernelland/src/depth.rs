//! How deep the kernel's stack of a thread goes: Haiku gives each thread 16 KiB.
//!
//! Module code runs on a larger stack of Linux's. Whenever it calls the kernel, the distance from where it entered is
//! compared with Haiku's size, so that whoever is too deep is found by the next call. What the kernel itself uses
//! between two modules (`get_module` around a module's initialisation) counts as a flat allowance, because these frames are not
//! Haiku's.

use crate::thread::Thread;
use std::sync::atomic::Ordering::Relaxed;

/// Runs `call` as what the thread does first in the kernel.
pub(crate) fn enter<R>(thread: &Thread, call: impl FnOnce() -> R) -> R {
    let before = thread.stack_top.load(Relaxed);
    if before == 0 {
        thread.stack_top.store(here(), Relaxed);
        thread.entered_at.store(here(), Relaxed);
    }
    let result = call();
    thread.stack_top.store(before, Relaxed);
    result
}

/// Whether the thread is in the kernel.
pub(crate) fn is_inside(thread: &Thread) -> bool {
    thread.stack_top.load(Relaxed) != 0
}

/// Runs `call`, which is module code that the kernel calls in the midst of a call of other module code.
pub(crate) fn call_out<R>(thread: &Thread, call: impl FnOnce() -> R) -> R {
    let before = thread.stack_top.load(Relaxed);
    let entered = thread.entered_at.load(Relaxed);
    if before != 0 && entered != 0 {
        let own_frames = entered.saturating_sub(here()).saturating_sub(KERNEL_FRAMES_BYTES);
        thread.stack_top.store(before.saturating_sub(own_frames), Relaxed);
    }
    let result = call();
    thread.stack_top.store(before, Relaxed);
    thread.entered_at.store(entered, Relaxed);
    result
}

/// Looks at the depth, as module code calls the kernel.
pub(crate) fn check(thread: &Thread) {
    let top = thread.stack_top.load(Relaxed);
    let here = here();
    thread.entered_at.store(here, Relaxed);
    let depth = top.saturating_sub(here);
    if depth > thread.deepest.load(Relaxed) {
        thread.deepest.store(depth, Relaxed);
        if depth > STACK_BYTES {
            crate::fault::fail(&format!("kernel stack of thread {} is {depth} bytes deep", thread.name));
        }
    }
}

/// Returns about where the stack pointer is.
#[inline(never)]
fn here() -> usize {
    let mark = 0u8;
    (&raw const mark) as usize
}

/// A kernel stack of Haiku's, without its guard page.
const STACK_BYTES: usize = 16 * 1024;
/// What Haiku's kernel is taken to use between two modules; a guess from the frames of its module manager.
const KERNEL_FRAMES_BYTES: usize = 512;
