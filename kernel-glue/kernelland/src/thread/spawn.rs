//! Kernel threads: made suspended, run once, joined by number while they have not ended.
//!
//! A Linux thread begins when the kernel thread is resumed. Its stack is larger than Haiku's 16 KiB, because the kernel's own
//! side runs on it too, with frames of a debug build; [`crate::depth`] watches the depth instead, at every call
//! of module code into the kernel.

use super::adopt::become_current;
use super::block::{Deadline, Wait, WaitKind};
use super::table::{enter, find, leave, next_id};
use super::{Life, Thread, ThreadKind, current, locked};
use haiku_abi::{B_BAD_THREAD_ID, B_NO_MEMORY, B_OK, status_t, thread_id};
use std::ffi::c_void;

/// What a kernel thread runs.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) function: unsafe extern "C" fn(*mut c_void) -> status_t,
    pub(crate) argument: *mut c_void,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:p}({:p})", self.function, self.argument)
    }
}

// SAFETY: who spawns a thread hands the argument over to it; C's interface says no more.
unsafe impl Send for Entry {}

/// Makes a thread that waits to be resumed.
pub(crate) fn spawn(name: &str, priority: i32, entry: Entry, caller: usize) -> thread_id {
    enter(Thread::new(next_id(), name, priority, ThreadKind::Kernel(caller), Life::Suspended(entry))).id
}

/// Starts a thread that was made; one that runs already goes on.
pub(crate) fn resume(id: thread_id) -> Result<(), status_t> {
    let thread = find(id).ok_or(B_BAD_THREAD_ID)?;
    start(thread, &mut locked(&thread.life))
}

fn start(thread: &'static Thread, life: &mut Life) -> Result<(), status_t> {
    let Life::Suspended(entry) = *life else { return Ok(()) };
    let builder = std::thread::Builder::new().name(thread.name.clone()).stack_size(HOST_STACK_BYTES);
    builder.spawn(move || run(thread, entry)).map_err(|_| B_NO_MEMORY)?;
    *life = Life::Running(Vec::new());
    Ok(())
}

fn run(thread: &'static Thread, entry: Entry) {
    become_current(thread);
    let status = crate::depth::enter(thread, || {
        let Entry { function, argument } = entry;
        // SAFETY: the module that spawned the thread vouches for function and argument.
        unsafe { function(argument) }
    });
    crate::lock::check_none_held(thread, "ends");
    end(thread, status);
}

/// Ends the running thread: whoever waits for it by now gets its status. Haiku keeps none for those who come later, as long as the
/// thread is one of the kernel's team.
pub(super) fn end(thread: &'static Thread, status: status_t) {
    leave(thread);
    let joiners = match std::mem::replace(&mut *locked(&thread.life), Life::Ended(status)) {
        Life::Running(joiners) => joiners,
        Life::Suspended(_) | Life::Ended(_) => Vec::new(),
    };
    for joiner in joiners {
        joiner.unblock(B_OK);
    }
}

/// Waits until a thread has ended, resumes it first if need be, and returns its status.
pub(crate) fn join(id: thread_id) -> Result<status_t, status_t> {
    let this = current();
    if id == this.id {
        return Err(EDEADLK);
    }
    let thread = find(id).ok_or(B_BAD_THREAD_ID)?;
    crate::lock::check_may_block(WaitKind::Thread, &thread.name);
    let mut life = locked(&thread.life);
    start(thread, &mut life)?;
    let Life::Running(joiners) = &mut *life else { return Err(B_BAD_THREAD_ID) };
    joiners.push(this);
    let name = thread.name.clone();
    this.prepare(0, Wait { kind: WaitKind::Thread, object: id.cast_unsigned() as usize, name });
    drop(life);
    this.block(Deadline::Never);
    match *locked(&thread.life) {
        Life::Ended(status) => Ok(status),
        Life::Suspended(_) | Life::Running(_) => Err(B_BAD_THREAD_ID),
    }
}

/// Sends a signal, whichever: a thread of the kernel's team is only woken by it, if it has not been resumed yet.
pub(crate) fn signal(id: thread_id) -> Result<(), status_t> {
    let thread = find(id).ok_or(B_BAD_THREAD_ID)?;
    match thread.kind {
        ThreadKind::Kernel(_) => start(thread, &mut locked(&thread.life)),
        ThreadKind::Adopted => {
            thread.interrupt();
            Ok(())
        }
    }
}

/// Linux's stack of a kernel thread.
const HOST_STACK_BYTES: usize = 256 * 1024;
/// The caller waits for itself (`errno.h`).
pub(crate) const EDEADLK: status_t = -2147454973;
