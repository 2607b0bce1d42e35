//! What links send of their own: answers, requests, and packets that have waited for an address.

use super::super::buffer::Burst;
use super::super::clock;
use super::super::io::Linked;
use super::Worker;
use frame::Instant;

impl Worker {
    /// Sends what those links of a bridge or wire have that were stirred by what came before.
    pub(super) fn poll_stirred_links(&mut self, bridge: usize) {
        for _ in 0..ROUNDS {
            let mut stirred = false;
            for number in 0..self.count_links(bridge) {
                if self.find_link(bridge, number).is_some_and(|linked| linked.link.take_stirred()) {
                    self.poll_link(bridge, number, clock::monotonic());
                    stirred = true;
                }
            }
            // What one sends may stir another whose turn is over.
            if !stirred {
                return;
            }
        }
        self.due = Some(clock::monotonic());
    }

    /// Sends what the links have whose time has come.
    pub(super) fn poll_due_links(&mut self, now: Instant) {
        if self.due.is_none_or(|at| now < at) {
            return;
        }
        self.due = None;
        for bridge in 0..self.bridges.len() {
            for number in 0..self.count_links(bridge) {
                // A time that another worker keeps is forgotten.
                match self.find_link(bridge, number).and_then(Linked::kept) {
                    Some(at) if at <= now => self.poll_link(bridge, number, now),
                    Some(at) => self.wake_at(at),
                    None => {}
                }
            }
            self.poll_stirred_links(bridge);
        }
    }

    fn count_links(&self, bridge: usize) -> usize {
        self.bridges.get(bridge).and_then(Option::as_ref).map_or(0, |served| served.outlets.links().len())
    }

    fn find_link(&self, bridge: usize, number: usize) -> Option<&Linked> {
        self.bridges.get(bridge)?.as_ref()?.outlets.links().get(number)
    }

    fn poll_link(&mut self, bridge: usize, number: usize, now: Instant) {
        let Some(Some(served)) = self.bridges.get_mut(bridge) else { return };
        let Some(linked) = served.outlets.links().get(number) else { return };
        let (port, link) = (linked.port, linked.link.clone());
        for _ in 0..BURSTS {
            let mut burst = Burst::new();
            link.poll(&mut self.arena, &mut burst, now);
            if burst.frames().is_empty() && burst.packets().is_empty() {
                break;
            }
            served.carry(port, &burst, &mut self.transmitter);
            served.settle(&mut self.reporter);
        }
        let due = link.due();
        served.outlets.keep(number, due);
        due.into_iter().for_each(|due| self.wake_at(due.at));
    }

    fn wake_at(&mut self, at: Instant) {
        self.due = Some(self.due.map_or(at, |first| first.min(at)));
    }
}

/// Times that links may stir each other before others have their turn: a question, its answer and what waited for it
/// take three. A guess; what is left has its turn within a millisecond.
const ROUNDS: usize = 8;
/// Bursts that a link sends at once; what is left has its turn within a millisecond.
const BURSTS: usize = 4;
