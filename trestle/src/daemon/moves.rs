//! The log of addresses that change their port, with a bound on its length.

use frame::{Instant, Mac};
use std::time::Duration;

/// Lines a second, as FreeBSD's `net.link.bridge.log_mac_flap`.
const LINES: u32 = 5;
const PERIOD: Duration = Duration::from_secs(1);

/// Logs moves, at most [`LINES`] in each second; how many more there were is told in one line afterwards.
#[derive(Debug, Default)]
pub(super) struct MoveLog {
    since: Instant,
    logged: u32,
    withheld: u64,
}

impl MoveLog {
    /// Logs a move, or counts it.
    pub(super) fn on_move(&mut self, bridge: &str, address: Mac, vlan: u16, from: &str, to: &str, now: Instant) {
        self.on_timeout(now);
        if self.logged == LINES {
            self.withheld = self.withheld.saturating_add(1);
            return;
        }
        if self.logged == 0 {
            self.since = now;
        }
        self.logged = self.logged.saturating_add(1);
        tracing::warn!("{bridge}: mac address {address} vlan {vlan} moved from {from} to {to}");
    }

    /// Starts another second when one is over.
    pub(super) fn on_timeout(&mut self, now: Instant) {
        if self.logged == 0 || now.since(self.since) < PERIOD {
            return;
        }
        if self.withheld > 0 {
            tracing::warn!("{} more addresses moved", self.withheld);
        }
        *self = Self::default();
    }

    /// Returns when the second is over.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        (self.logged > 0).then(|| self.since.plus(PERIOD))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_lines_a_second_and_the_rest_is_counted() {
        let mut log = MoveLog::default();
        let at = |millis: u64| Instant::from_micros(10_000_000 + millis * 1000);
        for n in 0..20 {
            log.on_move("bridge0", Mac([2; 6]), 0, "a", "b", at(n));
        }
        assert_eq!((log.logged, log.withheld), (5, 15));
        assert_eq!(log.next_timeout(), Some(at(1000)));
        log.on_timeout(at(999));
        assert_eq!(log.withheld, 15);
        log.on_timeout(at(1000));
        assert_eq!((log.logged, log.withheld, log.next_timeout()), (0, 0, None));
    }
}
