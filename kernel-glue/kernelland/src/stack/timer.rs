//! Timers that one kernel thread runs, in the order in which they were set.

use crate::stack::deferred;
use crate::stack::kernel::{self, Semaphore};
use crate::stack::lock::Mutex;
use crate::stack::member::member;
use haiku_abi::*;
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU32, Ordering};

/// What the lock of the timers protects.
struct Timers {
    set: Vec<Entry>,
    /// The timer whose hook runs.
    running: Entry,
    /// When the thread looks again, unless it is woken.
    sleeps_until: bigtime_t,
    wake: Option<Semaphore>,
    /// Where those wait who want a hook to be over, and how many they are.
    over: Option<Semaphore>,
    waiting: i32,
    thread: thread_id,
}

/// A timer of whoever: that it lives while it is set or runs is theirs to see to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry(*mut net_timer);

// SAFETY: the structure is used under the lock of the timers.
unsafe impl Send for Entry {}

impl Entry {
    const NONE: Self = Self(std::ptr::null_mut());

    fn due(self) -> bigtime_t {
        // SAFETY: the timer lives, and its fields are used under the lock.
        unsafe { (*self.0).due }
    }

    fn set_due(self, due: bigtime_t) {
        // SAFETY: as above.
        unsafe { member!(self.0 => net_timer, due).write(due) };
    }

    fn run(self) {
        // SAFETY: the timer lives while it runs.
        let timer = unsafe { self.0.read() };
        if let Some(hook) = timer.hook {
            // SAFETY: whoever set the hook gave it for this argument.
            unsafe { hook(self.0, timer.data) };
        }
    }
}

static TIMERS: Mutex<Timers> = Mutex::new(
    c"net timer",
    Timers {
        set: Vec::new(),
        running: Entry::NONE,
        sleeps_until: B_INFINITE_TIMEOUT,
        wake: None,
        over: None,
        waiting: 0,
        thread: -1,
    },
);

/// Which timers these are: one more each time that they end.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Makes the lock and the thread.
pub(crate) fn init() -> status_t {
    TIMERS.init();
    match start() {
        Ok(()) => B_OK,
        Err(failed) => {
            TIMERS.destroy();
            failed
        }
    }
}

fn start() -> Result<(), status_t> {
    let wake = Semaphore::new(c"net timer wait")?;
    let over = Semaphore::new(c"wait for net timer")?;
    let bell = wake.id();
    let thread = kernel::spawn("net timer", B_NORMAL_PRIORITY, move || run(bell))?;
    let mut timers = TIMERS.lock();
    (timers.sleeps_until, timers.thread) = (B_INFINITE_TIMEOUT, thread);
    (timers.wake, timers.over) = (Some(wake), Some(over));
    drop(timers);
    kernel::resume(thread);
    Ok(())
}

/// Ends the thread; no timer may be set.
pub(crate) fn uninit() {
    let mut timers = TIMERS.lock();
    let (wake, over, thread) = (timers.wake.take(), timers.over.take(), timers.thread);
    drop(timers);
    drop((wake, over));
    GENERATION.fetch_add(1, Ordering::AcqRel);
    kernel::join(thread);
    TIMERS.destroy();
}

fn run(bell: sem_id) -> status_t {
    loop {
        let Some(until) = run_due() else { return B_OK };
        // SAFETY: takes plain values.
        let status = unsafe { crate::symbols::acquire_sem_etc(bell, 1, B_ABSOLUTE_TIMEOUT, until) };
        if status == B_BAD_SEM_ID {
            return B_OK;
        }
    }
}

/// Runs the hooks that are due, without the lock; returns when the next one is, or nothing if the timers have ended.
fn run_due() -> Option<bigtime_t> {
    let mut timers = TIMERS.lock();
    loop {
        let now = kernel::now();
        let Some(at) = timers.set.iter().position(|timer| timer.due() < now) else { break };
        let timer = timers.set.remove(at);
        timer.set_due(-1);
        timers.running = timer;
        drop(timers);
        let generation = GENERATION.load(Ordering::Acquire);
        deferred::after(|| timer.run());
        if GENERATION.load(Ordering::Acquire) != generation {
            // The hook was the last thing that kept the stack.
            return None;
        }
        timers = TIMERS.lock();
        timers.running = Entry::NONE;
        let waiting = std::mem::take(&mut timers.waiting);
        if let Some(over) = timers.over.as_ref().filter(|_| waiting > 0) {
            over.release(waiting, B_DO_NOT_RESCHEDULE);
        }
    }
    let next = timers.set.iter().map(|timer| timer.due()).min().unwrap_or(B_INFINITE_TIMEOUT);
    timers.sleeps_until = next;
    Some(next)
}

/// # Safety
/// `timer` is the caller's.
pub(crate) unsafe extern "C" fn init_timer(timer: *mut net_timer, hook: net_timer_func, data: *mut c_void) {
    // SAFETY: the caller's; the link is nobody's.
    unsafe { timer.write(net_timer { link: list_link::new(), hook, data, due: 0, flags: 0 }) };
}

/// Sets a timer anew; a negative delay cancels it.
///
/// # Safety
/// `timer` was made by [`init_timer`], and lives while it is set or runs.
pub(crate) unsafe extern "C" fn set_timer(timer: *mut net_timer, delay: bigtime_t) {
    let timer = Entry(timer);
    let mut timers = TIMERS.lock();
    if delay < 0 {
        if timer.due() > 0 {
            timers.set.retain(|&set| set != timer);
            timer.set_due(0);
        }
        return;
    }
    if timer.due() <= 0 {
        timers.set.push(timer);
    }
    timer.set_due(kernel::now() + delay);
    if timers.sleeps_until > timer.due()
        && let Some(wake) = &timers.wake
    {
        wake.release(1, 0);
    }
}

/// # Safety
/// As for [`set_timer`].
pub(crate) unsafe extern "C" fn cancel_timer(timer: *mut net_timer) -> bool {
    let timer = Entry(timer);
    let mut timers = TIMERS.lock();
    let was_set = timer.due() > 0;
    if was_set {
        timers.set.retain(|&set| set != timer);
        timer.set_due(0);
    }
    was_set
}

/// Waits until a timer is neither set nor runs; the thread of the timers does not wait.
///
/// # Safety
/// As for [`set_timer`].
pub(crate) unsafe extern "C" fn wait_for_timer(timer: *mut net_timer) -> status_t {
    let timer = Entry(timer);
    loop {
        let mut timers = TIMERS.lock();
        // SAFETY: has no conditions.
        if unsafe { crate::symbols::find_thread(std::ptr::null()) } == timers.thread {
            return B_BAD_VALUE;
        }
        if timer.due() <= 0 && timers.running != timer {
            return B_OK;
        }
        timers.waiting += 1;
        let Some(over) = timers.over.as_ref().map(Semaphore::id) else { return B_ERROR };
        drop(timers);
        // SAFETY: takes plain values.
        unsafe { crate::symbols::acquire_sem_etc(over, 1, 0, 0) };
    }
}

/// # Safety
/// As for [`set_timer`].
pub(crate) unsafe extern "C" fn is_timer_active(timer: *mut net_timer) -> bool {
    let _timers = TIMERS.lock();
    Entry(timer).due() > 0
}

pub(crate) extern "C" fn is_timer_running(timer: *mut net_timer) -> bool {
    TIMERS.lock().running == Entry(timer)
}

/// A timer of the stack's own, in a static.
pub(crate) struct Timer(UnsafeCell<net_timer>);

// SAFETY: the structure is used by the functions above, under their lock.
unsafe impl Sync for Timer {}
// SAFETY: as above.
unsafe impl Send for Timer {}

impl Timer {
    pub(crate) const fn new() -> Self {
        Self(UnsafeCell::new(net_timer { link: list_link::new(), hook: None, data: null_mut(), due: 0, flags: 0 }))
    }

    /// Says what the timer does.
    pub(crate) fn init(&'static self, act: fn()) {
        unsafe extern "C" fn run(_timer: *mut net_timer, act: *mut c_void) {
            // SAFETY: the timer's data is that function.
            let act = unsafe { std::mem::transmute::<*mut c_void, fn()>(act) };
            act();
        }
        // SAFETY: the timer is a static that is not set.
        unsafe { init_timer(self.0.get(), Some(run), act as *mut c_void) };
    }

    pub(crate) fn set(&self, delay: bigtime_t) {
        // SAFETY: the timer was made, in a static.
        unsafe { set_timer(self.0.get(), delay) };
    }

    pub(crate) fn cancel(&self) {
        // SAFETY: as above.
        unsafe { cancel_timer(self.0.get()) };
    }

    /// Cancels the timer for good: nothing sets it again but its hook, which is over when this returns, or up the stack.
    pub(crate) fn end(&self) {
        self.cancel();
        // SAFETY: as above. On the timers' own thread this does not wait.
        unsafe { wait_for_timer(self.0.get()) };
        self.cancel();
    }
}

#[cfg(test)]
mod tests;
