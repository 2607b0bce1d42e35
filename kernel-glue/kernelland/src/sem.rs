//! Semaphores, by number.

use crate::thread::{Deadline, Thread, Wait, WaitKind, current, locked};
use haiku_abi::{
    B_ABSOLUTE_TIMEOUT, B_BAD_SEM_ID, B_BAD_VALUE, B_INFINITE_TIMEOUT, B_INTERRUPTED, B_NO_MORE_SEMS, B_OK,
    B_RELATIVE_TIMEOUT, B_RELEASE_ALL, B_RELEASE_IF_WAITING_ONLY, B_TIMED_OUT, B_WOULD_BLOCK, bigtime_t, sem_id,
    status_t,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, RwLock};

/// A semaphore.
#[derive(Debug)]
struct Semaphore {
    name: String,
    /// Where the code is that asked for it.
    caller: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What can be taken; those who wait have not taken theirs.
    count: i32,
    queue: VecDeque<Taker>,
    deleted: bool,
}

/// A thread that waits for `count`.
#[derive(Clone, Copy, Debug)]
struct Taker {
    thread: &'static Thread,
    count: i32,
}

impl State {
    /// Gives to those who wait, first come first served, as far as the count reaches.
    fn serve(&mut self, status: status_t) {
        while let Some(first) = self.queue.front().copied() {
            // Who is not blocked any more takes itself out, with nothing taken.
            if first.thread.is_blocked() {
                if first.count > self.count {
                    break;
                }
                if first.thread.unblock(status) {
                    self.count = self.count.saturating_sub(first.count);
                }
            }
            self.queue.pop_front();
        }
    }

    /// Ends the waits of all who wait now; nothing is taken.
    fn dismiss(&mut self, status: status_t) {
        for taker in self.queue.drain(..) {
            taker.thread.unblock(status);
        }
    }
}

/// Makes a semaphore.
pub(crate) fn create(count: i32, name: &str, caller: usize) -> Result<sem_id, status_t> {
    if count < 0 {
        return Err(B_BAD_VALUE);
    }
    if crate::inject::fails(caller) {
        return Err(B_NO_MORE_SEMS);
    }
    let id = NEXT.fetch_add(1, Relaxed);
    let state = Mutex::new(State { count, ..State::default() });
    let semaphore = Arc::new(Semaphore { name: name.to_owned(), caller, state });
    SEMAPHORES.write().unwrap_or_else(std::sync::PoisonError::into_inner).insert(id, semaphore);
    Ok(id)
}

/// Ends a semaphore: who waits goes on with `B_BAD_SEM_ID`.
pub(crate) fn delete(id: sem_id) -> Result<(), status_t> {
    let semaphore = SEMAPHORES.write().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&id);
    let semaphore = semaphore.ok_or(B_BAD_SEM_ID)?;
    let mut state = locked(&semaphore.state);
    state.deleted = true;
    state.dismiss(B_BAD_SEM_ID);
    Ok(())
}

/// Takes `count`, and waits for it as flags and timeout say.
pub(crate) fn acquire(id: sem_id, count: i32, flags: u32, timeout: bigtime_t) -> Result<(), status_t> {
    if count <= 0 {
        return Err(if id <= 0 { B_BAD_SEM_ID } else { B_BAD_VALUE });
    }
    let semaphore = find(id)?;
    if flags & B_RELATIVE_TIMEOUT == 0 || timeout > 0 {
        crate::lock::check_may_block(WaitKind::Semaphore, &semaphore.name);
    }
    let this = current();
    let mut state = locked(&semaphore.state);
    if state.deleted {
        return Err(B_BAD_SEM_ID);
    }
    // Who waits already is served first.
    if state.queue.is_empty() && state.count >= count {
        state.count = state.count.saturating_sub(count);
        return Ok(());
    }
    if flags & B_RELATIVE_TIMEOUT != 0 && timeout <= 0 {
        return Err(B_WOULD_BLOCK);
    }
    if flags & B_ABSOLUTE_TIMEOUT != 0 && timeout < 0 {
        return Err(B_TIMED_OUT);
    }
    if this.is_interrupted(flags) {
        return Err(B_INTERRUPTED);
    }
    state.queue.push_back(Taker { thread: this, count });
    let object = id.cast_unsigned() as usize;
    this.prepare(flags, Wait { kind: WaitKind::Semaphore, object, name: semaphore.name.clone() });
    drop(state);
    let status = this.block(Deadline::of(flags, timeout));
    let mut state = locked(&semaphore.state);
    let waited = state.queue.len();
    state.queue.retain(|taker| !std::ptr::eq(taker.thread, this));
    if state.queue.len() != waited {
        // Those behind may want less.
        state.serve(B_OK);
    }
    if status < B_OK { Err(status) } else { Ok(()) }
}

/// Gives `count`, as the flags say; with `B_RELEASE_ALL` a negative count is what those who wait are told.
pub(crate) fn release(id: sem_id, count: i32, flags: u32) -> Result<(), status_t> {
    if count <= 0 && flags & B_RELEASE_ALL == 0 {
        return Err(if id <= 0 { B_BAD_SEM_ID } else { B_BAD_VALUE });
    }
    let semaphore = find(id)?;
    let mut state = locked(&semaphore.state);
    if state.deleted {
        return Err(B_BAD_SEM_ID);
    }
    if flags & B_RELEASE_ALL != 0 {
        state.dismiss(count.min(B_OK));
        return Ok(());
    }
    let before = state.count;
    state.count = state.count.saturating_add(count);
    state.serve(B_OK);
    if flags & B_RELEASE_IF_WAITING_ONLY != 0 {
        state.count = state.count.min(before);
    }
    Ok(())
}

/// Returns what can be taken, or minus what is waited for.
pub(crate) fn count(id: sem_id) -> Result<i32, status_t> {
    let semaphore = find(id)?;
    let state = locked(&semaphore.state);
    let wanted: i32 = state.queue.iter().map(|taker| taker.count).sum();
    Ok(state.count.saturating_sub(wanted))
}

/// Returns the names of all semaphores, with where the code is that asked for them.
pub(crate) fn all() -> Vec<(String, usize)> {
    let semaphores = SEMAPHORES.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    semaphores.values().map(|semaphore| (semaphore.name.clone(), semaphore.caller)).collect()
}

fn find(id: sem_id) -> Result<Arc<Semaphore>, status_t> {
    let semaphores = SEMAPHORES.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    semaphores.get(&id).cloned().ok_or(B_BAD_SEM_ID)
}

static SEMAPHORES: RwLock<BTreeMap<sem_id, Arc<Semaphore>>> = RwLock::new(BTreeMap::new());
static NEXT: AtomicI32 = AtomicI32::new(1000);
/// Acquires without a limit in time.
pub(crate) const NO_TIMEOUT: bigtime_t = B_INFINITE_TIMEOUT;

#[cfg(test)]
mod tests;
