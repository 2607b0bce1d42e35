//! How often something may happen: token buckets, one or one a sender.

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
}

/// A token bucket, kept as the moment when it is full again (the generic cell rate algorithm, ITU-T I.371 Annex A).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bucket {
    full_at: Instant,
}

impl Bucket {
    /// Takes a token, if there is one.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) -> bool {
        let (Some(interval), Some(next)) = (rate.interval(), self.next(rate)) else { return false };
        if next > now {
            return false;
        }
        self.full_at = self.full_at.max(now).plus(interval);
        true
    }

    /// Returns when there is a token; `None` is never.
    pub(crate) fn next(&self, rate: Rate) -> Option<Instant> {
        let spare = rate.interval()?.checked_mul(rate.burst.checked_sub(1)?)?;
        let spare = u64::try_from(spare.as_micros()).unwrap_or(u64::MAX);
        Some(Instant::from_micros(self.full_at.as_micros().saturating_sub(spare)))
    }
}

/// Token buckets for senders, which share them by chance: a sender that storms empties one and leaves the others.
#[derive(Clone, Debug)]
pub(crate) struct Senders {
    buckets: Box<[Bucket]>,
    secret: u64,
}

/// How many buckets; a guess of what makes it unlikely to share one with the sender that storms.
const SENDERS: usize = 128;

impl Senders {
    /// Whoever does not know the secret cannot choose whose bucket it empties.
    pub(crate) fn new(secret: u64) -> Self {
        Self { buckets: (0..SENDERS).map(|_| Bucket::default()).collect(), secret: secret | 1 }
    }

    pub(crate) fn take(&mut self, sender: Mac, rate: Rate, now: Instant) -> bool {
        let mixed = u128::from(sender.to_u64() ^ (self.secret >> 16)) * u128::from(self.secret);
        let which = (mixed as u64 ^ (mixed >> 64) as u64) as usize % SENDERS;
        self.buckets.get_mut(which).is_some_and(|bucket| bucket.take(rate, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!((0..1000).filter(|_| senders.take(Mac([2, 0, 0, 0, 0, 1]), RATE, now)).count(), 3);
        let others = (2..=101).filter(|&last| senders.take(Mac([2, 0, 0, 0, 0, last]), RATE, now)).count();
        assert!(others >= 95, "{others} of 100");
    }
}
