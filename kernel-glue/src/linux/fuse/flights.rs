//! Opens and ioctls that are not answered yet.
//!
//! They take the control side a moment, and like those of the kernel's own drivers they are not for harmless signals
//! to end: a Go program gets many. Only if one is late as well does an interrupt end it, so that whatever happens
//! there, a program can be killed.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Requests by their names.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<u64, Phase>>);

/// Where a request is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    /// With the control side, or on the way.
    Elsewhere,
    /// In the hands of a thread that uses the caller's memory, which an answer would let go of.
    InMemory,
}

/// What an interrupt does to a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Withdrawn {
    /// It is to be answered with an error; whoever brings another answer comes too late.
    Yes,
    /// Not at this time.
    Busy,
    /// It is none of these.
    Unknown,
}

/// The request was withdrawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct TooLate;

impl Flights {
    /// How late an answer must be for an interrupt to end the call.
    pub(super) const PATIENCE: Duration = Duration::from_secs(1);

    pub(super) fn depart(&self, unique: u64) {
        self.phases().insert(unique, Phase::Elsewhere);
    }

    /// Before the caller's memory is used.
    pub(super) fn enter_memory(&self, unique: u64) -> Result<(), TooLate> {
        self.change(unique, Phase::InMemory)
    }

    /// After the caller's memory was used.
    pub(super) fn leave_memory(&self, unique: u64) -> Result<(), TooLate> {
        self.change(unique, Phase::Elsewhere)
    }

    /// Before the answer; one who comes too late must not answer.
    pub(super) fn land(&self, unique: u64) -> Result<(), TooLate> {
        self.phases().remove(&unique).map(drop).ok_or(TooLate)
    }

    pub(super) fn contains(&self, unique: u64) -> bool {
        self.phases().contains_key(&unique)
    }

    pub(super) fn withdraw(&self, unique: u64) -> Withdrawn {
        let mut phases = self.phases();
        match phases.get(&unique) {
            Some(Phase::Elsewhere) => {
                phases.remove(&unique);
                Withdrawn::Yes
            }
            Some(Phase::InMemory) => Withdrawn::Busy,
            None => Withdrawn::Unknown,
        }
    }

    fn change(&self, unique: u64, to: Phase) -> Result<(), TooLate> {
        let mut phases = self.phases();
        let phase = phases.get_mut(&unique).ok_or(TooLate)?;
        *phase = to;
        Ok(())
    }

    fn phases(&self) -> MutexGuard<'_, HashMap<u64, Phase>> {
        // No step between lock and unlock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_uses_memory_is_not_withdrawn() {
        let flights = Flights::default();
        flights.depart(8);
        assert_eq!(flights.enter_memory(8), Ok(()));
        assert_eq!(flights.withdraw(8), Withdrawn::Busy);
        assert_eq!(flights.leave_memory(8), Ok(()));
        assert_eq!(flights.withdraw(8), Withdrawn::Yes);
        assert_eq!(flights.withdraw(8), Withdrawn::Unknown);
        assert_eq!(flights.enter_memory(8), Err(TooLate));
        assert_eq!(flights.land(8), Err(TooLate));
    }
}
