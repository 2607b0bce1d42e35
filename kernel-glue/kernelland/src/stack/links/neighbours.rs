//! Who has which address on a link, for ARP and neighbour discovery alike.
//!
//! The cache is one for all interfaces. Packets wait in it for an answer, and go out under its lock when it comes, as in
//! Haiku; requests go out from the timers' thread without it. A neighbour that is known keeps its address for half an
//! hour: who claims it from elsewhere meanwhile is refused.
//!
//! Unlike Haiku's, a cache has bounds: neighbours beyond [`MAX_ENTRIES`] are neither learned nor asked for, but addresses of
//! ours are always kept; and of the packets for one neighbour no more than [`MAX_WAITING`] wait. What is sent to either
//! fails with `ENOBUFS`.

use super::port::Internet;
use crate::stack::buffer::Buffer;
use crate::stack::interfaces::Interface;
use crate::stack::kernel;
use crate::stack::lock::{Guard, Mutex};
use crate::stack::timer::Timer;
use haiku_abi::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

const REQUEST_INTERVAL: bigtime_t = 1_000_000;
const REQUESTS: u32 = 5;
/// How long nobody is asked again for an address that nobody had.
const REJECT_TIME: bigtime_t = 20_000_000;
const STALE_TIME: bigtime_t = 30 * 60_000_000;
/// A guess: several links' worth of neighbours.
const MAX_ENTRIES: usize = 1024;
/// A guess: more than a sender queues in the seconds until it is told.
const MAX_WAITING: usize = 256;

/// What is known of one address.
struct Entry {
    mac: Option<[u8; 6]>,
    stage: Stage,
    due: bigtime_t,
    /// One of ours, for which we answer.
    local: bool,
    waiting: Vec<Buffer>,
    /// By which it is asked for, or is ours.
    interface: Weak<Interface>,
}

/// What happens to an entry when its time has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing: it is one of ours.
    Permanent,
    /// The next request goes out, or there were enough of them.
    Asking { sent: u32 },
    /// Nobody had it; the entry goes.
    Failed,
    /// It is known; the entry goes.
    Known,
}

/// What a send finds.
pub(super) enum Found {
    Mac([u8; 6], Buffer),
    /// The packet waits for an answer.
    Waits,
    Failed(Buffer, status_t),
}

/// Interfaces that were used under the lock, which end after it if they end.
pub(super) type Used = Vec<Arc<Interface>>;

/// A cache, with what its requests are sent by and its answered packets.
pub(super) struct Neighbours<A: 'static> {
    cache: Mutex<Cache<A>>,
    timer: Timer,
    protocol: Protocol<A>,
}

/// What the lock of a cache protects.
struct Cache<A> {
    entries: BTreeMap<A, Entry>,
    /// When the timer looks for what is due, at the latest.
    next: bigtime_t,
}

/// What differs between protocols.
pub(super) struct Protocol<A> {
    pub(super) name: &'static str,
    /// Sends a request. Called without the lock.
    pub(super) ask: fn(&Arc<Interface>, A),
    /// Sends a packet that has waited to that address.
    pub(super) send: fn(&Arc<Interface>, Buffer, [u8; 6]),
}

impl<A: Internet> Neighbours<A> {
    pub(super) const fn new(lock: &'static std::ffi::CStr, protocol: Protocol<A>) -> Self {
        Self { cache: Mutex::new(lock, Cache::new()), timer: Timer::new(), protocol }
    }

    pub(super) fn init(&'static self, on_timer: fn()) {
        self.cache.init();
        self.timer.init(on_timer);
    }

    pub(super) fn uninit(&self) {
        let left = std::mem::replace(&mut *self.cache.lock(), Cache::new());
        drop(left);
        // Without entries its hook does not set it again.
        self.timer.end();
        self.cache.destroy();
    }

    /// Finds who has an address. If nobody is known, the packet waits and the address is asked for.
    pub(super) fn resolve(&self, interface: &Arc<Interface>, address: A, buffer: Buffer) -> Found {
        let mut cache = self.cache.lock();
        let is_full = cache.is_full();
        let Some(entry) = cache.entries.get_mut(&address) else {
            if is_full {
                return Found::Failed(buffer, ENOBUFS);
            }
            let now = kernel::now();
            let mut entry = Entry::new(Stage::Asking { sent: 0 }, now);
            entry.interface = Arc::downgrade(interface);
            entry.waiting.push(buffer);
            cache.entries.insert(address, entry);
            self.wake_at(&mut cache, now);
            return Found::Waits;
        };
        match (entry.stage, entry.mac) {
            (Stage::Failed, _) => Found::Failed(buffer, EHOSTUNREACH),
            (Stage::Permanent | Stage::Known, Some(mac)) => Found::Mac(mac, buffer),
            _ if entry.waiting.len() == MAX_WAITING => Found::Failed(buffer, ENOBUFS),
            (Stage::Permanent | Stage::Known | Stage::Asking { .. }, _) => {
                entry.waiting.push(buffer);
                Found::Waits
            }
        }
    }

    /// Whether anything is known of an address, or is being asked for.
    pub(super) fn knows(&self, address: A) -> bool {
        self.cache.lock().entries.contains_key(&address)
    }

    /// Learns who has an address.
    pub(super) fn learn(&self, address: A, mac: [u8; 6]) {
        let mut used = Used::new();
        let mut cache = self.cache.lock();
        let _ = self.update(&mut cache, address, mac, Local::No, &mut used);
        drop(cache);
    }

    /// Makes an address one of ours, unless somebody else has it.
    pub(super) fn set_local(&self, interface: &Arc<Interface>, address: A, mac: [u8; 6]) -> status_t {
        let mut used = Used::new();
        let mut cache = self.cache.lock();
        let status = match self.update(&mut cache, address, mac, Local::Yes, &mut used) {
            Ok(entry) => {
                entry.interface = Arc::downgrade(interface);
                B_OK
            }
            Err(failed) => failed,
        };
        drop(cache);
        status
    }

    pub(super) fn remove(&self, address: A) {
        let mut cache = self.cache.lock();
        let gone = cache.entries.remove(&address);
        drop(cache);
        drop(gone);
    }

    /// Learns who asked, and runs `answer` under the lock if the address that was asked for is ours.
    pub(super) fn asked(
        &self,
        from: A,
        mac: [u8; 6],
        wanted: A,
        answer: impl FnOnce(&Arc<Interface>, [u8; 6]),
    ) -> bool {
        let mut used = Used::new();
        let mut cache = self.cache.lock();
        let _ = self.update(&mut cache, from, mac, Local::No, &mut used);
        let ours = cache.entries.get(&wanted).filter(|entry| entry.local);
        let found = ours.and_then(|entry| entry.interface.upgrade().zip(entry.mac));
        if let Some((interface, mac)) = &found {
            answer(interface, *mac);
        }
        drop(cache);
        found.is_some()
    }

    /// Updates or adds an entry, and sends what waited for it.
    fn update<'e>(
        &self,
        cache: &'e mut Guard<'_, Cache<A>>,
        address: A,
        mac: [u8; 6],
        local: Local,
        used: &mut Used,
    ) -> Result<&'e mut Entry, status_t> {
        let now = kernel::now();
        if local == Local::No && cache.is_full() && !cache.entries.contains_key(&address) {
            return Err(ENOBUFS);
        }
        self.wake_at(cache, now + STALE_TIME);
        let entry = cache.entries.entry(address).or_insert_with(|| {
            let stage = if local == Local::Yes { Stage::Permanent } else { Stage::Known };
            let mut entry = Entry::new(stage, now + STALE_TIME);
            entry.local = local == Local::Yes;
            entry
        });
        if address != A::UNSPECIFIED && entry.mac.is_some_and(|known| known != mac) {
            let mac = mac.map(|byte| format!("{byte:02x}")).join(":");
            kernel::log(&format!(
                "{} host {address} updated with different hardware address {mac}.",
                self.protocol.name
            ));
            return Err(B_ERROR);
        }
        entry.mac = Some(mac);
        if entry.stage == Stage::Failed {
            // Haiku goes on refusing such a host, for as long as it would have known it.
            entry.due = now + STALE_TIME;
            entry.waiting.clear();
        } else if entry.stage != Stage::Permanent {
            (entry.stage, entry.due) = (Stage::Known, now + STALE_TIME);
        }
        let waiting = std::mem::take(&mut entry.waiting);
        if !waiting.is_empty()
            && let Some(interface) = entry.interface.upgrade()
        {
            waiting.into_iter().for_each(|buffer| (self.protocol.send)(&interface, buffer, mac));
            used.push(interface);
        }
        Ok(entry)
    }

    /// Does what is due.
    pub(super) fn on_timer(&self) {
        let mut cache = self.cache.lock();
        let now = kernel::now();
        let (mut ask, mut gone) = (Vec::new(), Vec::new());
        for (&address, entry) in cache.entries.iter_mut().filter(|(_, entry)| entry.due <= now) {
            match entry.stage {
                Stage::Permanent | Stage::Failed | Stage::Known => {}
                Stage::Asking { sent: REQUESTS } => {
                    (entry.stage, entry.due) = (Stage::Failed, now + REJECT_TIME);
                    gone.append(&mut entry.waiting);
                }
                Stage::Asking { sent } => {
                    (entry.stage, entry.due) = (Stage::Asking { sent: sent + 1 }, now + REQUEST_INTERVAL);
                    ask.extend(entry.interface.upgrade().map(|interface| (interface, address)));
                }
            }
        }
        let is_over =
            |_: &A, entry: &mut Entry| entry.due <= now && matches!(entry.stage, Stage::Failed | Stage::Known);
        let over: Vec<_> = cache.entries.extract_if(.., is_over).collect();
        cache.next = B_INFINITE_TIMEOUT;
        let mortal = cache.entries.values().filter(|entry| entry.stage != Stage::Permanent);
        if let Some(next) = mortal.map(|entry| entry.due).min() {
            self.wake_at(&mut cache, next);
        }
        drop(cache);
        drop((gone, over));
        ask.iter().for_each(|(interface, address)| (self.protocol.ask)(interface, *address));
    }

    /// Lets the timer look at that time, unless it looks before.
    fn wake_at(&self, cache: &mut Cache<A>, due: bigtime_t) {
        if due < cache.next {
            cache.next = due;
            self.timer.set((due - kernel::now()).max(0));
        }
    }
}

impl<A> Cache<A> {
    const fn new() -> Self {
        Self { entries: BTreeMap::new(), next: B_INFINITE_TIMEOUT }
    }

    fn is_full(&self) -> bool {
        self.entries.len() >= MAX_ENTRIES
    }
}

impl Entry {
    fn new(stage: Stage, due: bigtime_t) -> Self {
        Self { mac: None, stage, due, local: false, waiting: Vec::new(), interface: Weak::new() }
    }
}

/// Whether an address is one of ours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Local {
    Yes,
    No,
}

#[cfg(test)]
mod tests;
