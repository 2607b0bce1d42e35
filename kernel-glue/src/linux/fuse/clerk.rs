//! Who decides what an open or an ioctl of a program brings about.

use super::device::Descriptor;
use super::protocol::request::Caller;
use rustix::io::Errno;
use std::sync::Arc;
use tap::Node;
use tap::ioctl::{Answer, Request};

/// The control side: the one place where devices are made, opened, set up and closed.
///
/// It is asked by the threads that serve nodes and must not keep them: what takes time it does elsewhere, and calls
/// `done` from there. A `done` that is dropped uncalled answers EIO.
pub trait Clerk: Send + Sync {
    /// Opens a node for a program that may, by owner, group and mode.
    fn open(&self, node: Node, caller: Caller, done: Done<Opened>);

    /// Carries out an ioctl on an open. A refusal is the errno that the program sees.
    fn ioctl(&self, id: u64, request: Request, caller: Caller, done: Done<Answer>);

    /// A program closed its last descriptor of an open, or the nodes are no longer served.
    fn close(&self, id: u64);
}

/// What a call of a [`Clerk`] is finished by.
pub type Done<T> = Box<dyn FnOnce(Result<T, Errno>) + Send>;

/// An open that succeeded.
#[derive(Clone, Debug)]
pub struct Opened {
    /// By which the clerk knows it.
    pub id: u64,
    /// Its queues, attached to a device or to be attached by an ioctl.
    pub descriptor: Arc<Descriptor>,
}
