//! What the control side tells a worker, and what a worker tells it.

use super::super::plane::{BridgeId, PlaneEvent};
use super::super::transmit::Medium;
use super::{Engine, Source};
use frame::PortId;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError};

/// A change to what a worker serves.
pub(in super::super) enum Command {
    AddBridge {
        id: BridgeId,
        engine: Engine,
    },
    /// Closes the ports of the bridge or wire as well.
    RemoveBridge(BridgeId),
    AddPort {
        bridge: BridgeId,
        port: PortId,
        /// None if another worker does the reading.
        sources: Vec<Source>,
        medium: Medium,
    },
    /// Goes on serving a port by these; what is among them already is not disturbed.
    RenewPort {
        bridge: BridgeId,
        port: PortId,
        sources: Vec<Source>,
        medium: Medium,
    },
    RemovePort {
        bridge: BridgeId,
        port: PortId,
    },
    /// Looks what links have to send.
    PollLinks,
    Stop,
}

/// A command whose completion is awaited: once answered, the descriptors it names are closed.
pub(in super::super) struct Order {
    pub(in super::super) command: Command,
    pub(in super::super) done: SyncSender<Result<(), Errno>>,
}

/// A worker's end of its command queue.
pub(in super::super) struct Mailbox {
    orders: Receiver<Order>,
    event: Arc<OwnedFd>,
}

impl Mailbox {
    pub(in super::super) fn new(orders: Receiver<Order>, event: Arc<OwnedFd>) -> Self {
        Self { orders, event }
    }

    pub(super) fn next(&self) -> Option<Order> {
        self.orders.try_recv().ok().or_else(|| {
            clear(self.event.as_fd());
            // Sent between the look and the clearing.
            self.orders.try_recv().ok()
        })
    }
}

impl AsFd for Mailbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

/// A worker's end of the event queue, which all workers share.
pub(in super::super) struct Reporter {
    events: SyncSender<PlaneEvent>,
    event: Arc<OwnedFd>,
    /// Events that found the queue full.
    lost: Arc<AtomicU64>,
    /// Whether there are events for which the bell was not rung.
    unrung: bool,
}

impl Reporter {
    pub(in super::super) fn new(events: SyncSender<PlaneEvent>, event: Arc<OwnedFd>, lost: Arc<AtomicU64>) -> Self {
        Self { events, event, lost, unrung: false }
    }

    /// Queues an event; one that finds the queue full is counted as lost.
    pub(super) fn report(&mut self, event: PlaneEvent) {
        match self.events.try_send(event) {
            Ok(()) => self.unrung = true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Wakes the control side if it has something to take: once a burst, not once an event.
    pub(super) fn ring(&mut self) {
        if core::mem::take(&mut self.unrung) {
            ring(self.event.as_fd());
        }
    }
}

/// Makes a descriptor that becomes readable when [`ring`]ed.
pub(in super::super) fn bell() -> Result<Arc<OwnedFd>, Errno> {
    eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map(Arc::new)
}

/// Makes the descriptor readable.
pub(in super::super) fn ring(event: BorrowedFd<'_>) {
    // Fails only when 2^64-2 rings are pending, and then it is readable.
    let _ = rustix::io::write(event, &1_u64.to_ne_bytes());
}

/// Makes the descriptor unreadable.
pub(in super::super) fn clear(event: BorrowedFd<'_>) {
    // Fails only when it is unreadable already.
    let _ = rustix::io::read(event, &mut [0; 8]);
}

/// The control side's end of a worker's command queue.
pub(in super::super) struct Commander {
    orders: Sender<Order>,
    event: Arc<OwnedFd>,
}

impl Commander {
    pub(in super::super) fn new(orders: Sender<Order>, event: Arc<OwnedFd>) -> Self {
        Self { orders, event }
    }

    /// Returns what wakes the worker.
    pub(in super::super) fn nudge(&self) -> Nudge {
        Nudge { orders: self.orders.clone(), event: self.event.clone() }
    }

    /// Sends a command and waits until it is carried out.
    ///
    /// # Errors
    /// What the system refused, or `ESRCH` if the worker is gone.
    pub(in super::super) fn tell(&self, command: Command) -> Result<(), Errno> {
        let (done, answer) = std::sync::mpsc::sync_channel(1);
        self.orders.send(Order { command, done }).map_err(|_| Errno::SRCH)?;
        ring(self.event.as_fd());
        answer.recv().unwrap_or(Err(Errno::SRCH))
    }
}

/// Wakes a worker to look what links have to send.
pub(in super::super) struct Nudge {
    orders: Sender<Order>,
    event: Arc<OwnedFd>,
}

impl Nudge {
    /// Wakes the worker, and does not wait for it.
    pub(in super::super) fn nudge(&self) {
        let (done, _) = std::sync::mpsc::sync_channel(1);
        // A worker that is gone has nothing to send.
        let _ = self.orders.send(Order { command: Command::PollLinks, done });
        ring(self.event.as_fd());
    }
}
