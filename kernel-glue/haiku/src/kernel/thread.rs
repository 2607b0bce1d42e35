//! Threads of the kernel, with stacks of 16 KiB.

use super::imports::{resume_thread, snooze, spawn_kernel_thread, wait_for_thread};
use super::{Status, clock};
use alloc::boxed::Box;
use core::ffi::{CStr, c_void};
use core::time::Duration;
use frame::Instant;
use haiku_abi::{B_OK, bigtime_t, status_t, thread_id};

/// A thread that can be waited for. One that is dropped goes on alone.
#[must_use]
pub(crate) struct Thread(thread_id);

type Body = Box<dyn FnOnce() + Send>;

/// Starts a thread.
///
/// # Errors
/// There are as many threads as may be, or no memory for another; the body is dropped then. Or the thread does not start.
pub(crate) fn spawn(name: &CStr, priority: i32, body: impl FnOnce() + Send + 'static) -> Result<Thread, Status> {
    let body: Body = Box::new(body);
    let data = Box::into_raw(Box::new(body));
    // SAFETY: the name is copied; `data` is what `enter` takes, and goes to this one thread.
    let thread = Status::number(unsafe { spawn_kernel_thread(Some(enter), name.as_ptr(), priority, data.cast()) });
    let thread = thread.inspect_err(|_| {
        // SAFETY: there is no thread that would take it; it came from `into_raw` above.
        drop(unsafe { Box::from_raw(data) });
    })?;
    // The kernel cannot end a thread of its own: one that was not resumed is run by the next signal, `kill_thread`'s too. So the box
    // stays the thread's.
    // SAFETY: the thread was made above and has not run.
    Status::check(unsafe { resume_thread(thread) })?;
    Ok(Thread(thread))
}

/// Lets the calling thread sleep.
pub(crate) fn sleep(time: Duration) {
    // SAFETY: hooks and threads of ours may all sleep.
    unsafe { snooze(bigtime_t::try_from(time.as_micros()).unwrap_or(bigtime_t::MAX)) };
}

impl Thread {
    /// Waits for the thread's end.
    pub(crate) fn join(self) {
        let mut result = B_OK;
        // SAFETY: `result` outlives the call; a thread that is gone already is an error, and as good.
        unsafe { wait_for_thread(self.0, &raw mut result) };
    }
}

/// Sleeps until a moment.
pub(crate) fn sleep_until(moment: Instant) {
    let left = moment.since(clock::now()).as_micros();
    // SAFETY: it may be called by any thread that may sleep, and ours may.
    unsafe { snooze(bigtime_t::try_from(left).unwrap_or(bigtime_t::MAX)) };
}

/// # Safety
/// - `data` is the box that `spawn` made, and this is the one thread that gets it.
unsafe extern "C" fn enter(data: *mut c_void) -> status_t {
    // SAFETY: the condition above.
    let body = unsafe { Box::from_raw(data.cast::<Body>()) };
    body();
    B_OK
}
