//! What all open files of a mount use: the connection, buffers, and the clockwork of late answers.

use super::channel::Channel;
use super::farewell::{Farewell, Farewells};
use super::flights::{Flights, Withdrawn};
use super::packet::Pool;
use crate::linux::clock::monotonic;
use crate::linux::keeper::Link;
use frame::Instant;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// One mount, as its open files see it.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) channel: Channel,
    pub(super) pacer: Pacer,
    pub(super) flights: Flights,
    pub(super) pool: Pool,
    keeper: Mutex<Option<Link>>,
}

/// Gives answers when their time comes; its thread sleeps while there are none.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    late: Mutex<Late>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Late {
    farewells: Farewells,
    stopped: Stopped,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Stopped {
    #[default]
    No,
    Yes,
}

impl Service {
    pub(super) fn new(channel: Channel, pool: Pool, keeper: Option<Link>) -> Self {
        Self { channel, pacer: Pacer::default(), flights: Flights::default(), pool, keeper: Mutex::new(keeper) }
    }

    /// Answers a request at its time.
    pub(super) fn answer_later(&self, at: Instant, unique: u64, farewell: Farewell) {
        if let Err(farewell) = self.pacer.add(at, unique, farewell) {
            let _ = self.tell(unique, farewell);
        }
    }

    /// Gives late answers until the pacer is stopped, and then the rest.
    pub(super) fn run_pacer(&self) {
        let mut late = self.pacer.late();
        while late.stopped == Stopped::No {
            let now = monotonic();
            while let Some((unique, farewell)) = late.farewells.take_due(now) {
                if self.tell(unique, farewell) == Withdrawn::Busy {
                    late.farewells.add(now.plus(Flights::PATIENCE), unique, farewell);
                }
            }
            late = match late.farewells.next() {
                Some(at) => {
                    let waited = self.pacer.changed.wait_timeout(late, at.since(now));
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.pacer.changed.wait(late).unwrap_or_else(PoisonError::into_inner),
            };
        }
        late.farewells.take_all().for_each(|(unique, farewell)| {
            let _ = self.tell(unique, farewell);
        });
    }

    /// Answers a request, unless it is an ioctl that cannot be answered before its helper lets it go.
    fn tell(&self, unique: u64, farewell: Farewell) -> Withdrawn {
        let withdrawn = self.flights.withdraw(unique);
        if withdrawn != Withdrawn::Busy {
            farewell.tell(&self.channel, unique);
        }
        withdrawn
    }

    /// Tells the keeper something, if there is one.
    pub(super) fn tell_keeper(&self, tell: impl FnOnce(&Link)) {
        if let Some(keeper) = &*self.keeper.lock().unwrap_or_else(PoisonError::into_inner) {
            tell(keeper);
        }
    }

    /// Takes the keeper's link, which ends with it.
    pub(super) fn take_keeper(&self) -> Option<Link> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Pacer {
    /// Keeps an answer until `at`, or gives it back if nobody would give it.
    fn add(&self, at: Instant, unique: u64, farewell: Farewell) -> Result<(), Farewell> {
        let mut late = self.late();
        if late.stopped == Stopped::Yes {
            return Err(farewell);
        }
        late.farewells.add(at, unique, farewell);
        self.changed.notify_one();
        Ok(())
    }

    /// Takes the answer to one request out.
    pub(super) fn take(&self, unique: u64) -> Option<Farewell> {
        self.late().farewells.take(unique)
    }

    /// Ends [`Service::run_pacer`].
    pub(super) fn stop(&self) {
        self.late().stopped = Stopped::Yes;
        self.changed.notify_one();
    }

    fn late(&self) -> MutexGuard<'_, Late> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
