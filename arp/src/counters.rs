//! What a link's neighbours did, for operators.

use crate::message::Refused;
use frame::{Counts, named};

named! {
    /// What is counted besides messages that are ignored or refused.
    Count {
        /// ARP requests answered.
        AnsweredArp = "answered-arp",
        /// Neighbour solicitations answered.
        AnsweredNd = "answered-nd",
        /// ARP requests sent to find a neighbour or to see whether it is still there.
        AskedArp = "asked-arp",
        /// Neighbour solicitations sent for the same.
        AskedNd = "asked-nd",
        /// Announcements of addresses, those in defence aside.
        Announced = "announced",
        /// Messages by which somebody else claims an address that is stood for.
        Conflicts = "conflicts",
        /// Announcements sent in defence, or to who probes for an address that is stood for.
        Defended = "defended",
        /// Probes sent for addresses that are to be used.
        Probed = "probed",
        /// Neighbours learned from what they asked.
        Learned = "learned",
        /// Neighbours that were found by asking.
        Found = "found",
        /// Neighbours whose link-layer address changed.
        Moved = "moved",
        /// Neighbours that did not answer, at first or any longer.
        Lost = "lost",
        /// Neighbours that made room for others.
        Evicted = "evicted",
        /// Neighbours that found no room.
        Full = "full",
        /// Neighbours not learned because too many are within a second.
        LearningLimited = "learning-limited",
        /// Requests not sent, or later, because too many are within a second.
        RequestsLimited = "requests-limited",
        /// Packets that fell out while they waited for their neighbour.
        HeldDropped = "held-dropped",
        /// Packets whose neighbour was not found.
        HeldUnreachable = "held-unreachable",
    }
}

named! {
    /// Why a message that breaks no rule has no effect.
    Ignored {
        /// It came back: its sender is this link itself.
        Echo = "echo",
        /// A probe: its sender has no address yet (RFC 5227 §1.1).
        Probe = "probe",
        /// Duplicate address detection: its sender has no address yet (RFC 4862 §5.4).
        DuplicateDetection = "duplicate-detection",
        /// An announcement of an address that is not known here (RFC 5227 §2.3).
        Announcement = "announcement",
        /// It asks for an address that is not stood for, or answers somebody else.
        NotOurs = "not-ours",
        /// It answers what was not asked.
        Unsolicited = "unsolicited",
        /// It claims the host's own address, but another station sent it.
        Spoofed = "spoofed",
        /// It contradicts what an operator has set.
        Static = "static",
        /// It says nothing that is not known.
        Unchanged = "unchanged",
        /// More than may be answered in this time.
        Limited = "limited",
    }
}

/// How often each of them happened.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    counts: Counts<Count, { Count::ALL.len() }>,
    ignored: Counts<Ignored, { Ignored::ALL.len() }>,
    refused: Counts<Refused, { Refused::ALL.len() }>,
}

impl Counters {
    /// Nothing happened.
    pub const ZERO: Self = Self { counts: Counts::ZERO, ignored: Counts::ZERO, refused: Counts::ZERO };

    /// Returns how often this was done.
    #[must_use]
    pub fn get(&self, what: Count) -> u64 {
        self.counts.get(what)
    }

    /// Returns how many messages were ignored for this.
    #[must_use]
    pub fn ignored(&self, why: Ignored) -> u64 {
        self.ignored.get(why)
    }

    /// Returns how many messages were refused for this.
    #[must_use]
    pub fn refused(&self, why: Refused) -> u64 {
        self.refused.get(why)
    }

    /// Iterates over all counters by name; names of messages refused follow those ignored.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let counts = self.counts.iter().map(|(what, count)| (what.name(), count));
        let ignored = self.ignored.iter().map(|(why, count)| (why.name(), count));
        let refused = self.refused.iter().map(|(why, count)| (why.name(), count));
        counts.chain(ignored).chain(refused)
    }

    pub(crate) fn count(&mut self, what: Count) {
        self.counts.add(what, 1);
    }

    pub(crate) fn count_ignored(&mut self, why: Ignored) {
        self.ignored.add(why, 1);
    }

    pub(crate) fn count_refused(&mut self, why: Refused) {
        self.refused.add(why, 1);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_counter_has_its_own_name() {
        let names: BTreeSet<_> = Counters::ZERO.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), Count::ALL.len() + Ignored::ALL.len() + Refused::ALL.len());
    }
}
