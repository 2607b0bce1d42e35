//! Those who wait, and how none of them misses a change.
//!
//! The waiter puts its token in the list, arms the gate, and then looks once more; who changes something does so first
//! and then looks whether the gate is armed. A sequentially consistent fence lies between the two steps on either side,
//! so at least one of the two sees what the other did. Tokens leave the lock before they are handed out.

use crate::Ready;
use crate::sync::{AtomicU32, Lock, Ordering, fence};
use alloc::vec::Vec;

pub(crate) struct Gate<W> {
    /// What anyone in the list waits for, as [`Ready`] bits.
    armed: AtomicU32,
    list: Lock<List<W>>,
}

struct List<W> {
    waiters: Vec<Waiter<W>>,
    next_ticket: u64,
}

struct Waiter<W> {
    ticket: u64,
    interest: Ready,
    token: W,
}

/// Too many wait already: the token comes back.
#[derive(Debug)]
pub(crate) struct Crowded<W>(pub(crate) W);

impl<W> Gate<W> {
    pub(crate) fn new() -> Self {
        Self { armed: AtomicU32::new(0), list: Lock::new(List { waiters: Vec::new(), next_ticket: 0 }) }
    }

    /// Keeps the token until `interest` changes, unless `again` finds something once the gate is armed.
    ///
    /// `again` runs under the lock: the token is either kept or comes back with what was found, never both.
    pub(crate) fn wait_unless<T>(
        &self,
        interest: Ready,
        token: W,
        again: impl FnOnce() -> Option<T>,
    ) -> Result<Option<(T, W)>, Crowded<W>> {
        let mut list = self.list.lock();
        self.arm(&mut list, interest, token)?;
        let Some(found) = again() else { return Ok(None) };
        // The last is the one that was put there above, under this lock.
        let token = list.waiters.pop().map(|waiter| waiter.token);
        self.armed.store(list.interest().bits(), Ordering::Relaxed);
        Ok(token.map(|token| (found, token)))
    }

    /// Keeps the token until `interest` changes. One that is kept already is not kept twice: its interest grows.
    pub(crate) fn watch(&self, interest: Ready, token: W) -> Result<(), Crowded<W>>
    where
        W: PartialEq,
    {
        let mut list = self.list.lock();
        let Some(kept) = list.waiters.iter_mut().find(|kept| kept.token == token) else {
            return self.arm(&mut list, interest, token);
        };
        kept.interest |= interest;
        self.raise(interest);
        Ok(())
    }

    /// Hands out the tokens of those who wait for any of `changed`; to be called after the change.
    #[inline]
    pub(crate) fn wake(&self, changed: Ready, wake: &mut dyn FnMut(W)) {
        fence(Ordering::SeqCst);
        if self.is_armed(changed) {
            self.hand_out(changed, wake);
        }
    }

    /// Returns whether anyone waits for any of `changed`; true of a change only after a fence.
    #[inline]
    pub(crate) fn is_armed(&self, changed: Ready) -> bool {
        self.armed.load(Ordering::Relaxed) & changed.bits() != 0
    }

    /// As [`Self::wake`], without looking first: for changes that are rare and final.
    #[cold]
    pub(crate) fn hand_out(&self, changed: Ready, wake: &mut dyn FnMut(W)) {
        let before = self.list.lock().next_ticket;
        // Who comes back while its token is handed out waits for the next change.
        while let Some(token) = self.take(|waiter| waiter.ticket < before && waiter.interest.intersects(changed)) {
            wake(token);
        }
    }

    /// Takes back the first token that `which` chooses.
    pub(crate) fn cancel(&self, mut which: impl FnMut(&W) -> bool) -> Option<W> {
        self.take(|waiter| which(&waiter.token))
    }

    /// Returns how many wait.
    pub(crate) fn len(&self) -> usize {
        self.list.lock().waiters.len()
    }

    fn arm(&self, list: &mut List<W>, interest: Ready, token: W) -> Result<(), Crowded<W>> {
        if list.waiters.len() >= MAX_WAITERS {
            return Err(Crowded(token));
        }
        let ticket = list.next_ticket;
        list.next_ticket += 1;
        list.waiters.push(Waiter { ticket, interest, token });
        self.raise(interest);
        Ok(())
    }

    fn raise(&self, interest: Ready) {
        self.armed.fetch_or(interest.bits(), Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    fn take(&self, which: impl FnMut(&Waiter<W>) -> bool) -> Option<W> {
        let mut list = self.list.lock();
        let at = list.waiters.iter().position(which)?;
        // In order: who waited longest is handed out first.
        let waiter = list.waiters.remove(at);
        self.armed.store(list.interest().bits(), Ordering::Relaxed);
        Some(waiter.token)
    }
}

impl<W> List<W> {
    fn interest(&self) -> Ready {
        self.waiters.iter().fold(Ready::empty(), |all, waiter| all | waiter.interest)
    }
}

/// How many may wait at one descriptor; a guess, far above the threads that share one.
pub(crate) const MAX_WAITERS: usize = 64;
