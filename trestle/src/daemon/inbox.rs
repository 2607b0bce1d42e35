//! What waits for the control thread: calls of clients, and what applications ask of nodes.

use super::ask::Ask;
use crate::control::{Listener, Served};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

/// Calls of clients that wait at most; callers beyond it wait in their own threads.
const CALLS: usize = 128;

/// The control thread's end.
pub(super) struct Inbox {
    calls: Receiver<Served>,
    asks: Receiver<Ask>,
    doorbell: UnixStream,
}

/// The end of those who ask.
#[derive(Clone)]
pub(super) struct Letterbox {
    calls: SyncSender<Served>,
    /// Unbounded, since the kernel bounds it: each open and ioctl is a process that waits, each close was an open.
    asks: Sender<Ask>,
    ringer: Arc<UnixStream>,
}

/// Makes both ends.
///
/// # Errors
/// The system's, when no descriptor is left.
pub(super) fn inbox() -> io::Result<(Inbox, Letterbox)> {
    let (doorbell, ringer) = UnixStream::pair()?;
    doorbell.set_nonblocking(true)?;
    ringer.set_nonblocking(true)?;
    let (put_call, calls) = sync_channel(CALLS);
    let (put_ask, asks) = channel();
    let letterbox = Letterbox { calls: put_call, asks: put_ask, ringer: Arc::new(ringer) };
    Ok((Inbox { calls, asks, doorbell }, letterbox))
}

impl Inbox {
    /// Returns what can be read while something waits.
    pub(super) fn doorbell(&self) -> &UnixStream {
        &self.doorbell
    }

    /// Stops the doorbell; what came until then is found by the calls below.
    pub(super) fn answer_doorbell(&self) {
        let _ = (&self.doorbell).read(&mut [0; CALLS]);
    }

    pub(super) fn next_call(&self) -> Option<Served> {
        self.calls.try_recv().ok()
    }

    pub(super) fn next_ask(&self) -> Option<Ask> {
        self.asks.try_recv().ok()
    }
}

impl Letterbox {
    /// Starts to take calls from a control socket.
    ///
    /// # Errors
    /// The system's, when no thread can be had.
    pub(super) fn serve(&self, listener: &Listener) -> io::Result<()> {
        let this = self.clone();
        listener.serve(move |served| {
            let queued = this.calls.send(served).is_ok();
            this.ring();
            queued
        })
    }

    /// Queues what an application asks. Once the control thread has ended it is dropped, and with it the means to
    /// answer, by which the node knows.
    pub(super) fn ask(&self, ask: Ask) {
        let _ = self.asks.send(ask);
        self.ring();
    }

    fn ring(&self) {
        // A full stream is readable already.
        let _ = (&*self.ringer).write(&[0]);
    }
}
