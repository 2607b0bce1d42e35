//! The seam as a worker implements it: frames of one burst, queued by port, sent at the end of the burst.

use super::buffer::LinuxBuf;
use super::link_port::{Due, LinkPort};
use super::transmit::{Medium, QUEUE, Queued, Tally, Transmitter};
use frame::{DropReason, Instant, MAX_PORTS, PortId, Ports, TagEdit};
use std::sync::Arc;

/// The ports of one bridge as one worker sends to them.
pub(super) struct Outlets {
    /// Indexed by port number.
    ports: Box<[Option<Box<Outlet>>]>,
    /// Ports to which this burst has sent.
    touched: Vec<PortId>,
    /// Links of application faces.
    links: Vec<Linked>,
}

/// A link as one worker polls it.
pub(super) struct Linked {
    pub(super) port: PortId,
    pub(super) link: Arc<LinkPort>,
    /// When this worker is to poll it, unless another has polled it since.
    due: Option<Due>,
}

struct Outlet {
    medium: Medium,
    /// Never longer than its capacity of [`QUEUE`].
    queue: Vec<Queued>,
    tally: Tally,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Open,
    /// The device is gone; what is sent here is dropped.
    Gone,
}

impl Linked {
    /// Returns when this worker is to poll it.
    pub(super) fn kept(&self) -> Option<Instant> {
        self.due.filter(|&due| self.link.is_kept(due)).map(|due| due.at)
    }
}

impl Outlet {
    fn flush(&mut self, frames: &[LinuxBuf<'_>], transmitter: &mut Transmitter) {
        match self.state {
            State::Open => transmitter.transmit(&self.medium, frames, &self.queue, &mut self.tally),
            State::Gone => self.tally.drops.add(DropReason::PortDown, self.queue.len() as u64),
        }
        self.queue.clear();
    }
}

impl Outlets {
    pub(super) fn new() -> Self {
        let ports = (0..MAX_PORTS).map(|_| None).collect();
        Self { ports, touched: Vec::with_capacity(MAX_PORTS), links: Vec::new() }
    }

    pub(super) fn insert(&mut self, port: PortId, medium: Medium) {
        let link = if let Medium::Node(outward) = &medium { outward.link() } else { None };
        self.links.retain(|linked| linked.port != port || link.is_some_and(|link| Arc::ptr_eq(link, &linked.link)));
        if let Some(link) = link.filter(|_| self.links.iter().all(|linked| linked.port != port)) {
            // Whoever kept its time may have been where it was before.
            link.stir();
            self.links.push(Linked { port, link: link.clone(), due: None });
        }
        let (queue, tally) = (Vec::with_capacity(QUEUE), Tally::default());
        let outlet = Outlet { medium, queue, tally, state: State::Open };
        if let Some(place) = self.ports.get_mut(usize::from(port.get())) {
            *place = Some(Box::new(outlet));
        }
    }

    pub(super) fn has(&self, port: PortId) -> bool {
        self.ports.get(usize::from(port.get())).is_some_and(Option::is_some)
    }

    pub(super) fn remove(&mut self, port: PortId) {
        self.links.retain(|linked| linked.port != port);
        if let Some(place) = self.ports.get_mut(usize::from(port.get())) {
            *place = None;
        }
    }

    /// Returns the links of application faces.
    pub(super) fn links(&self) -> &[Linked] {
        &self.links
    }

    /// Notes when to poll a link next.
    pub(super) fn keep(&mut self, number: usize, due: Option<Due>) {
        if let Some(linked) = self.links.get_mut(number) {
            linked.due = due;
        }
    }

    /// Gives the application behind a port packets, each behind its virtio-net header.
    pub(super) fn give(&mut self, port: PortId, packets: &[&[u8]], transmitter: &mut Transmitter) {
        let Some(Some(outlet)) = self.ports.get_mut(usize::from(port.get())) else { return };
        let Medium::Node(outward) = &outlet.medium else { return };
        transmitter.give(outward, packets, &mut outlet.tally);
        self.touched.push(port);
    }

    /// Tells what became of the frames of each port that the last burst has sent to, and forgets it.
    pub(super) fn settle(&mut self, mut report: impl FnMut(PortId, Tally)) {
        while let Some(port) = self.touched.pop() {
            if let Some(Some(outlet)) = self.ports.get_mut(usize::from(port.get())) {
                if outlet.tally.gone.is_some() {
                    outlet.state = State::Gone;
                }
                report(port, core::mem::take(&mut outlet.tally));
            }
        }
    }
}

/// What a burst is forwarded with.
pub(super) struct Io<'w, 'a> {
    frames: &'w [LinuxBuf<'a>],
    outlets: &'w mut Outlets,
    transmitter: &'w mut Transmitter,
}

impl<'w, 'a> Io<'w, 'a> {
    pub(super) fn new(frames: &'w [LinuxBuf<'a>], outlets: &'w mut Outlets, transmitter: &'w mut Transmitter) -> Self {
        Self { frames, outlets, transmitter }
    }

    /// Returns whether there is such a port to send to.
    pub(super) fn has(&self, port: PortId) -> bool {
        self.outlets.has(port)
    }

    /// Sends frames of our own out of a port, after those of the burst.
    pub(super) fn send_own(&mut self, to: PortId, frames: &[LinuxBuf<'_>]) {
        let Some(Some(outlet)) = self.outlets.ports.get_mut(usize::from(to.get())) else { return };
        if !self.outlets.touched.contains(&to) {
            self.outlets.touched.push(to);
        }
        outlet.queue.extend(frames.iter().take(QUEUE).map(|own| Queued { index: own.index(), edit: TagEdit::Keep }));
        outlet.flush(frames, self.transmitter);
    }
}

impl<'a> Ports for Io<'_, 'a> {
    type Buf = LinuxBuf<'a>;

    #[inline]
    fn send(&mut self, to: PortId, frame: LinuxBuf<'a>, edit: TagEdit) {
        let Some(Some(outlet)) = self.outlets.ports.get_mut(usize::from(to.get())) else {
            return;
        };
        if outlet.queue.is_empty() {
            self.outlets.touched.push(to);
        } else if outlet.queue.len() == QUEUE {
            outlet.flush(self.frames, self.transmitter);
        }
        outlet.queue.push(Queued { index: frame.index(), edit });
    }

    fn flush(&mut self) {
        for &port in &self.outlets.touched {
            if let Some(Some(outlet)) = self.outlets.ports.get_mut(usize::from(port.get())) {
                outlet.flush(self.frames, self.transmitter);
            }
        }
    }
}
