//! What the supervisor has to say, on the program's standard error.

use frame::Instant;
use kernel_glue::linux::clock;
use std::fmt::Display;
use std::io::Write;
use std::time::Duration;

/// Lines that may follow each other at once; after them, one a [`PAUSE`]. A program that retries without end is not
/// to fill its log. Guesses.
const BURST: u32 = 8;
const PAUSE: Duration = Duration::from_secs(5);

/// Says things, but not too often.
#[derive(Debug)]
pub(crate) struct Voice {
    left: u32,
    since: Instant,
    withheld: u32,
}

impl Voice {
    pub(crate) fn new() -> Self {
        Self { left: BURST, since: clock::monotonic(), withheld: 0 }
    }

    /// Writes one line, if there were not too many lately. A closed standard error is no reason to end.
    pub(crate) fn say(&mut self, what: impl Display) {
        let withheld = self.withheld;
        if !self.may_speak(clock::monotonic()) {
            return;
        }
        let more = if withheld > 0 { format!(" ({withheld} lines withheld)") } else { String::new() };
        let _ = writeln!(std::io::stderr(), "trestle: {what}{more}");
    }

    fn may_speak(&mut self, now: Instant) -> bool {
        let pauses = u32::try_from(now.since(self.since).as_micros() / PAUSE.as_micros()).unwrap_or(BURST);
        if pauses > 0 {
            self.left = self.left.saturating_add(pauses).min(BURST);
            self.since = now;
        }
        let Some(left) = self.left.checked_sub(1) else {
            self.withheld = self.withheld.saturating_add(1);
            return false;
        };
        (self.left, self.withheld) = (left, 0);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_and_the_withheld_counted() {
        let mut voice = Voice { left: BURST, since: Instant::from_micros(0), withheld: 0 };
        let at = |seconds: u64| Instant::from_micros(seconds * 1_000_000);
        let spoken = |voice: &mut Voice, at| (0..100).filter(|_| voice.may_speak(at)).count();
        assert_eq!(spoken(&mut voice, at(0)), 8);
        assert_eq!(voice.withheld, 92);
        assert_eq!(spoken(&mut voice, at(4)), 0);
        assert_eq!(spoken(&mut voice, at(5)), 1);
        assert_eq!(spoken(&mut voice, at(20)), 3);
        assert_eq!(spoken(&mut voice, at(3600)), 8);
    }
}
