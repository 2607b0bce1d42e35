use super::super::tests::{arrival, clock, hear, key, port};
use super::super::{Arrival, EntryKind, Learned, Table};

const LIMIT: u32 = 1000;

fn full(number: u64, at: u64, secs: u64) -> Arrival {
    Arrival { table_limit: LIMIT, ..arrival(number, at, clock(secs, 300)) }
}

#[test]
fn a_flood_of_random_sources_takes_nothing_from_others() {
    let table = Table::new(LIMIT, [1, 2, 3, 4]);
    // Forty ports with ten stations each, heard once and then silent.
    for number in 0..400 {
        hear(&table, full(number, number % 40 + 2, 1));
    }
    let mut evicted = 0;
    for number in 0..1_000_000 {
        match hear(&table, full(1_000_000 + number * 7919, 1, 2 + number / 10_000)) {
            Learned::Added(gone) => {
                for gone in gone.into_iter().flatten() {
                    evicted += 1;
                    assert_eq!(gone.port, port(1), "{number}: somebody else had to go");
                }
            }
            Learned::Refused => {}
            other => panic!("{number}: {other:?}"),
        }
    }
    let now = clock(102, 300);
    for number in 0..400 {
        assert_eq!(table.lookup(key(number), now), Some(port(number % 40 + 2)), "{number}");
    }
    assert!(evicted > 990_000, "{evicted}");
    assert!(table.counts().total() <= LIMIT);

    // Others still find room, at the expense of the flood.
    for number in 500_000..500_400 {
        let Learned::Added(gone) = hear(&table, full(number, number % 40 + 2, 103)) else { panic!("{number}") };
        assert!(gone.iter().flatten().all(|gone| gone.port == port(1)), "{number}: {gone:?}");
    }
    for number in (0..400).chain(500_000..500_400) {
        assert_eq!(table.lookup(key(number), clock(103, 300)), Some(port(number % 40 + 2)), "{number}");
    }
    assert_eq!(table.counts().total(), LIMIT);
    assert_eq!(table.counts().learned(port(1)), LIMIT - 800);
}

#[test]
fn of_one_port_the_oldest_go_first() {
    let table = Table::new(LIMIT, [1, 2, 3, 4]);
    for number in 0..1000 {
        hear(&table, full(number, 1, number / 4));
    }
    // Half of them are heard again; the flood then takes about as many as were not.
    for number in (0..1000).step_by(2) {
        hear(&table, full(number, 1, 260));
    }
    for number in 10_000..10_250 {
        hear(&table, full(number, 1, 261));
    }
    let busy_left = (0..1000).step_by(2).filter(|&n| table.lookup(key(n), clock(261, 300)).is_some()).count();
    assert!(busy_left > 475, "only {busy_left} of 500 busy ones are left");
}

#[test]
fn sticky_entries_of_a_flood_give_way_to_others_only() {
    let table = Table::new(LIMIT, [1, 2, 3, 4]);
    let sticky = |number| Arrival { kind: EntryKind::Sticky, ..full(number, 1, 1) };
    for number in 0..1000 {
        assert!(matches!(hear(&table, sticky(number)), Learned::Added([None, None])));
    }
    assert_eq!(hear(&table, sticky(2000)), Learned::Refused, "what is sticky stays");
    assert!(matches!(hear(&table, full(3000, 2, 1)), Learned::Added(_)), "but takes no more than its share");
    assert_eq!(table.lookup(key(3000), clock(1, 300)), Some(port(2)));
}

#[test]
fn static_entries_never_go() {
    let table = Table::new(LIMIT, [1, 2, 3, 4]);
    for number in 0..1000 {
        table.insert_static(key(number), port(1), LIMIT).unwrap();
    }
    assert_eq!(hear(&table, full(2000, 2, 1)), Learned::Refused);
    assert_eq!(table.insert_static(key(2000), port(2), LIMIT), Err(super::super::TableError::Full(LIMIT)));
    assert!((0..1000).all(|number| table.lookup(key(number), clock(1, 300)) == Some(port(1))));
}

#[test]
fn what_is_dead_goes_before_what_is_alive() {
    let table = Table::new(LIMIT, [1, 2, 3, 4]);
    for number in 0..1000 {
        hear(&table, full(number, number % 10, if number < 900 { 1 } else { 200 }));
    }
    let mut evicted = 0;
    for number in 2000..2500 {
        let Learned::Added(gone) = hear(&table, full(number, 11, 301)) else { panic!("{number}") };
        evicted += gone.iter().flatten().count();
    }
    assert!(evicted <= 5, "{evicted} alive had to go while 400 dead were there");
}
