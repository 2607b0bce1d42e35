//! Kernel threads: made suspended, run once, joined by number.
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

/// Starts a thread that was made, and is not resumed yet.
pub(crate) fn resume(id: thread_id) -> Result<(), status_t> {
    let thread = find(id).ok_or(B_BAD_THREAD_ID)?;
    let entry = {
        let mut life = locked(&thread.life);
        let Life::Suspended(entry) = *life else { return Err(haiku_abi::B_BAD_VALUE) };
        *life = Life::Running(Vec::new());
        entry
    };
    let builder = std::thread::Builder::new().name(thread.name.clone()).stack_size(HOST_STACK_BYTES);
    match builder.spawn(move || run(thread, entry)) {
        Ok(_) => Ok(()),
        Err(_) => {
            *locked(&thread.life) = Life::Suspended(entry);
            Err(B_NO_MEMORY)
        }
    }
}

fn run(thread: &'static Thread, entry: Entry) {
    become_current(thread);
    let status = crate::depth::enter(thread, || {
        let Entry { function, argument } = entry;
        // SAFETY: the module that spawned the thread vouches for function and argument.
        unsafe { function(argument) }
    });
    end(thread, status);
}

/// Ends the running thread: whoever waits for it goes on.
fn end(thread: &'static Thread, status: status_t) {
    crate::lock::check_none_held(thread);
    let joiners = match std::mem::replace(&mut *locked(&thread.life), Life::Ended(status)) {
        Life::Running(joiners) => joiners,
        Life::Suspended(_) | Life::Ended(_) | Life::Gone => Vec::new(),
    };
    for joiner in joiners {
        joiner.unblock(B_OK);
    }
}

/// Waits until a thread has ended, resumes it first if need be, and returns its status, which is given out once.
pub(crate) fn join(id: thread_id) -> Result<status_t, status_t> {
    let this = current();
    if id == this.id {
        return Err(EDEADLK);
    }
    let thread = find(id).ok_or(B_BAD_THREAD_ID)?;
    // Fails if the thread runs already, as it should.
    let _ = resume(id);
    loop {
        let mut life = locked(&thread.life);
        match &mut *life {
            Life::Ended(status) => {
                let status = *status;
                *life = Life::Gone;
                drop(life);
                leave(thread);
                return Ok(status);
            }
            Life::Gone => return Err(B_BAD_THREAD_ID),
            Life::Suspended(_) => return Err(B_NO_MEMORY),
            Life::Running(joiners) => {
                joiners.push(this);
                let name = thread.name.clone();
                this.prepare(0, Wait { kind: WaitKind::Thread, object: id.cast_unsigned() as usize, name });
                drop(life);
                this.block(Deadline::Never);
            }
        }
    }
}

/// Ends a thread: one that has not begun at once, any other at its next wait that a signal may end.
pub(crate) fn kill(id: thread_id) -> Result<(), status_t> {
    let thread = find(id).ok_or(B_BAD_THREAD_ID)?;
    let mut life = locked(&thread.life);
    if matches!(*life, Life::Suspended(_)) {
        *life = Life::Gone;
        drop(life);
        leave(thread);
    } else {
        drop(life);
        thread.interrupt();
    }
    Ok(())
}

/// Linux's stack of a kernel thread.
const HOST_STACK_BYTES: usize = 256 * 1024;
/// The caller waits for itself (`errno.h`).
pub(crate) const EDEADLK: status_t = -2147454973;
