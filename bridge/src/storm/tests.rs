#![cfg(not(loom))]

use super::*;
use core::time::Duration;

fn admitted(bucket: &Bucket, rate: u32, from: Instant, micros_apart: u64, frames: u64) -> u64 {
    let interval = Interval::of(Some(Rate { frames_per_second: rate }));
    let at = |number| from.plus(Duration::from_micros(number * micros_apart));
    (0..frames).filter(|&number| bucket.admits(interval, at(number))).count() as u64
}

#[test]
fn rate_table() {
    #[rustfmt::skip]
    let rows = [
        // name                        rate       apart, µs   frames      from        to
        ("a tenth of it",            100_000,           1,  1_000_000,  100_000,  112_501),
        ("all of it",                100_000,          10,    100_000,  100_000,  100_000),
        ("one a second",                   1,       1_000,     10_000,       10,       10),
        ("a batch at once",            1_000,           0,      1_000,      125,      125),
        ("nothing",                        0,   1_000_000,        100,        0,        0),
        ("the highest rate",        u32::MAX,           0,        100,      100,      100),
    ];
    for (name, rate, apart, frames, least, most) in rows {
        let got = admitted(&Bucket::default(), rate, Instant::from_secs(1000), apart, frames);
        assert!((least..=most).contains(&got), "{name}: {got}");
    }
}

#[test]
fn silence_saves_no_more_than_an_eighth_of_a_second() {
    let bucket = Bucket::default();
    assert_eq!(admitted(&bucket, 800, Instant::from_secs(1), 0, 1000), 100);
    assert_eq!(admitted(&bucket, 800, Instant::from_secs(1000), 0, 1000), 100);
    assert_eq!(admitted(&bucket, 800, Instant::from_secs(1001), 1250, 800), 800);
}

#[test]
fn no_limit_admits_everything() {
    let bucket = Bucket::default();
    assert!((0..1000).all(|_| bucket.admits(Interval::of(None), Instant::from_secs(1))));
}
