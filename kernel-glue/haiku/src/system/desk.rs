//! Where things are left for the thread that administers.

use super::Answer;
use super::book::Book;
use super::look::Cause;
use crate::bell::Bell;
use crate::control::Access;
use crate::kernel::Once;
use crate::kernel::{Lock, Semaphore, Spin, Status, heap, thread};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use haiku_abi::B_NORMAL_PRIORITY;

/// Has a request of a user carried out.
///
/// # Errors
/// [`Status::B_NO_MEMORY`] and the like, before anything was done.
pub(crate) fn ask(access: Access, user: u32, request: Vec<u8>) -> Result<Answer, Status> {
    match call(Task::Exchange { access, user, request })? {
        Outcome::Answer(answer) => answer,
        Outcome::Settled => Err(Status::B_ERROR),
    }
}

/// Says that something has happened that is to be followed, and waits until it is. A program that has opened a device
/// finds its interface up by that.
///
/// Not to be called where a lock is held that a hook of the stack takes.
pub(crate) fn settle() {
    // Without memory it is followed later.
    let _ = call(Task::Settle);
}

/// Says that something has happened that is to be followed: an interface of ours went up, down or away, a device was
/// opened or closed, a member changed. It waits for nobody, and may be called under any lock.
pub(crate) fn ring() {
    // Where no thread can be started, the next request sees to it.
    let _ = desk().lock().wake();
}

/// One thing to do.
pub(super) enum Task {
    Exchange { access: Access, user: u32, request: Vec<u8> },
    Settle,
}

/// What became of it.
pub(super) enum Outcome {
    Answer(Result<Answer, Status>),
    Settled,
}

struct Job {
    task: Task,
    outcome: Spin<Option<Outcome>>,
    done: Semaphore,
}

struct Desk {
    jobs: VecDeque<Arc<Job>>,
    /// Whether something was left since the thread looked.
    stirred: bool,
    /// The thread's, while there is one.
    bell: Option<Arc<Bell>>,
}

static DESK: Once<Lock<Desk>> = Once::new();

/// A leaf among locks: what is done under it takes none but the kernel's own.
fn desk() -> &'static Lock<Desk> {
    DESK.call_once(|| Lock::new(c"trestle desk", Desk { jobs: VecDeque::new(), stirred: false, bell: None }))
}

fn call(task: Task) -> Result<Outcome, Status> {
    heap::permit()?;
    let done = Semaphore::new(c"trestle request")?;
    let job = Arc::new(Job { task, outcome: Spin::new(None), done });
    {
        let mut desk = desk().lock();
        desk.wake()?;
        desk.jobs.push_back(Arc::clone(&job));
    }
    job.done.acquire();
    let outcome = job.outcome.lock().take();
    outcome.ok_or(Status::B_ERROR)
}

impl Desk {
    /// Wakes the thread, or starts it.
    fn wake(&mut self) -> Result<(), Status> {
        self.stirred = true;
        if let Some(bell) = &self.bell {
            bell.ring();
            return Ok(());
        }
        let bell = Bell::new(c"trestle desk")?;
        bell.ring();
        let own = Arc::clone(&bell);
        drop(thread::spawn(c"trestle desk", B_NORMAL_PRIORITY, move || serve(&own))?);
        self.bell = Some(bell);
        Ok(())
    }
}

/// Is the thread. It ends when there is nothing of ours any more.
fn serve(bell: &Bell) {
    let mut book = Box::new(Book::new());
    loop {
        match book.next_look() {
            Some(moment) => bell.wait_until(moment),
            None => bell.wait(),
        }
        desk().lock().stirred = false;
        while let Some(job) = next() {
            let outcome = book.carry_out(&job.task);
            *job.outcome.lock() = Some(outcome);
            job.done.release();
        }
        book.look(Cause::Notice);
        if book.is_blank() && close() {
            return;
        }
    }
}

fn next() -> Option<Arc<Job>> {
    desk().lock().jobs.pop_front()
}

/// Ends the thread's turn, unless something was left meanwhile.
fn close() -> bool {
    let mut desk = desk().lock();
    let over = desk.jobs.is_empty() && !desk.stirred;
    if over {
        desk.bell = None;
    }
    over
}
