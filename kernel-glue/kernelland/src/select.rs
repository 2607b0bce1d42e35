//! Waiting for several things at once: what `select` and `poll` come down to.
//!
//! For each thing there is an [`Info`], whose handle its driver gets; the driver says by the handle what happened. Handles are never
//! used again, so that a driver which comes too late tells nobody else.

use crate::thread::{Thread, current, locked};
use haiku_abi::status_t;
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// One thing that a thread waits for.
#[derive(Debug)]
pub(crate) struct Info {
    handle: usize,
    thread: &'static Thread,
    /// Events that the driver agreed to tell, one bit each.
    selected: AtomicU16,
    occurred: AtomicU16,
}

impl Info {
    /// The event that tells that the descriptor is gone.
    pub(crate) const INVALID: u8 = 9;

    /// Makes one for the running thread, which is about to wait for these events.
    pub(crate) fn new(events: u16) -> Arc<Self> {
        let info = Arc::new(Self {
            handle: NEXT.fetch_add(HANDLE_STEP, SeqCst),
            thread: current(),
            selected: AtomicU16::new(events),
            occurred: AtomicU16::new(0),
        });
        locked(&LIVE).insert(info.handle, Arc::clone(&info));
        info
    }

    /// What drivers know it by.
    pub(crate) fn handle(&self) -> *mut c_void {
        std::ptr::without_provenance_mut(self.handle)
    }

    /// Notes an event, and wakes the thread if it waits for it.
    pub(crate) fn notify(&self, event: u8) {
        let bit = bit(event);
        self.occurred.fetch_or(bit, SeqCst);
        if self.selected.load(SeqCst) & bit != 0 || event == Self::INVALID {
            // The hooks that select and deselect may be waiting for locks: that is not what ends here.
            self.thread.unblock_select(haiku_abi::B_OK);
        }
    }

    /// Says which events the driver agreed to.
    pub(crate) fn set_selected(&self, events: u16) {
        self.selected.store(events, SeqCst);
    }

    /// Returns the events that the driver agreed to.
    pub(crate) fn selected(&self) -> Vec<u8> {
        let bits = self.selected.load(SeqCst);
        (1..=8).filter(|event| bits & bit(*event) != 0).collect()
    }

    /// Returns what happened of what was asked for.
    pub(crate) fn result(&self) -> u16 {
        self.occurred.load(SeqCst) & (self.selected.load(SeqCst) | bit(Self::INVALID))
    }

    /// Ends it: drivers have been told to forget the handle.
    pub(crate) fn end(&self) {
        locked(&LIVE).remove(&self.handle);
    }
}

/// Notes an event by a handle; one that has ended is a fault of the driver.
pub(crate) fn notify(handle: *mut c_void, event: u8) -> Result<(), status_t> {
    let info = locked(&LIVE).get(&(handle as usize)).cloned();
    match info {
        Some(info) => {
            info.notify(event);
            Ok(())
        }
        None => {
            crate::fault::report(&format!("select event {event} for {handle:p}, for which nobody waits any more"));
            Err(haiku_abi::B_BAD_VALUE)
        }
    }
}

/// The bit of an event.
pub(crate) fn bit(event: u8) -> u16 {
    1u16.wrapping_shl(u32::from(event.saturating_sub(1)))
}

/// Those who wait at one device: the driver keeps it, and locks it.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    entries: Vec<(usize, u16)>,
}

impl Pool {
    pub(crate) fn add(&mut self, handle: *mut c_void, event: u8) {
        let handle = handle as usize;
        match self.entries.iter_mut().find(|(other, _)| *other == handle) {
            Some((_, events)) => *events |= bit(event),
            None => self.entries.push((handle, bit(event))),
        }
    }

    /// Takes an event out; says whether it was in.
    pub(crate) fn remove(&mut self, handle: *mut c_void, event: u8) -> bool {
        let handle = handle as usize;
        let Some((_, events)) = self.entries.iter_mut().find(|(other, _)| *other == handle) else { return false };
        *events &= !bit(event);
        self.entries.retain(|(_, events)| *events != 0);
        true
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Tells all who wait for the event.
    pub(crate) fn notify(&self, event: u8) {
        for (handle, events) in &self.entries {
            if events & bit(event) != 0 {
                // One that has ended is reported there.
                let _ = notify(std::ptr::without_provenance_mut(*handle), event);
            }
        }
    }
}

/// On the kernel's side of the address space, where a program has nothing: who looks there faults.
static NEXT: AtomicUsize = AtomicUsize::new(0xffff_e000_0000_0000);
/// As far apart as structures of the kernel's.
const HANDLE_STEP: usize = 64;
static LIVE: Mutex<BTreeMap<usize, Arc<Info>>> = Mutex::new(BTreeMap::new());

#[cfg(test)]
mod tests;
