//! How a thread becomes the kernel's: on its first call, `%gs:0` is made to point to its record.
//!
//! Module code reads the running thread there (`thread_get_current_thread`). Linux leaves `%gs` to programs, and the C
//! library uses `%fs`.

use super::spawn::end;
use super::table::enter;
use super::{Block, CURRENT, Life, Thread, ThreadKind};
use std::cell::Cell;
use std::sync::atomic::Ordering::Relaxed;

/// Returns the thread that runs; one that the kernel has not seen yet is adopted until it ends.
pub(crate) fn current() -> &'static Thread {
    CURRENT.get().unwrap_or_else(adopt)
}

#[cold]
fn adopt() -> &'static Thread {
    let name = std::thread::current().name().unwrap_or("foreign").to_owned();
    let id = super::table::next_id();
    let thread = Thread::new(id, &name, haiku_abi::B_NORMAL_PRIORITY, ThreadKind::Adopted, Life::Running(Vec::new()));
    let thread = enter(thread);
    become_current(thread);
    ADOPTED.with(|adopted| adopted.0.set(Some(thread)));
    thread
}

/// Makes `thread` the one that runs here.
pub(super) fn become_current(thread: &'static Thread) {
    // The thread of a process ends with it, so an unknown number is not possible; 0 only hides a back trace.
    thread.linux_id.store(rustix::thread::gettid().as_raw_nonzero().get(), Relaxed);
    CURRENT.set(Some(thread));
    crate::fault::install();
    SLOT.with(|slot| {
        slot.set(&thread.block);
        set_gs(slot.as_ptr() as usize);
    });
}

fn set_gs(base: usize) {
    // SAFETY: the base points to the thread's own slot, which lives as long as the thread; nothing of Linux uses %gs.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_SET_GS, base) };
}

/// Takes an adopted thread out of the table when it ends.
struct Adopted(Cell<Option<&'static Thread>>);

impl Drop for Adopted {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            end(thread, haiku_abi::B_OK);
        }
    }
}

const ARCH_SET_GS: libc::c_long = 0x1001;

thread_local! {
    /// What `%gs:0` is: a pointer to the thread's record.
    static SLOT: Cell<*const Block> = const { Cell::new(std::ptr::null()) };
    static ADOPTED: Adopted = const { Adopted(Cell::new(None)) };
}
