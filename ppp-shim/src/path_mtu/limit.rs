//! How often errors are sent (RFC 1812 §4.3.2.8, RFC 4443 §2.4 (f)).

use core::net::IpAddr;
use core::time::Duration;
use frame::Instant;

/// Two rates that an error must keep within: that of the sender it goes to, and that of all senders together.
///
/// Senders are told apart by a hash of their address into a fixed number of places, so that one that ignores its errors
/// does not silence those of most others.
#[derive(Clone, Debug)]
pub struct Limiter {
    senders: [Bucket; PLACES],
    all: Bucket,
    seed: u64,
}

impl Limiter {
    /// Starts with all rates unused. `seed` is random, so that who shares a place cannot be chosen from afar.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { senders: [Bucket::FULL; PLACES], all: Bucket::FULL, seed }
    }

    /// Takes the place of one error to `sender` at `now`; returns whether there was one.
    #[must_use]
    pub fn admit(&mut self, sender: IpAddr, now: Instant) -> bool {
        let place = self.place(sender);
        let Some(bucket) = self.senders.get_mut(place) else { return false };
        let (Some(one), Some(all)) = (bucket.after(SENDER, now), self.all.after(ALL, now)) else { return false };
        (*bucket, self.all) = (one, all);
        true
    }

    fn place(&self, sender: IpAddr) -> usize {
        let bits = match sender {
            IpAddr::V4(v4) => u128::from(v4.to_bits()),
            IpAddr::V6(v6) => v6.to_bits(),
        };
        let mixed = (bits as u64 ^ self.seed).wrapping_mul(MIX) ^ (bits >> 64) as u64;
        let mixed = (mixed ^ mixed >> 32).wrapping_mul(MIX);
        (mixed >> (u64::BITS - PLACES.ilog2())) as usize
    }
}

/// A token bucket, kept as the moment when it is full again.
#[derive(Clone, Copy, Debug)]
struct Bucket(Instant);

impl Bucket {
    const FULL: Self = Self(Instant::from_micros(0));

    /// Returns the bucket with one token less, or `None` if it has none.
    fn after(self, rate: Rate, now: Instant) -> Option<Self> {
        let full = self.0.max(now);
        let in_use = full.since(now);
        (in_use + rate.every <= rate.every * rate.burst).then(|| Self(full.plus(rate.every)))
    }
}

/// How fast a bucket fills, and what it holds.
#[derive(Clone, Copy, Debug)]
struct Rate {
    every: Duration,
    burst: u32,
}

/// Ten a second in bursts of ten: the example of RFC 4443 §2.4 (f) for a small or mid-size device.
const SENDER: Rate = Rate { every: Duration::from_millis(100), burst: 10 };
/// A thousand a second in bursts of fifty, as Linux's `icmp_msgs_per_sec` and `icmp_msgs_burst` once began.
const ALL: Rate = Rate { every: Duration::from_millis(1), burst: 50 };
/// Places for senders, a power of two; a guess: few hosts of a LAN misjudge the path at once.
const PLACES: usize = 64;
/// An odd number with bits all over: the golden ratio's (Knuth, TAOCP 6.4).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(limiter: &mut Limiter, sender: [u8; 4], tries: u32, now: Instant) -> u32 {
        (0..tries).map(|_| u32::from(limiter.admit(sender.into(), now))).sum()
    }

    #[test]
    fn a_sender_has_ten_at_once_and_ten_a_second() {
        let mut limiter = Limiter::new(1);
        assert_eq!(admitted(&mut limiter, [10, 0, 0, 1], 100, Instant::from_secs(1)), 10);
        assert_eq!(admitted(&mut limiter, [10, 0, 0, 1], 100, Instant::from_micros(1_099_999)), 0);
        assert_eq!(admitted(&mut limiter, [10, 0, 0, 1], 100, Instant::from_micros(1_100_000)), 1);
        assert_eq!(admitted(&mut limiter, [10, 0, 0, 1], 100, Instant::from_secs(9)), 10, "no more than ten gather");
    }

    #[test]
    fn one_storm_leaves_others_their_errors() {
        let mut limiter = Limiter::new(7);
        let now = Instant::from_secs(1);
        admitted(&mut limiter, [10, 0, 0, 1], 10_000, now);
        let others = (2..22).filter(|&host| admitted(&mut limiter, [10, 0, 0, host], 1, now) == 1).count();
        assert!(others >= 18, "{others} of 20");
    }

    #[test]
    fn all_together_are_bounded() {
        let mut limiter = Limiter::new(7);
        let mut flood = |now| -> u32 { (0..=255).map(|host| admitted(&mut limiter, [10, 0, 1, host], 9, now)).sum() };
        assert_eq!(flood(Instant::from_secs(1)), 50);
        assert_eq!(flood(Instant::from_micros(1_007_000)), 7);
    }

    #[test]
    fn both_families_spread_over_the_places() {
        let limiter = Limiter::new(0x1234_5678_9abc_def0);
        let mut seen = [0u32; PLACES];
        for host in 0..640u128 {
            seen[limiter.place(IpAddr::V6((0xfd00 << 112 | host).into()))] += 1;
            seen[limiter.place(IpAddr::V6((0xfd00 << 112 | host << 64).into()))] += 1;
            seen[limiter.place(IpAddr::V4((0x0a00_0000 | host as u32).into()))] += 1;
        }
        assert!(seen.iter().all(|&count| (1..120).contains(&count)), "{seen:?}");
    }
}
