//! Threads for what a program can make take long.
//!
//! A program's memory may be served by the program itself, which need not do so. Whoever reads it may wait for ever; so
//! a few threads do nothing else, no user occupies more than half of them, and they alone keep CAP_SYS_PTRACE.

use crate::linux::caps::keep_only;
use caps::Capability;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The threads, and what they have to do.
pub(super) struct Helpers {
    desk: Mutex<Desk>,
    changed: Condvar,
}

/// What may take long.
pub(super) type Job = Box<dyn FnOnce() + Send>;

/// There is more to do than is waited with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Crowded;

#[derive(Default)]
struct Desk {
    waiting: VecDeque<(u32, Job)>,
    /// The users whose jobs are being done.
    busy: Vec<u32>,
    closed: Closed,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Closed {
    #[default]
    No,
    Yes,
}

impl Helpers {
    /// Starts the threads. They end by themselves after [`Self::close`]; one that a program holds, when it lets go.
    pub(super) fn start() -> std::io::Result<Arc<Self>> {
        let helpers = Arc::new(Self { desk: Mutex::default(), changed: Condvar::new() });
        for number in 0..THREADS {
            let helper = Arc::clone(&helpers);
            let thread = std::thread::Builder::new().name(format!("nodes helper {number}"));
            let started = thread.spawn(move || helper.run());
            started.inspect_err(|_| helpers.close())?;
        }
        Ok(helpers)
    }

    /// Has something done for a user.
    pub(super) fn add(&self, uid: u32, job: Job) -> Result<(), Crowded> {
        let mut desk = self.desk();
        if desk.waiting.len() >= MOST_WAITING || desk.closed == Closed::Yes {
            return Err(Crowded);
        }
        desk.waiting.push_back((uid, job));
        self.changed.notify_one();
        Ok(())
    }

    /// Ends the threads; what waits is dropped.
    pub(super) fn close(&self) {
        let mut desk = self.desk();
        desk.closed = Closed::Yes;
        let waiting = core::mem::take(&mut desk.waiting);
        drop(desk);
        drop(waiting);
        self.changed.notify_all();
    }

    fn run(&self) {
        if let Err(error) = keep_only(&[Capability::CAP_SYS_PTRACE]) {
            tracing::warn!("{error}");
        }
        let mut desk = self.desk();
        while desk.closed == Closed::No {
            let Some((uid, job)) = desk.next() else {
                desk = self.changed.wait(desk).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(desk);
            job();
            desk = self.desk();
            desk.end(uid);
            // A job of the same user may have waited for this.
            self.changed.notify_one();
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        // No step between lock and unlock can panic half-way through a change.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    /// Takes the first job of a user who does not occupy his share.
    fn next(&mut self) -> Option<(u32, Job)> {
        let busy = |uid: u32| self.busy.iter().filter(|&&other| other == uid).count();
        let at = self.waiting.iter().position(|&(uid, _)| busy(uid) < THREADS / 2)?;
        let (uid, job) = self.waiting.remove(at)?;
        self.busy.push(uid);
        Some((uid, job))
    }

    fn end(&mut self, uid: u32) {
        if let Some(at) = self.busy.iter().position(|&other| other == uid) {
            self.busy.swap_remove(at);
        }
    }
}

/// Enough that two users can hang two threads each and others be served yet; a guess.
const THREADS: usize = 6;
/// Each is a thread of some program, asleep; a guess.
const MOST_WAITING: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;
    use std::time::Duration;

    #[test]
    fn a_user_who_hangs_helpers_leaves_some_to_others() {
        let helpers = Helpers::start().unwrap();
        let (release, held) = sync_channel::<()>(0);
        let held = Arc::new(Mutex::new(held));
        for _ in 0..2 * THREADS {
            let held = held.clone();
            helpers.add(1, Box::new(move || assert!(held.lock().unwrap().recv().is_err()))).unwrap();
        }
        let (done, finished) = sync_channel(1);
        helpers.add(2, Box::new(move || done.send(()).unwrap())).unwrap();
        finished.recv_timeout(Duration::from_secs(5)).unwrap();
        drop(release);
        helpers.close();
        assert_eq!(helpers.add(2, Box::new(|| ())), Err(Crowded));
    }

    #[test]
    fn waiting_jobs_are_bounded() {
        let mut desk = Desk::default();
        for uid in [1, 1, 1, 1, 2] {
            desk.waiting.push_back((uid, Box::new(|| ())));
        }
        let taken: Vec<_> = core::iter::from_fn(|| desk.next()).map(|(uid, _)| uid).collect();
        assert_eq!(taken, [1, 1, 1, 2]);
        desk.end(1);
        assert_eq!(desk.next().map(|(uid, _)| uid), Some(1));
    }
}
