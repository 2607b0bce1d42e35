//! How much is answered, and how much is asked: nobody's storm takes it from the others.
//!
//! Each is one rate for all. The upper half of its bucket is for whoever comes first; the lower half is kept for those
//! who have had little of it, each by a small rate of its own. So one that storms has what nobody else wants.

use super::resolve::MAX_INCOMPLETE;
use crate::Settings;
use crate::address::Key;
use crate::cache::{Entry, MAX_NEIGHBOURS};
use crate::rate::{Bucket, Rate, SENDERS, Senders, Turns};
use frame::{Instant, Mac};

/// How much is answered.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    all: Bucket,
    to_one: Senders,
    /// Of those that are no neighbours.
    shares: Senders,
}

impl Answers {
    pub(super) fn new(secret: u64) -> Self {
        Self { all: Bucket::default(), to_one: Senders::new(secret), shares: Senders::new(secret) }
    }

    /// Returns the share of a neighbour: a table full of them has a quarter of all.
    pub(super) fn share_of_neighbour(settings: &Settings) -> Rate {
        settings.answers.share(2 * MAX_NEIGHBOURS as u32)
    }

    /// Takes an answer to a sender: of its share as a neighbour, of its share as anybody, or of what is left. What is
    /// not granted takes nothing.
    pub(super) fn take(
        &mut self,
        sender: Mac,
        neighbour: Option<&mut Entry>,
        settings: &Settings,
        now: Instant,
    ) -> bool {
        let (all, rate) = (&mut self.all, settings.answers);
        let known = neighbour.filter(|entry| entry.phase.mac() == Some(sender));
        if let Some(entry) = known
            && Bucket::take_both((&mut entry.answers, Self::share_of_neighbour(settings)), (all, rate), now)
        {
            return true;
        }
        let (Some(to_one), Some(share)) = (self.to_one.of(sender), self.shares.of(sender)) else { return false };
        let Some(after) = to_one.after(settings.answers_to_one, now) else { return false };
        let share_rate = rate.share(2 * SENDERS);
        let granted = Bucket::take_both((share, share_rate), (all, rate), now) || all.take(rate.above_half(), now);
        if granted {
            *to_one = after;
        }
        granted
    }
}

/// How much is asked of everybody.
#[derive(Clone, Debug)]
pub(super) struct Requests {
    all: Bucket,
    /// Of the sources of packets.
    shares: Senders,
    turns: Turns,
}

/// The buckets as they are after a question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Granted {
    all: Bucket,
    share: Bucket,
}

impl Requests {
    pub(super) fn new(secret: u64) -> Self {
        Self { all: Bucket::default(), shares: Senders::new(secret), turns: Turns::default() }
    }

    /// Returns what a question for a packet from a source takes, if it may be asked: of what is left, or of the share
    /// of the source. [`spend`](Self::spend) takes it.
    pub(super) fn grant(&mut self, source: Key, settings: &Settings, now: Instant) -> Option<Granted> {
        let (rate, share) = (settings.requests, *self.shares.of_address(source)?);
        if let Some(all) = self.all.after(rate.above_half(), now) {
            return Some(Granted { all, share });
        }
        let share = share.after(settings.requests_of_one, now)?;
        Some(Granted { all: self.all.after(rate, now)?, share })
    }

    pub(super) fn spend(&mut self, source: Key, granted: Granted) {
        self.all = granted.all;
        if let Some(share) = self.shares.of_address(source) {
            *share = granted.share;
        }
    }

    /// Returns when a question that is not granted is tried again; `None` is never.
    pub(super) fn turn(&mut self, settings: &Settings) -> Option<Instant> {
        self.turns.next(self.all, settings.requests.above_half(), MAX_INCOMPLETE)
    }
}
