//! The thread that does what no caller can: what a clock tells, and what takes locks that the caller of a hook holds.
//!
//! It runs from the first tap or tun that is up until there is no unit.

use crate::bell::Bell;
use crate::kernel::{Lock, Once, Status, clock, heap, thread};
use crate::system;
use crate::unit::{self, Unit};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use frame::Instant;
use haiku_abi::B_URGENT_DISPLAY_PRIORITY;

struct Post {
    bell: Arc<Bell>,
    running: Lock<bool>,
    /// Until when it sleeps, in microseconds.
    until: AtomicU64,
}

static POST: Once<Post> = Once::new();

/// Starts the thread, unless it runs.
///
/// # Errors
/// There is no memory for it.
pub(crate) fn start() -> Result<(), Status> {
    let post = POST.try_call_once(|| {
        let bell = Bell::new(c"trestle housekeeper")?;
        Ok(Post { bell, running: Lock::new(c"trestle housekeeper", false), until: AtomicU64::new(u64::MAX) })
    })?;
    let mut running = post.running.lock();
    if !*running {
        // Nobody waits for its end: the file stays loaded.
        let _ = thread::spawn(c"trestle housekeeper", B_URGENT_DISPLAY_PRIORITY, || keep(post))?;
        *running = true;
    }
    Ok(())
}

/// Says that something is to be done. It may be called under locks.
pub(crate) fn ring() {
    if let Some(post) = POST.get() {
        post.bell.ring();
    }
}

/// Says that something is to be done at a moment. It may be called under locks.
pub(crate) fn expect(at: Instant) {
    if let Some(post) = POST.get()
        && at.as_micros() < post.until.load(Ordering::Acquire)
    {
        post.bell.ring();
    }
}

fn keep(post: &'static Post) {
    loop {
        // Whoever has something earlier from here on rings.
        post.until.store(u64::MAX, Ordering::Release);
        let due = look_around();
        if due.is_none() && unit::is_empty() {
            let mut running = post.running.lock();
            // Under the lock: a unit that comes later starts the thread again.
            if unit::is_empty() {
                *running = false;
                return;
            }
        }
        let until = due.unwrap_or_else(|| clock::now().plus(IDLE));
        post.until.store(until.as_micros(), Ordering::Release);
        post.bell.wait_until(until);
    }
}

/// Does what is due, and returns when the next is.
fn look_around() -> Option<Instant> {
    if heap::permit().is_err() {
        return Some(clock::now().plus(AGAIN_AFTER));
    }
    let mut next = None;
    for unit in unit::all() {
        let due = tend(&unit);
        next = match (next, due) {
            (Some(one), Some(other)) => Some(core::cmp::min(one, other)),
            (one, other) => one.or(other),
        };
    }
    next
}

fn tend(unit: &Arc<Unit>) -> Option<Instant> {
    let application = unit.application()?;
    if application.is_doomed() && !unit.is_dead() {
        // Who is to remove it may have had no memory, or somebody was just taking it down.
        system::ring();
        return Some(clock::now().plus(AGAIN_AFTER));
    }
    application.poll();
    application.tun().and_then(|tun| tun.due())
}

/// When an interface is removed that could not be before; somewhat more than it takes to take one down.
const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How long it sleeps when nothing is due: any time would do.
const IDLE: Duration = Duration::from_secs(60);
