extern crate std;
use super::Ring;
use alloc::sync::Arc;
use std::vec::Vec;

#[test]
fn the_first_comes_first_and_what_has_no_room_comes_back() {
    let ring = Ring::new(2);
    for _ in 0..3 {
        assert!(ring.is_empty() && !ring.is_full());
        assert_eq!((ring.push(1), ring.push(2), ring.push(3)), (Ok(()), Ok(()), Err(3)));
        assert!(!ring.is_empty() && ring.is_full());
        assert_eq!(ring.pop(), Some(1));
        assert_eq!(ring.push(4), Ok(()));
        assert_eq!([ring.pop(), ring.pop(), ring.pop()], [Some(2), Some(4), None]);
    }
}

#[test]
fn what_is_left_goes_with_it() {
    let value = Arc::new(());
    let ring = Ring::new(4);
    (0..3).for_each(|_| ring.push(Arc::clone(&value)).unwrap());
    ring.pop();
    assert_eq!(Arc::strong_count(&value), 3);
    drop(ring);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn every_value_comes_out_once_and_in_the_order_of_its_thread() {
    const EACH: usize = 20_000;
    let ring = Ring::new(8);
    let taken = std::thread::scope(|scope| {
        for thread in 0..3 {
            let ring = &ring;
            scope.spawn(move || {
                for number in 0..EACH {
                    while ring.push((thread, number)).is_err() {
                        std::thread::yield_now();
                    }
                }
            });
        }
        let takers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut taken = Vec::new();
                    let mut idle = 0_u32;
                    // Far more turns than anybody is late.
                    while idle < 200_000 {
                        match ring.pop() {
                            Some(one) => {
                                taken.push(one);
                                idle = 0;
                            }
                            None => {
                                idle += 1;
                                std::thread::yield_now();
                            }
                        }
                    }
                    taken
                })
            })
            .collect();
        takers.into_iter().map(|taker| taker.join().unwrap()).collect::<Vec<_>>()
    });
    for one in &taken {
        for thread in 0..3 {
            let numbers = one.iter().filter(|(of, _)| *of == thread).map(|(_, number)| number);
            assert!(numbers.is_sorted(), "of thread {thread}");
        }
    }
    let mut all = taken.concat();
    all.sort_unstable();
    let want = (0..3).flat_map(|thread| (0..EACH).map(move |number| (thread, number)));
    assert!(all.into_iter().eq(want));
}
