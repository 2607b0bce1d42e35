//! How fast a descriptor without a device is told so.

use core::time::Duration;
use frame::Instant;

/// Paces the errors of one dead descriptor.
///
/// Programs exist that answer an error by trying again at once: OpenVPN writes its log full. The first error comes at
/// once, so that one who listens knows; the next come ten times a second.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// When the next error may be told; `None` before the first.
    next: Option<Instant>,
}

/// When to tell an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Verdict {
    /// Without delay.
    AtOnce,
    /// Not before; the caller may be interrupted meanwhile.
    At(Instant),
}

impl Pace {
    /// Says when the error of a call that came at `now` is told.
    ///
    /// Calls that come together are told one after another, each within a second.
    pub fn next(&mut self, now: Instant) -> Verdict {
        let at = match self.next {
            Some(next) if next > now => next.min(now.plus(LONGEST)),
            Some(_) | None => now,
        };
        self.next = Some(at.plus(INTERVAL));
        if at == now { Verdict::AtOnce } else { Verdict::At(at) }
    }
}

/// Slow enough to idle, fast enough that a person sees no delay; a guess.
const INTERVAL: Duration = Duration::from_millis(100);
/// Bounds what a crowd of callers can pile up.
const LONGEST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_tries_again_at_once_is_told_ten_times_a_second() {
        let mut pace = Pace::default();
        let mut now = Instant::from_secs(5);
        let mut told = 0;
        while now < Instant::from_secs(7) {
            if let Verdict::At(later) = pace.next(now) {
                now = later;
            }
            told += 1;
        }
        assert_eq!(told, 21);
    }

    #[test]
    fn the_first_error_and_a_late_one_come_at_once() {
        let mut pace = Pace::default();
        assert_eq!(pace.next(Instant::from_secs(1)), Verdict::AtOnce);
        assert_eq!(pace.next(Instant::from_secs(1)), Verdict::At(Instant::from_micros(1_100_000)));
        assert_eq!(pace.next(Instant::from_secs(2)), Verdict::AtOnce);
    }

    #[test]
    fn a_crowd_waits_a_second_at_most() {
        let mut pace = Pace::default();
        let now = Instant::from_secs(1);
        for _ in 0..1000 {
            if let Verdict::At(at) = pace.next(now) {
                assert!(at <= Instant::from_secs(2));
            }
        }
    }
}
