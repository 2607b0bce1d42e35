//! What links send of their own: answers, requests, and packets that have waited for an address.

use super::super::buffer::Burst;
use super::super::clock;
use super::Worker;
use frame::Instant;

impl Worker {
    /// Sends what the links of a bridge or wire have, if any was stirred by what came before.
    pub(super) fn poll_stirred_links(&mut self, bridge: usize) {
        let Some(Some(served)) = self.bridges.get(bridge) else { return };
        // Each is asked, for asking forgets.
        let stirred = served.outlets.links().iter().fold(false, |any, (_, link)| link.take_stirred() || any);
        if stirred {
            self.poll_links(bridge, clock::monotonic());
        }
    }

    /// Sends what the links have whose time has come.
    pub(super) fn poll_due_links(&mut self, now: Instant) {
        if self.due.is_none_or(|at| now < at) {
            return;
        }
        self.due = None;
        (0..self.bridges.len()).for_each(|bridge| self.poll_links(bridge, now));
    }

    fn poll_links(&mut self, bridge: usize, now: Instant) {
        let Some(Some(served)) = self.bridges.get_mut(bridge) else { return };
        for number in 0..served.outlets.links().len() {
            let Some((port, link)) = served.outlets.links().get(number).cloned() else { return };
            for _ in 0..BURSTS {
                let mut burst = Burst::new();
                link.poll(&mut self.arena, &mut burst, now);
                if burst.frames().is_empty() && burst.packets().is_empty() {
                    break;
                }
                served.carry(port, &burst, &mut self.transmitter);
                served.settle(&mut self.reporter);
            }
            self.due = self.due.into_iter().chain(link.poll_at()).min();
        }
    }
}

/// Bursts that a link sends at once; what is left has its turn within a millisecond.
const BURSTS: usize = 4;
