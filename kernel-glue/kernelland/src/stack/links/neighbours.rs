//! Who has which address on a link, for ARP and neighbour discovery alike.
//!
//! The cache is one for all interfaces. Packets wait in it for an answer, and go out under its lock when it comes, as in
//! Haiku; requests go out from the timers' thread without it. A neighbour that is known keeps its address for half an
//! hour: who claims it from elsewhere meanwhile is refused.

use crate::stack::buffer::Buffer;
use crate::stack::interfaces::Interface;
use crate::stack::kernel;
use crate::stack::lock::{Guard, Mutex};
use crate::stack::timer::Timer;
use haiku_abi::*;
use std::fmt::Display;
use std::sync::{Arc, Weak};

const REQUEST_INTERVAL: bigtime_t = 1_000_000;
const REQUESTS: u32 = 5;
/// How long nobody is asked again for an address that nobody had.
const REJECT_TIME: bigtime_t = 20_000_000;
const STALE_TIME: bigtime_t = 30 * 60_000_000;

/// What is known of one address.
struct Entry<A> {
    address: A,
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
    entries: Mutex<Vec<Entry<A>>>,
    timer: Timer,
    protocol: Protocol<A>,
}

/// What differs between protocols.
pub(super) struct Protocol<A> {
    pub(super) name: &'static str,
    /// Sends a request. Called without the lock.
    pub(super) ask: fn(&Arc<Interface>, A),
    /// Sends a packet that has waited to that address.
    pub(super) send: fn(&Arc<Interface>, Buffer, [u8; 6]),
    /// The address that stands for "not set yet", which may be anybody's.
    pub(super) unspecified: A,
}

impl<A: Copy + Eq + Display + Send> Neighbours<A> {
    pub(super) const fn new(lock: &'static std::ffi::CStr, protocol: Protocol<A>) -> Self {
        Self { entries: Mutex::new(lock, Vec::new()), timer: Timer::new(), protocol }
    }

    pub(super) fn init(&'static self, on_timer: fn()) {
        self.entries.init();
        self.timer.init(on_timer);
    }

    pub(super) fn uninit(&self) {
        let left = std::mem::take(&mut *self.entries.lock());
        drop(left);
        // Without entries its hook does not set it again.
        self.timer.end();
        self.entries.destroy();
    }

    /// Finds who has an address. If nobody is known, the packet waits and the address is asked for.
    pub(super) fn resolve(&self, interface: &Arc<Interface>, address: A, buffer: Buffer) -> Found {
        let mut entries = self.entries.lock();
        let Some(entry) = entries.iter_mut().find(|entry| entry.address == address) else {
            let mut entry = Entry::new(address, Stage::Asking { sent: 0 }, kernel::now());
            entry.interface = Arc::downgrade(interface);
            entry.waiting.push(buffer);
            entries.push(entry);
            self.schedule(&entries);
            return Found::Waits;
        };
        match (entry.stage, entry.mac) {
            (Stage::Failed, _) => Found::Failed(buffer, EHOSTUNREACH),
            (Stage::Permanent | Stage::Known, Some(mac)) => Found::Mac(mac, buffer),
            (Stage::Permanent | Stage::Known | Stage::Asking { .. }, _) => {
                entry.waiting.push(buffer);
                Found::Waits
            }
        }
    }

    /// Whether anything is known of an address, or is being asked for.
    pub(super) fn knows(&self, address: A) -> bool {
        self.entries.lock().iter().any(|entry| entry.address == address)
    }

    /// Learns who has an address.
    pub(super) fn learn(&self, address: A, mac: [u8; 6]) {
        let mut used = Used::new();
        let mut entries = self.entries.lock();
        let _ = self.update(&mut entries, address, mac, Local::No, &mut used);
        drop(entries);
    }

    /// Makes an address one of ours, unless somebody else has it.
    pub(super) fn set_local(&self, interface: &Arc<Interface>, address: A, mac: [u8; 6]) -> status_t {
        let mut used = Used::new();
        let mut entries = self.entries.lock();
        let status = match self.update(&mut entries, address, mac, Local::Yes, &mut used) {
            Ok(entry) => {
                entry.interface = Arc::downgrade(interface);
                B_OK
            }
            Err(failed) => failed,
        };
        drop(entries);
        status
    }

    pub(super) fn remove(&self, address: A) {
        let mut entries = self.entries.lock();
        let gone: Vec<_> = entries.extract_if(.., |entry| entry.address == address).collect();
        drop(entries);
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
        let mut entries = self.entries.lock();
        let _ = self.update(&mut entries, from, mac, Local::No, &mut used);
        let ours = entries.iter().find(|entry| entry.address == wanted && entry.local);
        let found = ours.and_then(|entry| entry.interface.upgrade().zip(entry.mac));
        if let Some((interface, mac)) = &found {
            answer(interface, *mac);
        }
        drop(entries);
        found.is_some()
    }

    /// Updates or adds an entry, and sends what waited for it.
    fn update<'e>(
        &self,
        entries: &'e mut Guard<'_, Vec<Entry<A>>>,
        address: A,
        mac: [u8; 6],
        local: Local,
        used: &mut Used,
    ) -> Result<&'e mut Entry<A>, status_t> {
        let now = kernel::now();
        let at = match entries.iter().position(|entry| entry.address == address) {
            Some(at) => at,
            None => {
                let stage = if local == Local::Yes { Stage::Permanent } else { Stage::Known };
                let mut entry = Entry::new(address, stage, now + STALE_TIME);
                entry.local = local == Local::Yes;
                entries.push(entry);
                entries.len() - 1
            }
        };
        let entry = entries.get_mut(at).ok_or(B_ERROR)?;
        if address != self.protocol.unspecified && entry.mac.is_some_and(|known| known != mac) {
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
        self.schedule(entries);
        entries.get_mut(at).ok_or(B_ERROR)
    }

    /// Does what is due.
    pub(super) fn on_timer(&self) {
        let mut entries = self.entries.lock();
        let now = kernel::now();
        let (mut ask, mut gone) = (Vec::new(), Vec::new());
        for entry in entries.iter_mut().filter(|entry| entry.due <= now) {
            match entry.stage {
                Stage::Permanent | Stage::Failed | Stage::Known => {}
                Stage::Asking { sent: REQUESTS } => {
                    (entry.stage, entry.due) = (Stage::Failed, now + REJECT_TIME);
                    gone.append(&mut entry.waiting);
                }
                Stage::Asking { sent } => {
                    (entry.stage, entry.due) = (Stage::Asking { sent: sent + 1 }, now + REQUEST_INTERVAL);
                    ask.extend(entry.interface.upgrade().map(|interface| (interface, entry.address)));
                }
            }
        }
        let is_over = |entry: &mut Entry<A>| entry.due <= now && matches!(entry.stage, Stage::Failed | Stage::Known);
        let over: Vec<_> = entries.extract_if(.., is_over).collect();
        self.schedule(&entries);
        drop(entries);
        drop((gone, over));
        ask.iter().for_each(|(interface, address)| (self.protocol.ask)(interface, *address));
    }

    fn schedule(&self, entries: &[Entry<A>]) {
        let due = entries.iter().filter(|entry| entry.stage != Stage::Permanent).map(|entry| entry.due).min();
        match due {
            Some(due) => self.timer.set((due - kernel::now()).max(0)),
            None => self.timer.cancel(),
        }
    }
}

impl<A> Entry<A> {
    fn new(address: A, stage: Stage, due: bigtime_t) -> Self {
        Self { address, mac: None, stage, due, local: false, waiting: Vec::new(), interface: Weak::new() }
    }
}

/// Whether an address is one of ours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Local {
    Yes,
    No,
}
