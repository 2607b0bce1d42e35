//! Ending a thread that waits in the read of a device, which nothing but a request or a signal ends.
//!
//! The alternative, to wait for the device and a bell together, was measured: a program read 19,000 packets a second
//! where it reads 112,000.

use std::mem::MaybeUninit;
use std::os::unix::thread::JoinHandleExt;
use std::thread::JoinHandle;
use std::time::Duration;

/// Gives the signal a handler that does nothing, so that it interrupts.
pub(super) fn prepare() {
    extern "C" fn nothing(_: libc::c_int) {}
    let handler = nothing as extern "C" fn(libc::c_int);
    // SAFETY: zeros are a value of every field: no flags, so that calls are not restarted, and no signal masked.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = handler as libc::sighandler_t;
    // SAFETY: the handler does nothing, which is safe at any point of any thread.
    unsafe { libc::sigaction(SIGNAL, &raw const action, std::ptr::null_mut()) };
}

/// Lets the signal through to the calling thread, whatever it inherited.
pub(super) fn listen() {
    // SAFETY: zeros are the empty set.
    let mut signals: libc::sigset_t = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: `signals` is a set.
    unsafe { libc::sigaddset(&raw mut signals, SIGNAL) };
    // SAFETY: what a thread lets through concerns it alone, and this signal has a handler.
    unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const signals, std::ptr::null_mut()) };
}

/// Ends a thread that looks whether it is to end, each time its wait is interrupted.
pub(super) fn interrupt_until_it_ends(thread: JoinHandle<()>) {
    while !thread.is_finished() {
        // SAFETY: the thread has not been joined, so its identity is its own.
        unsafe { libc::pthread_kill(thread.as_pthread_t(), SIGNAL) };
        // It may have looked just before the signal, and waits again.
        std::thread::sleep(RETRY);
    }
    drop(thread.join());
}

/// Who does not handle it ignores it.
const SIGNAL: libc::c_int = libc::SIGURG;
const RETRY: Duration = Duration::from_millis(1);
