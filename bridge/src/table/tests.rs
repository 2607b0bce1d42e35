extern crate std;
use super::*;
use frame::{Instant, Mac};
use std::vec::Vec;

pub(super) fn port(number: u64) -> PortId {
    PortId::from_low_bits(number)
}

pub(super) fn mac(number: u64) -> Mac {
    Mac::from_u64(0x0200_0000_0000 + number)
}

pub(super) fn key(number: u64) -> Key {
    Key::new(0, mac(number))
}

pub(super) fn clock(secs: u64, ageing_secs: u64) -> Clock {
    let ageing = Ageing::new(Some(core::time::Duration::from_secs(ageing_secs)));
    Clock { now: Stamp::at(Instant::from_secs(secs)), ageing }
}

/// A source on a port of no limits, at a table of a thousand addresses.
pub(super) fn arrival(number: u64, at: u64, clock: Clock) -> Arrival {
    let (port_limit, table_limit) = (u32::MAX, 1000);
    Arrival { key: key(number), port: port(at), kind: EntryKind::Dynamic, port_limit, table_limit, clock }
}

pub(super) fn table() -> Table {
    Table::new(1000, [1, 2, 3, 4])
}

/// Learns as a worker does.
pub(super) fn hear(table: &Table, arrival: Arrival) -> Learned {
    match table.knows(arrival.key, arrival.port, arrival.clock) {
        true => Learned::Known,
        false => table.learn(&arrival),
    }
}

const ADDED: Learned = Learned::Added([None; 2]);

#[test]
fn a_million_addresses_are_all_found_again() {
    let (count, clock) = (1_000_000, clock(1, 300));
    let table = Table::new(count as u32, [5, 6, 7, 8]);
    for number in 0..count {
        let arrival = Arrival { table_limit: count as u32, ..arrival(number, number % 1000, clock) };
        assert_eq!(hear(&table, arrival), ADDED, "{number}");
    }
    for number in 0..count {
        assert_eq!(table.lookup(key(number), clock), Some(port(number % 1000)), "{number}");
    }
    assert_eq!(table.lookup(key(count), clock), None);
    assert_eq!((table.counts().total(), table.counts().learned(port(7))), (1_000_000, 1000));
    assert_eq!(table.list(clock).len(), 1_000_000);
}

#[test]
fn vlans_are_learned_apart() {
    let (table, clock) = (table(), clock(1, 300));
    for vid in [0, 1, 4094] {
        let arrival = Arrival { key: Key::new(vid, mac(1)), ..arrival(1, u64::from(vid % 7) + 1, clock) };
        assert_eq!(hear(&table, arrival), ADDED);
    }
    for (vid, at) in [(0, Some(port(1))), (1, Some(port(2))), (4094, Some(port(7))), (2, None)] {
        assert_eq!(table.lookup(Key::new(vid, mac(1)), clock), at, "{vid}");
    }
}

#[test]
fn ageing_table() {
    #[rustfmt::skip]
    let rows = [
        // name                 ageing  learned  heard again  looked up  alive
        ("at once",                300,       5,        None,         5, true),
        ("last second",            300,       5,        None,       304, true),
        ("timeout",                300,       5,        None,       305, false),
        ("one second",               1,       5,        None,         6, false),
        ("refreshed",              300,       5,   Some(304),       603, true),
        ("refreshed, timeout",     300,       5,   Some(304),       604, false),
        ("heard too late",         300,       5,   Some(305),       604, true),
        ("never",                    0,       5,        None, 1_000_000_000, true),
        ("the clock of another",   300,       5,     Some(3),       304, true),
        ("longest",        u64::from(u32::MAX), 5,      None, 4_294_967_299, true),
        ("longest, timeout", u64::from(u32::MAX), 5,    None, 4_294_967_300, false),
    ];
    for (name, ageing, learned, again, looked, alive) in rows {
        let table = table();
        for at in [Some(learned), again].into_iter().flatten() {
            hear(&table, arrival(1, 1, clock(at, ageing)));
        }
        let now = clock(looked, ageing);
        assert_eq!(table.lookup(key(1), now).is_some(), alive, "{name}");
        assert_eq!(table.list(now).len(), usize::from(alive), "{name}");
        assert_eq!(table.expire(now).expired, u64::from(!alive), "{name}");
        assert_eq!(table.counts().total(), u32::from(alive), "{name}");
    }
}

#[test]
fn ageing_is_exact_to_a_quarter_of_a_second() {
    let table = table();
    let at = |micros| Clock { now: Stamp::at(Instant::from_micros(micros)), ..clock(0, 2) };
    hear(&table, arrival(1, 1, at(1_250_000)));
    assert!(table.lookup(key(1), at(3_249_999)).is_some());
    assert!(table.lookup(key(1), at(3_250_000)).is_none());
}

#[test]
fn learning_table() {
    use EntryKind::{Dynamic, Static, Sticky};
    let now = clock(1, 300);
    #[rustfmt::skip]
    let rows: &[(&str, EntryKind, u64, EntryKind, u32, Learned, u64)] = &[
        // name                            is there    heard   on port of  limit  what                     is then on
        ("same port",                      Dynamic,        1,  Dynamic,    u32::MAX, Learned::Known,         1),
        ("moves",                          Dynamic,        2,  Dynamic,    u32::MAX, Learned::Moved(port(1)), 2),
        ("moves, not pinned by sticky",    Dynamic,        2,  Sticky,     u32::MAX, Learned::Moved(port(1)), 2),
        ("does not move to a full port",   Dynamic,        2,  Dynamic,    0,      Learned::OverPortLimit,   1),
        ("static stays",                   Static,         2,  Dynamic,    u32::MAX, Learned::Known,         1),
        ("sticky stays",                   Sticky,         2,  Dynamic,    u32::MAX, Learned::Known,         1),
        ("static is known to a full port", Static,         2,  Dynamic,    0,      Learned::Known,           1),
        ("sticky at home",                 Sticky,         1,  Sticky,     u32::MAX, Learned::Known,         1),
    ];
    for &(name, there, heard, kind, port_limit, what, then) in rows {
        let table = table();
        match there {
            Static => table.insert_static(key(1), port(1), 1000).unwrap(),
            Dynamic | Sticky => assert_eq!(hear(&table, Arrival { kind: there, ..arrival(1, 1, now) }), ADDED),
        }
        let got = hear(&table, Arrival { kind, port_limit, ..arrival(1, heard, now) });
        assert_eq!(got, what, "{name}");
        assert_eq!(table.lookup(key(1), now), Some(port(then)), "{name}");
        // What was pinned is so for ever, what was not ages.
        let late = clock(1_000_000, 300);
        assert_eq!(table.lookup(key(1), late).is_some(), there != Dynamic, "{name}");
        assert_eq!(table.counts().of(there, port(then)), 1, "{name}");
        assert_eq!(table.counts().total(), 1, "{name}");
    }
}

#[test]
fn a_port_learns_as_many_as_it_may() {
    let (table, now) = (table(), clock(1, 300));
    let limited = |number| Arrival { port_limit: 3, ..arrival(number, 1, now) };
    assert_eq!([1, 2, 3].map(|number| hear(&table, limited(number))), [ADDED; 3]);
    assert_eq!(hear(&table, limited(4)), Learned::OverPortLimit);
    assert_eq!(hear(&table, limited(2)), Learned::Known);
    assert_eq!(hear(&table, arrival(4, 2, now)), ADDED, "another port has room");
    assert!(table.remove(key(1)));
    assert_eq!(hear(&table, limited(5)), ADDED, "one went");
    // Entries that the operator made are not learned.
    table.insert_static(key(6), port(3), 1000).unwrap();
    assert_eq!(hear(&table, Arrival { port_limit: 1, ..arrival(7, 3, now) }), ADDED);
}

#[test]
fn no_address_allowed_no_address_learned() {
    let (table, now) = (Table::new(0, [0; 4]), clock(1, 300));
    assert_eq!(hear(&table, Arrival { table_limit: 0, ..arrival(1, 1, now) }), Learned::Refused);
    assert_eq!(table.insert_static(key(1), port(1), 0), Err(TableError::Full(0)));
    assert_eq!(table.counts().total(), 0);
}

#[test]
fn flush_table() {
    use EntryKind::{Dynamic, Static, Sticky};
    let now = clock(1, 300);
    let filled = || {
        let table = table();
        for at in [1, 2] {
            hear(&table, arrival(at * 10, at, now));
            hear(&table, Arrival { kind: Sticky, ..arrival(at * 10 + 1, at, now) });
            table.insert_static(key(at * 10 + 2), port(at), 1000).unwrap();
        }
        table
    };
    type Action = fn(&Table);
    #[rustfmt::skip]
    let rows: [(&str, Action, &[(u64, EntryKind)]); 4] = [
        ("port, dynamic", |t| t.flush_port(port(1), Flush::Dynamic),
            &[(11, Sticky), (12, Static), (20, Dynamic), (21, Sticky), (22, Static)]),
        ("port, all",     |t| t.flush_port(port(1), Flush::All), &[(20, Dynamic), (21, Sticky), (22, Static)]),
        ("dynamic",       |t| t.flush(Flush::Dynamic), &[(11, Sticky), (12, Static), (21, Sticky), (22, Static)]),
        ("all",           |t| t.flush(Flush::All), &[]),
    ];
    for (name, act, want) in rows {
        let table = filled();
        act(&table);
        let got: Vec<_> = table.list(now).into_iter().map(|(key, _, kind, _)| (key, kind)).collect();
        let want: Vec<_> = want.iter().map(|&(number, kind)| (key(number), kind)).collect();
        assert_eq!(got, want, "{name}");
        assert_eq!(table.counts().total() as usize, want.len(), "{name}");
        assert_eq!(table.lookup(key(10), now).is_some(), want.iter().any(|&(k, _)| k == key(10)), "{name}");
        assert_eq!(hear(&table, arrival(10, 1, now)), ADDED, "{name}: learned again");
        assert_eq!(table.counts().total() as usize, want.len() + 1, "{name}");
    }
}

#[test]
fn flushing_more_often_than_there_are_epochs_revives_nothing() {
    let (table, now) = (table(), clock(1, 0));
    hear(&table, arrival(1, 1, now));
    for flush in 0..=2 * u32::from(u16::MAX) + 3 {
        table.flush_port(port(1), Flush::Dynamic);
        assert_eq!(table.lookup(key(1), now), None, "after {flush}");
    }
    assert_eq!(table.counts().total(), 0);
}

#[test]
fn what_a_flush_left_is_swept_without_being_called_expired() {
    let (table, now) = (table(), clock(1, 300));
    (0..100).for_each(|number| drop(hear(&table, arrival(number, 1, now))));
    hear(&table, arrival(200, 2, clock(9, 300)));
    table.flush_port(port(1), Flush::Dynamic);
    let swept = table.expire(clock(10, 300));
    assert_eq!((swept.expired, swept.oldest), (0, Some(Stamp::at(Instant::from_secs(9)))));
    assert_eq!(table.counts().total(), 1);
}

#[test]
fn static_entries_replace_and_move() {
    let (table, now) = (table(), clock(1, 300));
    for kind in [EntryKind::Dynamic, EntryKind::Sticky] {
        hear(&table, Arrival { kind, ..arrival(1, 1, now) });
        table.insert_static(key(1), port(2), 1000).unwrap();
        assert_eq!(table.lookup(key(1), now), Some(port(2)));
        table.insert_static(key(1), port(3), 1000).unwrap();
        assert_eq!(table.lookup(key(1), now), Some(port(3)), "another port, static before");
        let counts = table.counts();
        assert_eq!((counts.total(), counts.of(EntryKind::Static, port(3)), counts.learned(port(1))), (1, 1, 0));
        assert!(table.remove(key(1)));
        assert!(!table.remove(key(1)));
        assert_eq!(table.counts().total(), 0);
    }
}

#[test]
fn a_smaller_table_keeps_the_pinned_and_the_freshest() {
    let table = table();
    for number in 0..100 {
        hear(&table, arrival(number, 1, clock(number, 300)));
    }
    hear(&table, Arrival { kind: EntryKind::Sticky, ..arrival(200, 1, clock(0, 300)) });
    table.insert_static(key(201), port(2), 1000).unwrap();
    table.flush_port(port(3), Flush::Dynamic);
    let small = Table::new(12, [1, 2, 3, 4]);
    assert_eq!(small.migrate_from(&table, 12), 90);
    let kept: Vec<_> = small.list(clock(100, 300)).into_iter().map(|(key, ..)| key).collect();
    let want: Vec<_> = (90..100).chain([200, 201]).map(key).collect();
    assert_eq!(kept, want);
    assert_eq!(small.counts().total(), 12);
    let learned = hear(&table, arrival(300, 1, clock(100, 300)));
    assert_eq!(learned, Learned::Busy, "nobody writes the old table any more");
    let back = Table::new(5000, [1, 2, 3, 4]);
    assert_eq!(back.migrate_from(&small, 5000), 0);
    assert_eq!(back.list(clock(100, 300)), small.list(clock(100, 300)));
}

/// With two buckets only, everything that can happen in a bucket does.
#[test]
fn crowded_buckets_lose_nothing_that_is_counted() {
    let now = clock(1, 300);
    let table = Table::new(1, [9, 9, 9, 9]);
    let mut gone = 0;
    for number in 0..5000 {
        let heard = hear(&table, Arrival { table_limit: 60, ..arrival(number, 1, now) });
        let Learned::Added(evicted) = heard else { panic!("{number}: {heard:?}") };
        gone += evicted.iter().flatten().count();
        assert_eq!(table.lookup(key(number), now), Some(port(1)), "{number}");
    }
    let there = (0..5000).filter(|&number| table.lookup(key(number), now).is_some()).count();
    assert_eq!(there + gone, 5000);
    assert_eq!((table.counts().total() as usize, table.list(now).len()), (there, there));
    assert!(table.displaced.load(Ordering::Relaxed) > 0, "nothing was displaced: the test is none");
}
