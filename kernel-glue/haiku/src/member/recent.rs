//! Which stations were heard on a member's wire a moment ago.
//!
//! The host's own traffic passes a member's monitor packet by packet. Most of it is none of the bridge's business: what
//! it gets from a station on the wire, and what it sends to one. This is what the monitor knows that by.

use alloc::boxed::Box;
use core::sync::atomic::{AtomicU64, Ordering};
use frame::{Instant, Mac};

/// Stations by address, each for some seconds: a table without collisions' memory, of one word a place, so that any
/// thread may look and write.
pub(super) struct Recent(Box<[AtomicU64]>);

/// Whether a station had been heard a moment ago.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub(super) enum Heard {
    /// It had.
    Before,
    /// It had not, or that was forgotten.
    Anew,
}

impl Recent {
    pub(super) fn new() -> Self {
        Self((0..PLACES).map(|_| AtomicU64::new(0)).collect())
    }

    /// Notes that a station is heard.
    #[inline]
    pub(super) fn note(&self, station: Mac, now: Instant) -> Heard {
        let Some(place) = self.0.get(place(station)) else { return Heard::Anew };
        let note = word(station, now);
        if place.load(Ordering::Relaxed) == note {
            return Heard::Before;
        }
        place.store(note, Ordering::Relaxed);
        Heard::Anew
    }

    /// Returns whether a station was heard in this span of time or the one before.
    #[inline]
    pub(super) fn has(&self, station: Mac, now: Instant) -> bool {
        let Some(place) = self.0.get(place(station)) else { return false };
        let note = place.load(Ordering::Relaxed);
        note == word(station, now) || note == word(station, Instant::from_micros(now.as_micros().wrapping_sub(SPAN)))
    }

    /// Forgets a station, which is elsewhere.
    pub(super) fn forget(&self, station: Mac) {
        if let Some(place) = self.0.get(place(station)) {
            let note = place.load(Ordering::Relaxed);
            if note >> 16 == station.to_u64() {
                // Another station may have taken the place meanwhile, and is noted again when it is heard.
                place.store(0, Ordering::Relaxed);
            }
        }
    }
}

/// The address, and in which span of time it was heard.
fn word(station: Mac, now: Instant) -> u64 {
    station.to_u64() << 16 | ((now.as_micros() / SPAN) & 0xffff)
}

/// The last octets differ most; what meets in a place displaces one another, and is noted more often.
fn place(station: Mac) -> usize {
    let [.., a, b, c] = station.0;
    usize::from(a ^ b.rotate_left(3) ^ c.rotate_left(5)) % PLACES
}

const PLACES: usize = 256;
/// Microseconds: long enough that a note costs nothing, short enough that a station that has gone elsewhere without a
/// word is found again. A guess.
const SPAN: u64 = 1 << 22;

#[cfg(test)]
mod tests {
    use super::*;

    const A: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const B: Mac = Mac([2, 0, 0, 0, 0, 2]);

    fn at(spans: u64) -> Instant {
        Instant::from_micros(spans * SPAN + 1)
    }

    #[test]
    fn a_station_is_noted_once_a_span_and_known_for_two() {
        let recent = Recent::new();
        assert!(!recent.has(A, at(5)));
        assert_eq!(recent.note(A, at(5)), Heard::Anew);
        assert_eq!(recent.note(A, at(5)), Heard::Before);
        assert!(recent.has(A, at(5)) && recent.has(A, at(6)) && !recent.has(A, at(7)));
        assert!(!recent.has(B, at(5)));
        assert_eq!(recent.note(A, at(6)), Heard::Anew);
    }

    #[test]
    fn what_is_forgotten_is_noted_anew() {
        let recent = Recent::new();
        let _ = recent.note(A, at(5));
        recent.forget(B);
        assert!(recent.has(A, at(5)));
        recent.forget(A);
        assert!(!recent.has(A, at(5)));
        assert_eq!(recent.note(A, at(5)), Heard::Anew);
    }

    #[test]
    fn stations_that_meet_displace_one_another() {
        let recent = Recent::new();
        let other = Mac([4, 0, 0, 0, 0, 1]);
        assert_eq!(place(A), place(other));
        let _ = recent.note(A, at(5));
        let _ = recent.note(other, at(5));
        assert!(recent.has(other, at(5)) && !recent.has(A, at(5)));
        recent.forget(A);
        assert!(recent.has(other, at(5)));
    }
}
