//! Errors for who uses a dead node, answered so rarely that a program which ignores them cannot spin.

use super::channel::Channel;
use super::protocol::answer;
use frame::Instant;
use rustix::io::Errno;
use std::collections::BTreeMap;

/// The last word on a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::linux) enum Farewell {
    /// An error.
    Refuse(Errno),
    /// Readiness: an error, and hung up.
    HangUp,
}

/// Requests whose answers wait for their time.
#[derive(Debug, Default)]
pub(in crate::linux) struct Farewells(BTreeMap<(Instant, u64), Farewell>);

impl Farewell {
    /// Gives it to who waits for it.
    pub(in crate::linux) fn tell(self, channel: &Channel, unique: u64) {
        match self {
            Self::Refuse(errno) => channel.refuse(unique, errno),
            Self::HangUp => channel.answer(unique, &answer::ready(HUNG_UP), &[]),
        }
    }
}

impl Farewells {
    /// Keeps an answer until `at`. Each is owed to a thread that waits for it, so the kernel bounds them.
    pub(in crate::linux) fn add(&mut self, at: Instant, unique: u64, farewell: Farewell) {
        self.0.insert((at, unique), farewell);
    }

    /// Takes the answer whose time has come longest ago.
    pub(in crate::linux) fn take_due(&mut self, now: Instant) -> Option<(u64, Farewell)> {
        let entry = self.0.first_entry().filter(|entry| entry.key().0 <= now)?;
        let unique = entry.key().1;
        Some((unique, entry.remove()))
    }

    /// Takes the answer to one request: whoever waits for it is to wait no more.
    pub(in crate::linux) fn take(&mut self, unique: u64) -> Option<Farewell> {
        let key = self.0.keys().find(|key| key.1 == unique).copied()?;
        self.0.remove(&key)
    }

    /// Takes all.
    pub(in crate::linux) fn take_all(&mut self) -> impl Iterator<Item = (u64, Farewell)> + use<> {
        core::mem::take(&mut self.0).into_iter().map(|((_, unique), farewell)| (unique, farewell))
    }

    /// Returns when the next answer is due.
    pub(in crate::linux) fn next(&self) -> Option<Instant> {
        self.0.keys().next().map(|key| key.0)
    }
}

/// `POLLERR | POLLHUP`, as poll(2) counts them and epoll(7) too.
const HUNG_UP: u32 = 0x18;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_their_times() {
        let at = Instant::from_micros;
        let mut farewells = Farewells::default();
        farewells.add(at(30), 2, Farewell::HangUp);
        farewells.add(at(10), 8, Farewell::Refuse(Errno::IO));
        farewells.add(at(20), 4, Farewell::HangUp);
        assert_eq!(farewells.next(), Some(at(10)));
        assert_eq!(farewells.take_due(at(9)), None);
        assert_eq!(farewells.take(4), Some(Farewell::HangUp));
        assert_eq!(farewells.take(4), None);
        assert_eq!(farewells.take_due(at(30)), Some((8, Farewell::Refuse(Errno::IO))));
        assert_eq!(farewells.take_due(at(30)), Some((2, Farewell::HangUp)));
        assert_eq!(farewells.next(), None);
    }
}
