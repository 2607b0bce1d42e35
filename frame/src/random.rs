//! Numbers that differ from one station to the next.

use core::time::Duration;

/// SplitMix64, started from a seed: good enough to keep stations out of step, not to keep secrets.
#[derive(Clone, Debug)]
pub struct SplitMix(u64);

impl SplitMix {
    /// Starts the sequence of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a duration from zero to `limit`, to the microsecond and evenly spread.
    pub fn up_to(&mut self, limit: Duration) -> Duration {
        let span = limit.as_micros().min(u64::MAX.into());
        let micros = (u128::from(self.number()) * (span + 1)) >> 64;
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of the reference implementation (S. Vigna, 2015) for the seed 1234567.
    #[test]
    fn the_sequence_is_splitmix64() {
        let mut random = SplitMix::new(1_234_567);
        let numbers = [(); 3].map(|()| random.number());
        assert_eq!(numbers, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn durations_reach_both_ends() {
        let mut random = SplitMix::new(7);
        let limit = Duration::from_micros(3);
        let mut seen = [0; 4];
        (0..4000).for_each(|_| seen[random.up_to(limit).as_micros() as usize] += 1);
        assert!(seen.iter().all(|&count| (900..1100).contains(&count)), "{seen:?}");
        assert_eq!(random.up_to(Duration::ZERO), Duration::ZERO);
        assert!(random.up_to(Duration::MAX) > Duration::from_secs(1));
    }
}
