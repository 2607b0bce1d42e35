use super::*;
use std::collections::BTreeMap;
use std::vec;

#[test]
fn granules_are_taken_first_fit_and_aligned() {
    let mut map = vec![u64::MAX; Granules::map_words(100)];
    let start = NonNull::new(map.as_mut_ptr()).unwrap();
    // SAFETY: the vector has as many words, and outlives what uses them.
    let mut granules = unsafe { Granules::new(start, 100) };
    assert!(granules.are_free() && granules.longest_free() == 100);
    assert_eq!(granules.take(1, 1), Some(0));
    assert_eq!(granules.take(2, 4), Some(4), "the next that is aligned");
    assert_eq!(granules.take(3, 1), Some(1), "what fits before");
    assert_eq!(granules.take(70, 64), None, "64 on are 36");
    assert_eq!(granules.take(36, 64), Some(64));
    assert_eq!(granules.longest_free(), 58);
    assert_eq!(granules.take(59, 1), None);
    assert_eq!(granules.take(58, 1), Some(6));
    assert_eq!(granules.longest_free(), 0);
    for (at, count) in [(0, 1), (4, 2), (1, 3), (64, 36), (6, 58)] {
        granules.give(at, count);
    }
    assert!(granules.are_free());
}

/// What is taken never overlaps, whatever comes and goes.
#[test]
fn runs_do_not_overlap() {
    let mut map = vec![0; Granules::map_words(300)];
    let start = NonNull::new(map.as_mut_ptr()).unwrap();
    // SAFETY: the vector has as many words, and outlives what uses them.
    let mut granules = unsafe { Granules::new(start, 300) };
    let mut random = frame::SplitMix::new(5);
    let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
    for _ in 0..5000 {
        let number = random.number() as usize;
        let (count, every) = (1 + number % 40, 1 << (number >> 8 & 3));
        if number & 1 << 20 != 0 {
            if let Some(at) = granules.take(count, every) {
                let before = taken.range(..at + count).next_back();
                assert!(at % every == 0 && at + count <= 300);
                assert!(before.is_none_or(|(&start, &length)| start + length <= at), "{at} {count}: {taken:?}");
                taken.insert(at, count);
            }
        } else if let Some((&at, &count)) = taken.iter().nth(number % taken.len().max(1)) {
            taken.remove(&at);
            granules.give(at, count);
        }
    }
    for (at, count) in taken {
        granules.give(at, count);
    }
    assert!(granules.are_free());
}
