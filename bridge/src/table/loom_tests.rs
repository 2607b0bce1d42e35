//! Every interleaving of two threads (up to three preemptions) at the places where the table is shared.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p bridge --release --lib loom`

extern crate std;
use super::*;
use core::time::Duration;
use frame::{Instant, Mac};
use loom::sync::Arc;
use loom::thread;
use std::vec::Vec;

fn port(number: u64) -> PortId {
    PortId::from_low_bits(number)
}

fn key(number: u64) -> Key {
    Key::new(0, Mac::from_u64(0x0200_0000_0000 + number))
}

fn clock(secs: u64) -> Clock {
    Clock { now: Stamp::at(Instant::from_secs(secs)), ageing: Ageing::new(Some(Duration::from_secs(300))) }
}

fn arrival(number: u64, at: u64, secs: u64) -> Arrival {
    let limit = 16;
    let (port_limit, table_limit) = (limit, limit);
    Arrival { key: key(number), port: port(at), kind: EntryKind::Dynamic, port_limit, table_limit, clock: clock(secs) }
}

fn hear(table: &Table, arrival: Arrival) -> Learned {
    match table.knows(arrival.key, arrival.port, arrival.clock) {
        true => Learned::Known,
        false => table.learn(&arrival),
    }
}

fn table() -> Table {
    Table::new(1, SECRET)
}

fn explore(scenario: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(scenario);
}

/// Runs one part beside another on a table, and returns the table.
fn beside(table: Table, one: impl FnOnce(&Table) + 'static, other: impl FnOnce(&Table)) -> Arc<Table> {
    let table = Arc::new(table);
    let shared = table.clone();
    let thread = thread::spawn(move || one(&shared));
    other(&table);
    thread.join().unwrap();
    table
}

#[test]
fn loom_a_reader_sees_the_value_of_its_key_or_nothing() {
    explore(|| {
        let bucket = Arc::new(Bucket::new());
        let Some(way) = Way::all().next() else { unreachable!() };
        let value = |at| Value::new(port(at), EntryKind::Dynamic, 0, clock(1).now);
        bucket.put(way, key(1), value(1));
        let shared = bucket.clone();
        let writer = thread::spawn(move || {
            shared.put(way, key(2), value(2));
            shared.put(way, key(1), value(3));
        });
        let seen = bucket.find_at(way, key(1)).map(Value::port);
        assert!(matches!(seen.map(PortId::get), None | Some(1 | 3)), "{seen:?}");
        writer.join().unwrap();
    });
}

#[test]
fn loom_two_workers_learn_one_station_once() {
    explore(|| {
        let table = beside(table(), |t| drop_it(hear(t, arrival(1, 1, 1))), |t| drop_it(hear(t, arrival(1, 2, 1))));
        assert_eq!(table.counts().total(), 1);
        assert_eq!(table.list(clock(1)).len(), 1);
        let at = table.lookup(key(1), clock(1)).unwrap();
        assert_eq!(table.counts().learned(at), 1);
    });
}

#[test]
fn loom_two_workers_learn_two_stations() {
    explore(|| {
        let got = Arc::new(loom::sync::Mutex::new(Vec::new()));
        let note = got.clone();
        let table = beside(
            table(),
            move |t| {
                let learned = hear(t, arrival(1, 1, 1));
                note.lock().unwrap().push(learned);
            },
            |t| got.lock().unwrap().push(hear(t, arrival(2, 2, 1))),
        );
        let got = got.lock().unwrap();
        let added = got.iter().filter(|&&learned| learned == Learned::Added([None; 2])).count();
        let busy = got.iter().filter(|&&learned| learned == Learned::Busy).count();
        assert_eq!(added + busy, 2, "{got:?}");
        assert_eq!(table.counts().total() as usize, added);
        assert_eq!(table.list(clock(1)).len(), added);
    });
}

#[test]
fn loom_a_station_that_moves_is_never_lost() {
    explore(|| {
        let table = table();
        hear(&table, arrival(1, 1, 1));
        let table = beside(
            table,
            |t| assert_eq!(hear(t, arrival(1, 2, 1)), Learned::Moved(port(1))),
            |t| assert!(t.lookup(key(1), clock(1)).is_some()),
        );
        assert_eq!((table.counts().learned(port(1)), table.counts().learned(port(2))), (0, 1));
    });
}

#[test]
fn loom_a_late_refresh_changes_nobodys_port() {
    explore(|| {
        let table = table();
        hear(&table, arrival(1, 1, 1));
        let table = beside(
            table,
            |t| drop_it(t.knows(key(1), port(1), clock(2))),
            |t| {
                assert!(t.remove(key(1)));
                hear(t, arrival(2, 2, 1));
                t.flush_port(port(2), Flush::Dynamic);
                hear(t, arrival(3, 3, 1));
            },
        );
        assert_eq!(table.lookup(key(1), clock(2)), None);
        assert_eq!(table.lookup(key(2), clock(2)), None);
        assert_eq!(table.lookup(key(3), clock(2)), Some(port(3)));
    });
}

#[test]
fn loom_what_a_flush_meets_is_gone_and_not_counted() {
    explore(|| {
        let table = beside(table(), |t| drop_it(hear(t, arrival(1, 1, 1))), |t| t.flush_port(port(1), Flush::All));
        let there = table.lookup(key(1), clock(1)).is_some();
        assert_eq!(table.counts().total(), u32::from(there));
        table.flush_port(port(1), Flush::All);
        assert_eq!((table.lookup(key(1), clock(1)), table.counts().total()), (None, 0));
    });
}

#[test]
fn loom_sweeping_spares_who_is_heard_meanwhile() {
    explore(|| {
        let table = table();
        hear(&table, arrival(1, 1, 1));
        let table = beside(table, |t| drop_it(hear(t, arrival(1, 1, 301))), |t| drop_it(t.expire(clock(301)).expired));
        // Swept before it was heard, or after: then it was made anew. Only a busy lock may have kept it out.
        let there = table.lookup(key(1), clock(301)).is_some();
        assert_eq!(table.counts().total(), u32::from(there));
    });
}

/// A crowd around one newcomer: its two buckets are full, and one entry of the first has room in its other bucket.
fn crowd() -> (Vec<(usize, u64)>, u64, u64) {
    let hasher = Hasher::new(SECRET, MIN_BUCKETS);
    let pair = |number: u64| {
        let hash = hasher.hash(key(number));
        (hasher.first(hash), hasher.second(hash))
    };
    let newcomer = 0;
    let (first, second) = pair(newcomer);
    let victim = (1..).find(|&n| pair(n).1 == first && pair(n).0 != second).unwrap();
    // All others are stuck: they belong into these two.
    let mut stuck =
        (1..).filter(|&n| n != victim && matches!(pair(n), p if p == (first, second) || p == (second, first)));
    let mut entries: Vec<_> = [(first, victim)].into();
    for (bucket, count) in [(first, 3), (second, 4)] {
        entries.extend(stuck.by_ref().take(count).map(|number| (bucket, number)));
    }
    (entries, newcomer, victim)
}

#[test]
fn loom_an_entry_on_its_way_to_the_other_bucket_is_found() {
    let (entries, newcomer, victim) = crowd();
    explore(move || {
        let table = table();
        let mut ways = [0; MIN_BUCKETS];
        for &(bucket, number) in &entries {
            let way = Way::all().nth(ways[bucket]).unwrap();
            ways[bucket] += 1;
            table.bucket(bucket).put(way, key(number), Value::new(port(1), EntryKind::Dynamic, 0, clock(1).now));
            table.counts.add(EntryKind::Dynamic, port(1));
        }
        let table = beside(
            table,
            move |t| assert_eq!(hear(t, arrival(newcomer, 2, 1)), Learned::Added([None; 2])),
            |t| assert_eq!(t.lookup(key(victim), clock(1)), Some(port(1))),
        );
        assert_eq!(table.displaced.load(Ordering::Relaxed), 1, "nothing was displaced: the test is none");
        assert_eq!(table.list(clock(1)).len(), entries.len() + 1);
    });
}

/// What came of it does not matter here.
fn drop_it<T>(_: T) {}

const SECRET: [u64; 4] = [1, 2, 3, 4];
