//! The watchdog: when the time is up, it prints every thread with its back trace and what it waits for, and ends the process.

use crate::fault::{self, Trace};
use crate::thread::{self, Thread, locked};
use std::ffi::{c_int, c_void};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Condvar, Mutex, Once, PoisonError};
use std::time::Duration;

/// Ends the process after a time.
pub(crate) fn start(limit: Duration) {
    let watch = move || {
        std::thread::sleep(limit);
        fault::end(&format!("the time of {} s is up\n{}\n{}", limit.as_secs_f32(), threads(), crate::syslog::tail()));
    };
    // Without it, the parent process still ends this one, and says less.
    let _ = std::thread::Builder::new().name("watchdog".to_owned()).spawn(watch);
}

/// Returns every thread, with its back trace and what it waits for.
pub(crate) fn threads() -> String {
    INSTALLED.call_once(install);
    let mut text = String::new();
    for thread in thread::all() {
        let waits = match thread.waits_for() {
            Some(wait) => format!("waits for {:?} {} {:#x}", wait.kind, wait.name, wait.object),
            None if thread.is_alive() => "runs".to_owned(),
            None => "has ended".to_owned(),
        };
        text.push_str(&format!("{thread}, {waits}\n"));
        if let Some(trace) = trace_of(thread) {
            text.push_str(&trace.to_string());
        }
    }
    text
}

/// Asks a thread for its back trace, by a signal.
fn trace_of(thread: &Thread) -> Option<Trace> {
    let linux_id = thread.linux_id.load(Relaxed);
    if linux_id == 0 || !thread.is_alive() {
        return None;
    }
    if linux_id == rustix::thread::gettid().as_raw_nonzero().get() {
        return Some(Trace::capture());
    }
    *locked(&ANSWER) = None;
    let process = rustix::process::getpid().as_raw_nonzero().get();
    // SAFETY: a signal that is handled, to a thread of this process.
    let sent = unsafe { libc::syscall(libc::SYS_tgkill, process, linux_id, libc::SIGUSR2) };
    if sent != 0 {
        return None;
    }
    let answer = locked(&ANSWER);
    let waited = ANSWERED.wait_timeout_while(answer, PATIENCE, |answer| answer.is_none());
    waited.unwrap_or_else(PoisonError::into_inner).0.take()
}

fn install() {
    fault::handle(libc::SIGUSR2, on_question as *const () as usize);
}

unsafe extern "C" fn on_question(_signal: c_int, _info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel gives the context of a handler with SA_SIGINFO, for the call.
    let trace = unsafe { Trace::of_context(context.cast()) };
    *locked(&ANSWER) = Some(trace);
    ANSWERED.notify_all();
}

static INSTALLED: Once = Once::new();
static ANSWER: Mutex<Option<Trace>> = Mutex::new(None);
static ANSWERED: Condvar = Condvar::new();
const PATIENCE: Duration = Duration::from_millis(500);
