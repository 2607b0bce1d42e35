//! A worker's thread, from its start to its end.

use super::{PlaneError, PlaneOptions};
use crate::linux::caps::drop_privileges;
use crate::linux::worker::{self, Command, Commander, Mailbox, Nudge, Reporter, Worker};
use rustix::io::Errno;
use std::sync::mpsc::{channel, sync_channel};
use std::thread::JoinHandle;

/// A worker, as the control side knows it.
pub(super) struct Running {
    commander: Commander,
    /// `None` once stopped.
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts a worker and waits until it is ready.
    pub(super) fn start(number: usize, options: PlaneOptions, reporter: Reporter) -> Result<Self, PlaneError> {
        let (orders, inbox) = channel();
        let event = worker::bell().map_err(PlaneError::Start)?;
        let mailbox = Mailbox::new(inbox, event.clone());
        let (ready, started) = sync_channel(1);
        let prepare = move || {
            set_nice(options.nice)?;
            drop_privileges()?;
            Worker::new(mailbox, reporter, options.spin).map_err(PlaneError::Start)
        };
        let thread = std::thread::Builder::new().name(format!("forward-{number}")).spawn(move || match prepare() {
            Ok(worker) => {
                let _ = ready.send(Ok(()));
                worker.run();
            }
            Err(error) => {
                let _ = ready.send(Err(error));
            }
        });
        let thread = thread.map_err(|error| PlaneError::Start(Errno::from_io_error(&error).unwrap_or(Errno::AGAIN)))?;
        started.recv().unwrap_or(Err(PlaneError::Start(Errno::SRCH)))?;
        Ok(Self { commander: Commander::new(orders, event), thread: Some(thread) })
    }

    /// Sends a command and waits until it is carried out.
    pub(super) fn tell(&self, command: Command) -> Result<(), Errno> {
        self.commander.tell(command)
    }

    /// Returns what wakes it.
    pub(super) fn nudge(&self) -> Nudge {
        self.commander.nudge()
    }

    /// Has the worker close something. One that is gone has closed everything.
    pub(super) fn forget(&self, command: Command) {
        let _ = self.tell(command);
    }

    /// Ends the thread and waits for its end.
    pub(super) fn stop(&mut self) {
        self.forget(Command::Stop);
        // One that panicked has said so.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Sets the nice value of the calling thread, which Linux keeps for each thread.
fn set_nice(nice: i8) -> Result<(), PlaneError> {
    if nice == 0 {
        return Ok(());
    }
    rustix::process::setpriority_process(None, i32::from(nice)).map_err(|errno| PlaneError::Nice { nice, errno })
}

#[cfg(test)]
mod tests;
