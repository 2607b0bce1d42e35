//! Announcements: everybody on the link hears what the link stands for (RFC 5227 §2.3, RFC 4861 §7.2.6).

use super::Neighbours;
use super::answer::Reply;
use crate::counters::Count;
use crate::emit::NeighbourFrame;
use core::time::Duration;
use frame::Instant;

/// From one round to the first of those that are asked for next, so that an application that comes and goes in
/// a loop does not flood the link. A guess: a restart is told within a second.
const LEAST: Duration = Duration::from_millis(250);

/// Rounds of announcements that are still to be sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Announcing {
    rounds: u8,
    /// How many addresses of this round have been sent.
    sent: usize,
    /// When this round may go.
    at: Instant,
    /// When one was sent last.
    last: Option<Instant>,
    /// There was one to be.
    started: Option<Started>,
}

/// That addresses have been announced at all.
#[derive(Clone, Copy, Debug)]
struct Started;

impl Announcing {
    pub(super) fn at(&self) -> Option<Instant> {
        (self.rounds > 0).then_some(self.at)
    }

    pub(super) fn was_started(&self) -> bool {
        self.started.is_some()
    }
}

impl<P> Neighbours<P> {
    /// Announces every single address of the scope, at once and again after a while. A network is not announced: it
    /// may have more addresses than a link can carry messages. Rounds keep a distance of a quarter of a second however
    /// often this is called: RFC 5227 §2.3 has the interval between announcements for one reason, not between reasons.
    pub fn announce(&mut self, now: Instant) {
        let announcing = &mut self.announcing;
        announcing.at = announcing.last.map_or(now, |last| last.plus(LEAST).max(now));
        announcing.rounds = self.settings.announcements;
        announcing.sent = 0;
        announcing.started = Some(Started);
    }

    pub(super) fn next_announcement(&mut self, now: Instant) -> Option<NeighbourFrame> {
        let announcing = &mut self.announcing;
        if announcing.rounds == 0 || announcing.at > now {
            return None;
        }
        if let Some(address) = self.identity.announces().nth(announcing.sent) {
            announcing.sent += 1;
            announcing.last = Some(now);
            self.counters.count(Count::Announced);
            return Some(Reply::Announcement(address).frame(self.identity.mac));
        }
        announcing.rounds = if announcing.sent == 0 { 0 } else { announcing.rounds - 1 };
        announcing.sent = 0;
        announcing.at = now.plus(self.settings.announce_interval);
        None
    }
}
