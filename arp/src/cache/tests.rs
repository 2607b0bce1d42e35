extern crate std;
use super::*;
use crate::Rate;
use core::net::{IpAddr, Ipv4Addr};
use frame::Mac;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn key(number: u32) -> Key {
    Key::new(IpAddr::V4(Ipv4Addr::from_bits(number)))
}

fn entry(number: u32) -> Entry {
    let phase = Phase::Stale { mac: Mac([2, 0, 0, 0, 0, 1]) };
    Entry::new(key(number), phase, key(0), Rate { per_second: 1, burst: 1 }, Instant::default())
}

#[test]
fn the_table_fills_to_the_last_and_empties_to_the_first() {
    let mut cache = Cache::new([1, 2, 3, 4]);
    let ids: std::vec::Vec<_> = (0..MAX_NEIGHBOURS as u32).map(|number| cache.insert(entry(number)).unwrap()).collect();
    assert!(cache.is_full() && cache.insert(entry(1 << 20)).is_none() && cache.find(key(1 << 20)).is_none());
    for (number, id) in (0..).zip(ids) {
        assert_eq!(cache.find(key(number)), Some(id));
        assert_eq!(cache.remove(id).map(|entry| entry.key), Some(key(number)));
        assert!(cache.find(key(number)).is_none() && cache.remove(id).is_none());
    }
    assert_eq!((cache.len(), cache.iter().count(), cache.due_at()), (0, 0, None));
}

#[test]
fn both_families_have_their_own_entries() {
    for text in ["10.8.0.1", "::a08:1", "fd00::1", "255.255.255.254", "fe80::ffff:ffff:ffff:ffff"] {
        let address: IpAddr = text.parse().unwrap();
        assert_eq!(Key::new(address).address(), address);
    }
    assert_ne!(Key::new("10.8.0.1".parse().unwrap()), Key::new("::a08:1".parse().unwrap()));
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u32),
    Remove(u32),
    Due(u32, Option<u64>),
}

fn step() -> impl Strategy<Value = Step> {
    // Few numbers: they are removed and come back, and there are more of them than a table holds.
    let number = 0..1500_u32;
    prop_oneof![
        4 => number.clone().prop_map(Step::Insert),
        3 => number.clone().prop_map(Step::Remove),
        2 => (number, prop::option::of(0..9_u64)).prop_map(|(number, at)| Step::Due(number, at)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]
    #[test]
    fn it_is_a_map_with_times(steps in prop::collection::vec(step(), 0..4000)) {
        let (mut cache, mut model) = (Cache::new([5, 6, 7, 8]), BTreeMap::<u32, Option<Instant>>::new());
        for step in steps {
            match step {
                Step::Insert(number) if !model.contains_key(&number) => {
                    let room = model.len() < MAX_NEIGHBOURS;
                    prop_assert_eq!(cache.insert(entry(number)).is_some(), room);
                    if room {
                        model.insert(number, None);
                    }
                }
                Step::Insert(_) => {}
                Step::Remove(number) => {
                    let removed = cache.find(key(number)).and_then(|id| cache.remove(id));
                    prop_assert_eq!(removed.is_some(), model.remove(&number).is_some());
                }
                Step::Due(number, at) => {
                    let at = at.map(Instant::from_secs);
                    if let Some(id) = cache.find(key(number)) {
                        cache.set_due(id, at);
                        model.insert(number, at);
                    }
                }
            }
            prop_assert_eq!(cache.due_at(), model.values().copied().flatten().min());
        }
        for number in 0..1500 {
            prop_assert_eq!(cache.find(key(number)).is_some(), model.contains_key(&number));
        }
        prop_assert_eq!(cache.len(), model.len());
        while let Some(id) = cache.due(Instant::from_secs(4)) {
            let number = cache.get(id).map(|entry| entry.key.bits() as u32).unwrap();
            prop_assert!(model.remove(&number).flatten().unwrap() <= Instant::from_secs(4));
            cache.remove(id);
        }
        prop_assert!(model.values().flatten().all(|&at| at > Instant::from_secs(4)));
    }
}
