//! A bridge as its control thread sees it.

use crate::config::Config;
use crate::counters::{BridgeCounters, PortCounters, WorkerCounters};
use crate::event::Events;
use crate::flood::FloodClass;
use crate::snapshot::Snapshot;
use crate::storm::{self, Interval};
use crate::sync::{AtomicBool, AtomicU64, Ordering};
use crate::table::{Clock, EntryKind, Flush, Key, MAX_ADDRESSES, Stamp, Table, TableError};
use crate::worker::Worker;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use frame::{Instant, MAX_PORTS, Mac, PortId};
use spin::Mutex;

/// A bridge, shared by the control thread and the workers.
///
/// Its methods are the control thread's. They may be called from any thread, and never make a worker wait.
pub struct Bridge {
    /// Counts configurations; workers look at it once a batch.
    generation: AtomicU64,
    current: Mutex<Arc<Snapshot>>,
    control: Mutex<Control>,
    counters: Box<[Arc<WorkerCounters>]>,
    taken: Box<[AtomicBool]>,
    storm: Box<[[storm::Bucket; 3]]>,
    expired: AtomicU64,
    /// Addresses that went because fewer are allowed.
    trimmed: AtomicU64,
    /// When the table is to be swept, in µs.
    next_sweep: AtomicU64,
    secret: [u64; 4],
}

/// What only the control thread touches.
struct Control {
    /// Snapshots that a worker may still use: freed here, not on the data path.
    retired: Vec<Arc<Snapshot>>,
    /// What a port's counters showed when it was last reset.
    baselines: Vec<(PortId, PortCounters)>,
}

/// One entry of the address table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The VLAN; 0 is none.
    pub vid: u16,
    /// The station.
    pub mac: Mac,
    /// Where it is.
    pub port: PortId,
    /// How it came to be known.
    pub kind: EntryKind,
    /// How long it lives unless the station is heard; `None` if for ever.
    pub left: Option<Duration>,
}

/// How many addresses are in the table. One that is too old counts until the table is swept.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AddressCounts {
    /// All of them.
    pub total: u32,
    /// By port, those that have any, ascending.
    pub by_port: Vec<(PortId, u32)>,
}

impl Bridge {
    /// Makes a bridge for so many workers. `secret` comes from the platform's random source: who does not know it
    /// cannot aim at a place in the table.
    pub fn new(config: Config, workers: usize, secret: [u64; 4]) -> Self {
        let table = Arc::new(Table::new(config.max_addresses, secret));
        Self {
            generation: AtomicU64::new(0),
            current: Mutex::new(Arc::new(Snapshot::new(Arc::new(config), table))),
            control: Mutex::new(Control { retired: Vec::new(), baselines: Vec::new() }),
            counters: (0..workers).map(|_| Arc::new(WorkerCounters::new())).collect(),
            taken: (0..workers).map(|_| AtomicBool::new(false)).collect(),
            storm: (0..MAX_PORTS).map(|_| Default::default()).collect(),
            expired: AtomicU64::new(0),
            trimmed: AtomicU64::new(0),
            next_sweep: AtomicU64::new(0),
            secret,
        }
    }

    /// Returns a bound of the bytes that a bridge without ports takes, for so many addresses and workers: for those who
    /// look for memory before it is made.
    pub fn bytes(max_addresses: u32, workers: usize) -> usize {
        let storm = MAX_PORTS * size_of::<[storm::Bucket; 3]>();
        let each = WorkerCounters::BYTES + Events::BYTES + size_of::<WorkerCounters>();
        let common = Self::table_bytes(max_addresses, 0).saturating_add(storm).saturating_add(Snapshot::BARE_BYTES);
        common.saturating_add(workers.saturating_mul(each))
    }

    /// Returns a bound of the bytes that [`publish`](Self::publish) takes for a table of so many addresses, into which so
    /// many entries move.
    pub fn table_bytes(max_addresses: u32, entries: u32) -> usize {
        Table::bytes(max_addresses, entries).saturating_add(size_of::<Table>())
    }

    /// Returns the worker of an index; `None` while somebody has it, or if there are not so many.
    pub fn worker(self: &Arc<Self>, index: usize) -> Option<Worker> {
        let counters = self.counters.get(index)?;
        let free = !self.taken.get(index)?.swap(true, Ordering::Acquire);
        free.then(|| Worker::new(self.clone(), index, counters.clone()))
    }

    pub(crate) fn give_back(&self, index: usize) {
        if let Some(taken) = self.taken.get(index) {
            taken.store(false, Ordering::Release);
        }
    }

    /// Makes a configuration the current one. Each worker sees it at its next batch.
    ///
    /// A port that was not there before begins without addresses, and one that is not there any more leaves none.
    /// If the number of addresses allowed changes, the table is made anew and its entries move; what workers would
    /// learn meanwhile they learn later.
    pub fn publish(&self, config: Config) {
        let mut control = self.control.lock();
        let (old, _) = self.current();
        let has = |config: &Config, port| config.ports.iter().any(|&(other, _)| other == port);
        let added = config.ports.iter().map(|&(port, _)| port).filter(|&port| !has(&old.config, port));
        // A worker may have learned something after the number's former port had been flushed.
        added.for_each(|port| old.table.flush_port(port, Flush::All));
        let removed: Vec<PortId> =
            old.config.ports.iter().map(|&(port, _)| port).filter(|&port| !has(&config, port)).collect();
        let table = match config.max_addresses.min(MAX_ADDRESSES) {
            same if same == old.max_addresses => old.table.clone(),
            limit => {
                let table = Table::new(limit, self.secret);
                self.trimmed.fetch_add(table.migrate_from(&old.table, limit), Ordering::Relaxed);
                Arc::new(table)
            }
        };
        let new = Arc::new(Snapshot::new(Arc::new(config), table));
        if new.ageing != old.ageing {
            self.next_sweep.store(0, Ordering::Relaxed);
        }
        {
            let mut current = self.current.lock();
            *current = new.clone();
            self.generation.fetch_add(1, Ordering::Release);
        }
        removed.iter().for_each(|&port| new.table.flush_port(port, Flush::All));
        control.retired.push(old);
        control.retired.retain(|snapshot| Arc::strong_count(snapshot) > 1);
    }

    /// Returns the current configuration.
    pub fn config(&self) -> Arc<Config> {
        self.current.lock().config.clone()
    }

    /// Makes a static entry, replacing and moving any other of that address and VLAN (0 is none).
    ///
    /// # Errors
    /// [`TableError`], if the address is no station's, the VLAN or port does not exist, or the table holds nothing
    /// but static entries already.
    pub fn insert_static(&self, vid: u16, mac: Mac, port: PortId) -> Result<(), TableError> {
        let _control = self.control.lock();
        let (snapshot, _) = self.current();
        if vid > 4094 {
            return Err(TableError::NoVlan(vid));
        }
        if mac.is_group() || mac == Mac::ZERO {
            return Err(TableError::NotAStation(mac));
        }
        if !snapshot.is_configured(port) {
            return Err(TableError::NoPort(port));
        }
        snapshot.table.insert_static(Key::new(vid, mac), port, snapshot.max_addresses)
    }

    /// Removes an address from a VLAN (0 is none), or from every VLAN. Returns how many entries that were.
    pub fn remove(&self, vid: Option<u16>, mac: Mac) -> usize {
        let _control = self.control.lock();
        let (snapshot, _) = self.current();
        if mac.is_group() || vid.is_some_and(|vid| vid > 4094) {
            return 0;
        }
        let vids = vid.map_or(0..=4094, |vid| vid..=vid);
        vids.filter(|&vid| snapshot.table.remove(Key::new(vid, mac))).count()
    }

    /// Removes the entries of all ports.
    pub fn flush(&self, what: Flush) {
        let _control = self.control.lock();
        self.current().0.table.flush(what);
    }

    /// Removes the entries of a port. What workers learn from frames they already decided on is gone with it.
    pub fn flush_port(&self, port: PortId, what: Flush) {
        let _control = self.control.lock();
        self.current().0.table.flush_port(port, what);
    }

    /// Returns whether the table holds an address in a VLAN (0 is none) that is not too old.
    pub fn holds(&self, vid: u16, mac: Mac, now: Instant) -> bool {
        let (snapshot, _) = self.current();
        let clock = Clock { now: Stamp::at(now), ageing: snapshot.ageing };
        vid <= 4094 && !mac.is_group() && snapshot.table.lookup(Key::new(vid, mac), clock).is_some()
    }

    /// Lists the table, sorted by VLAN and address, without what is too old.
    pub fn entries(&self, now: Instant) -> Vec<Entry> {
        // A table that is listed must not be retired meanwhile: listing may have to wait for its lock.
        let _control = self.control.lock();
        let (snapshot, _) = self.current();
        let clock = Clock { now: Stamp::at(now), ageing: snapshot.ageing };
        let entries = snapshot.table.list(clock).into_iter().map(|(key, port, kind, stamp)| Entry {
            vid: key.vid(),
            mac: key.mac(),
            port,
            kind,
            left: if kind == EntryKind::Dynamic { clock.left(stamp) } else { None },
        });
        entries.collect()
    }

    /// Counts the table's entries.
    pub fn address_counts(&self) -> AddressCounts {
        let (snapshot, _) = self.current();
        let counts = snapshot.table.counts();
        let of = |port| counts.learned(port) + counts.of(EntryKind::Static, port);
        let ports = (0..MAX_PORTS as u64).map(PortId::from_low_bits);
        let by_port = ports.map(|port| (port, of(port))).filter(|&(_, count)| count > 0).collect();
        AddressCounts { total: counts.total(), by_port }
    }

    /// Sweeps the table if that is due.
    pub fn on_timeout(&self, now: Instant) {
        if now.as_micros() < self.next_sweep.load(Ordering::Relaxed) {
            return;
        }
        let mut control = self.control.lock();
        let (snapshot, _) = self.current();
        let swept = snapshot.table.expire(Clock { now: Stamp::at(now), ageing: snapshot.ageing });
        self.expired.fetch_add(swept.expired, Ordering::Relaxed);
        // What is learned from now on can be too old only after the whole time.
        let oldest = swept.oldest.unwrap_or(Stamp::at(now));
        if let Some(next) = snapshot.ageing.expiry(oldest) {
            let next = next.max(now.plus(SWEEP_GAP));
            self.next_sweep.store(next.as_micros(), Ordering::Relaxed);
        }
        control.retired.retain(|snapshot| Arc::strong_count(snapshot) > 1);
    }

    /// Returns when [`on_timeout`](Self::on_timeout) is to be called at the latest; early calls do nothing.
    ///
    /// Ageing does not depend on it; limits and counts do.
    pub fn next_timeout(&self) -> Option<Instant> {
        let (snapshot, _) = self.current();
        let next = Instant::from_micros(self.next_sweep.load(Ordering::Relaxed));
        snapshot.ageing.expiry(Stamp::at(next)).map(|_| next)
    }

    /// Returns what passed a port since its counters were reset, as all workers counted it.
    pub fn port_counters(&self, port: PortId) -> PortCounters {
        let control = self.control.lock();
        let baseline = control.baselines.iter().find(|&&(of, _)| of == port);
        let sum = self.sum_port(port);
        baseline.map_or(sum, |(_, baseline)| sum.since(baseline))
    }

    /// Begins a port's counters at zero again: its number is used for another port.
    pub fn reset_port_counters(&self, port: PortId) {
        let mut control = self.control.lock();
        let sum = self.sum_port(port);
        control.baselines.retain(|&(of, _)| of != port);
        control.baselines.push((port, sum));
    }

    /// Returns what happened on the bridge since it was made.
    pub fn counters(&self) -> BridgeCounters {
        let mut sum = BridgeCounters {
            expired: self.expired.load(Ordering::Relaxed),
            evicted: self.trimmed.load(Ordering::Relaxed),
            ..BridgeCounters::default()
        };
        for worker in &self.counters {
            worker.add_table(&mut sum);
            for port in (0..MAX_PORTS as u64).map(PortId::from_low_bits) {
                worker.add_port(port, &mut sum.ports);
            }
        }
        sum
    }

    fn sum_port(&self, port: PortId) -> PortCounters {
        let mut sum = PortCounters::default();
        self.counters.iter().for_each(|worker| worker.add_port(port, &mut sum));
        sum
    }

    #[inline]
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(crate) fn current(&self) -> (Arc<Snapshot>, u64) {
        let current = self.current.lock();
        (current.clone(), self.generation())
    }

    pub(crate) fn try_current(&self) -> Option<(Arc<Snapshot>, u64)> {
        let current = self.current.try_lock()?;
        Some((current.clone(), self.generation()))
    }

    /// Returns whether a port may flood one more frame.
    #[inline]
    pub(crate) fn admits(&self, port: PortId, why: FloodClass, interval: Interval, now: Instant) -> bool {
        interval == Interval::NONE
            || self
                .storm
                .get(port.index())
                .and_then(|classes| classes.get(why as usize))
                .is_none_or(|bucket| bucket.admits(interval, now))
    }
}

/// A guess: sweeping costs some milliseconds for a million addresses, and nobody counts on less.
const SWEEP_GAP: Duration = Duration::from_secs(1);
