//! How often something may happen: token buckets, one or one a sender.

use crate::address::Key;
use alloc::boxed::Box;
use core::time::Duration;
use frame::{Instant, Mac};

/// So many a second, and so many at once after a pause.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// How many a second on average; 0 is none at all.
    pub per_second: u32,
    /// How many at once.
    pub burst: u32,
}

impl Rate {
    /// The time from one to the next; `None` if there is no next.
    fn interval(self) -> Option<Duration> {
        1_000_000_u64.checked_div(self.per_second.into()).map(|micros| Duration::from_micros(micros.max(1)))
    }

    /// The part of it that leaves the lower half of a bucket to those who have a share: it is as fast, and takes
    /// nothing while the bucket is no more than half full.
    pub(crate) fn above_half(self) -> Self {
        Self { burst: self.burst - self.burst / 2, ..self }
    }

    /// An equal share of half of it. All of them together never empty the lower half of a bucket.
    pub(crate) fn share(self, sharers: u32) -> Self {
        let part = |of: u32| (of / 2).checked_div(sharers).unwrap_or(0);
        Self { per_second: part(self.per_second), burst: part(self.burst) }
    }
}

/// A token bucket, kept as the moment when it is full again (the generic cell rate algorithm, ITU-T I.371 Annex A).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bucket {
    full_at: Instant,
}

impl Bucket {
    /// Starts with no token.
    pub(crate) fn empty(rate: Rate, now: Instant) -> Self {
        let whole = rate.interval().and_then(|interval| interval.checked_mul(rate.burst));
        Self { full_at: now.plus(whole.unwrap_or_default()) }
    }

    /// Takes a token, if there is one.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) -> bool {
        let after = self.after(rate, now);
        *self = after.unwrap_or(*self);
        after.is_some()
    }

    /// Takes a token from each of two, if both have one.
    pub(crate) fn take_both(
        (one, rate_of_one): (&mut Self, Rate),
        (all, rate): (&mut Self, Rate),
        now: Instant,
    ) -> bool {
        let (Some(after_one), Some(after_all)) = (one.after(rate_of_one, now), all.after(rate, now)) else {
            return false;
        };
        (*one, *all) = (after_one, after_all);
        true
    }

    /// Returns the bucket with one token less, or `None` if it has none.
    pub(crate) fn after(self, rate: Rate, now: Instant) -> Option<Self> {
        let (interval, next) = (rate.interval()?, self.next(rate)?);
        (next <= now).then(|| Self { full_at: self.full_at.max(now).plus(interval) })
    }

    /// Returns when there is a token; `None` is never.
    pub(crate) fn next(&self, rate: Rate) -> Option<Instant> {
        let spare = rate.interval()?.checked_mul(rate.burst.checked_sub(1)?)?;
        let spare = u64::try_from(spare.as_micros()).unwrap_or(u64::MAX);
        Some(Instant::from_micros(self.full_at.as_micros().saturating_sub(spare)))
    }
}

/// Whose turn it is where many wait for the tokens of one bucket: one comes again an interval, not all for each.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Turns {
    last: Instant,
}

impl Turns {
    /// Returns when the next of `most` that may wait comes again, none before there is a token; `None` is never. The
    /// turns of those that have gone meanwhile pass: nobody's is behind `most` others'.
    pub(crate) fn next(&mut self, bucket: Bucket, rate: Rate, most: usize) -> Option<Instant> {
        let (first, interval) = (bucket.next(rate)?, rate.interval()?);
        let end = first.plus(interval.saturating_mul(u32::try_from(most).unwrap_or(u32::MAX)));
        let next = self.last.plus(interval).max(first);
        self.last = if next < end { next } else { first };
        Some(self.last)
    }
}

/// Token buckets for senders, which share them by chance: a sender that storms empties one and leaves the others.
#[derive(Clone, Debug)]
pub(crate) struct Senders {
    buckets: Box<[Bucket]>,
    secret: u64,
}

/// How many buckets; a guess of what makes it unlikely to share one with the sender that storms.
pub(crate) const SENDERS: u32 = 128;

impl Senders {
    /// Whoever does not know the secret cannot choose whose bucket it empties.
    pub(crate) fn new(secret: u64) -> Self {
        Self { buckets: (0..SENDERS).map(|_| Bucket::default()).collect(), secret: secret | 1 }
    }

    /// Returns the bucket of a station.
    pub(crate) fn of(&mut self, sender: Mac) -> Option<&mut Bucket> {
        let place = self.mix(sender.to_u64());
        self.at(place)
    }

    /// Returns the bucket of an address.
    pub(crate) fn of_address(&mut self, sender: Key) -> Option<&mut Bucket> {
        let (high, low) = ((sender.bits() >> 64) as u64, sender.bits() as u64);
        let place = self.mix(self.mix(high) ^ low);
        self.at(place)
    }

    fn mix(&self, number: u64) -> u64 {
        let mixed = u128::from(number ^ (self.secret >> 16)) * u128::from(self.secret);
        mixed as u64 ^ (mixed >> 64) as u64
    }

    fn at(&mut self, place: u64) -> Option<&mut Bucket> {
        self.buckets.get_mut((place % u64::from(SENDERS)) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv6Addr;

    const RATE: Rate = Rate { per_second: 10, burst: 3 };

    #[test]
    fn a_burst_and_then_the_rate() {
        let mut bucket = Bucket::default();
        let taken = |bucket: &mut Bucket, at| (0..100).filter(|_| bucket.take(RATE, Instant::from_micros(at))).count();
        for (name, at, tokens) in [
            ("after a pause", 5_000_000, 3),
            ("none are left", 5_000_000, 0),
            ("just before the next", 5_099_999, 0),
            ("the next", 5_100_000, 1),
            ("two more", 5_300_000, 2),
            ("never more than the burst", 90_000_000, 3),
        ] {
            assert_eq!(taken(&mut bucket, at), tokens, "{name}");
        }
        let next = bucket.next(RATE).unwrap();
        assert_eq!(next, Instant::from_micros(90_100_000));
        assert!(!bucket.take(RATE, Instant::from_micros(90_099_999)) && bucket.take(RATE, next));
    }

    #[test]
    fn no_rate_and_no_burst_give_nothing() {
        for rate in [Rate { per_second: 0, burst: 9 }, Rate { per_second: 9, burst: 0 }] {
            let mut bucket = Bucket::default();
            assert_eq!((bucket.take(rate, Instant::from_secs(9)), bucket.next(rate)), (false, None), "{rate:?}");
        }
    }

    #[test]
    fn a_sender_that_storms_leaves_nearly_all_others_theirs() {
        let now = Instant::from_secs(1);
        let mut senders = Senders::new(0x9e37_79b9_7f4a_7c15);
        let mut take = |last| senders.of(Mac([2, 0, 0, 0, 0, last])).unwrap().take(RATE, now);
        assert_eq!((0..1000).filter(|_| take(1)).count(), 3);
        let others = (2..=101).filter(|&last| take(last)).count();
        assert!(others >= 95, "{others} of 100");
    }

    #[test]
    fn addresses_of_both_families_spread_over_the_buckets() {
        let mut senders = Senders::new(0x9e37_79b9_7f4a_7c15);
        let now = Instant::from_secs(1);
        for network in [0xfd00_u128 << 112, 0xffff_0a08_0000] {
            for shift in [0, 16] {
                let taken = (0..100_u128).filter(|host| {
                    let rate = Rate { per_second: 1, burst: 1 };
                    senders
                        .of_address(Key::new(Ipv6Addr::from_bits(network + (host << shift)).into()))
                        .unwrap()
                        .take(rate, now)
                });
                assert!(taken.count() >= 40, "{network:x} {shift}");
                senders = Senders::new(0x9e37_79b9_7f4a_7c15);
            }
        }
    }

    #[test]
    fn those_who_wait_come_again_one_by_one() {
        let (mut turns, mut bucket, now) = (Turns::default(), Bucket::default(), Instant::from_secs(1));
        while bucket.take(RATE, now) {}
        let mut next = |bucket| turns.next(bucket, RATE, 3).unwrap().as_micros();
        assert_eq!([next(bucket), next(bucket), next(bucket)], [1_100_000, 1_200_000, 1_300_000]);
        assert_eq!(next(bucket), 1_100_000, "no more than three wait: one of those has gone");
        assert!(bucket.take(RATE, Instant::from_secs(9)));
        assert!(bucket.take(RATE, Instant::from_secs(9)) && bucket.take(RATE, Instant::from_secs(9)));
        assert_eq!(next(bucket), 9_100_000, "what is past is nobody's turn");
        assert_eq!(turns.next(bucket, Rate { per_second: 0, burst: 3 }, 3), None);
    }

    #[test]
    fn what_is_taken_from_two_is_taken_from_both_or_neither() {
        let now = Instant::from_secs(1);
        let (few, many) = (Rate { per_second: 1, burst: 2 }, Rate { per_second: 1, burst: 9 });
        let (mut one, mut all) = (Bucket::default(), Bucket::default());
        let taken = (0..100).filter(|_| Bucket::take_both((&mut one, many), (&mut all, few), now)).count();
        let (left_of_one, left_of_all) = ((0..100).filter(|_| one.take(many, now)).count(), all.take(few, now));
        assert_eq!((taken, left_of_one, left_of_all), (2, 7, false));
    }

    #[test]
    fn shares_together_never_empty_the_lower_half() {
        let (rate, now) = (Rate { per_second: 1000, burst: 1000 }, Instant::from_secs(1));
        let (mut all, share) = (Bucket::default(), rate.share(10));
        assert_eq!(share, Rate { per_second: 50, burst: 50 });
        assert_eq!((0..9_000).filter(|_| all.take(rate.above_half(), now)).count(), 500);
        assert_eq!((0..9_000).filter(|_| all.take(rate, now)).count(), 500, "ten bursts of a share");
        let mut empty = Bucket::empty(share, now);
        assert!(
            !empty.take(share, Instant::from_micros(1_019_999)) && empty.take(share, Instant::from_micros(1_020_000))
        );
    }
}
