//! What the daemon asks of the system beneath: a real kernel, or memory.

use bridge::Config;
use frame::{Mac, PortId};
use kernel_glue::admin::{Live, Perform, Verb};
use kernel_glue::linux::BridgeNeighbours;
use kernel_glue::linux::fuse::Descriptor;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use tap::ioctl::{Answer, Request};
use tap::{ControlError, Credentials, DeviceName, HandleId, Opening};

/// A system with interfaces to bridge. [`Kernel`](super::kernel::Kernel) is Linux; [`Memory`](super::memory::Memory)
/// lives in this process, for where not even a namespace can be had.
pub(crate) trait System: Live + Perform {
    /// Returns what a bridge has learned of neighbours.
    fn bindings(&self, _bridge: &str) -> Option<&Arc<BridgeNeighbours>> {
        None
    }
    /// Puts a configuration in force.
    fn publish(&mut self, bridge: &str, config: Config);
    /// Returns descriptors that can be read while [`Self::poll_event`] has something.
    fn event_fds(&self) -> Vec<BorrowedFd<'_>>;
    /// Returns descriptors that hang up when [`Self::poll_event`] has something.
    fn watched_fds(&self) -> Vec<BorrowedFd<'_>> {
        Vec::new()
    }
    /// Returns what happened, one thing a call.
    fn poll_event(&mut self) -> Option<SystemEvent>;
    /// Opens a node for an application.
    fn open(&mut self, _opening: Opening, _opener: &mut Opener) -> Result<HandleId, ControlError> {
        Err(ControlError::Refused(NO_NODES))
    }
    /// Carries out an ioctl of an application.
    fn control(&mut self, _id: HandleId, _request: Request, _who: &Credentials) -> Result<Answer, ControlError> {
        Err(ControlError::Refused(NO_NODES))
    }
    /// Returns whether a caller opened that by a socket, or may do anything.
    fn is_opener(&self, _id: HandleId, _who: &Credentials) -> bool {
        false
    }
    /// Says which device was made for an attachment that left the choice.
    fn reserve(&mut self, _id: HandleId, _made: DeviceName) {}
    /// Takes back what an application set for a device and the rules forbid.
    fn restore(&mut self, _device: &str) {}
    /// Lets go of what applications have open without telling those behind sockets: the next daemon takes over.
    fn leave(&mut self) {}
    /// Closes what an application opened.
    fn close(&mut self, _id: HandleId) {}
    /// Returns what an application opened, as nodes serve it.
    fn descriptor(&self, _id: HandleId) -> Option<Arc<Descriptor>> {
        None
    }
    /// Returns what applications have asked of the control side, one thing a call.
    fn poll_asked(&mut self) -> Option<Asked> {
        None
    }
}

const NO_NODES: &str = "this system publishes no nodes";

/// An application that opens a node.
#[derive(Debug)]
pub(crate) struct Opener {
    pub(crate) credentials: Credentials,
    /// The process, if it can be seen.
    pub(crate) pid: Option<u32>,
    /// Our end of the socket by which packets pass; `None` for a node.
    pub(crate) socket: Option<OwnedFd>,
}

/// What an application has brought about that the control side must follow.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Asked {
    /// A device has its first descriptor.
    Opened(String),
    /// A device that lives as long as it is open has none any more.
    Closed(String),
    /// Whether a device carries packets has changed.
    Settled(String),
    /// A setting of a device is to be changed, as by an operator.
    Change { device: String, verb: Box<Verb> },
}

/// What happened in the system by itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum SystemEvent {
    /// An address was seen on another port of a bridge.
    Moved { bridge: String, vlan: u16, address: Mac, from: PortId, to: PortId },
    /// An interface of somebody else has another name.
    Renamed { from: String, to: String },
    /// The device of an attached interface went away; what was attached is closed.
    Gone { interface: String },
    /// Interfaces came, went, or changed their condition.
    LinksChanged,
}
