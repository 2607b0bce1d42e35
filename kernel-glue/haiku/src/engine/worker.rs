//! The thread of a bridge: it alone carries frames between the ports.
//!
//! Ports with frames take turns, a burst each, so that a busy one keeps no other waiting for more than a burst. No lock
//! is held while a frame is sent: a driver may wait, and whatever it calls back finds everything unlocked.

use super::mailbox::{Mailbox, Order};
use super::neighbours::{Neighbours, Watcher};
use super::seat::{Port, Seat, Source};
use crate::bell::Bell;
use crate::kernel::{clock, thread};
use crate::member::{Change, Condition, Member, Parting};
use crate::net_buffer::NetBuf;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use bridge::{Bridge, Event, Flush};
use core::time::Duration;
use frame::{DropReason, Instant, MAX_PORTS, Mac, PortId, Ports, TagEdit};

/// What a worker and the control side share.
pub(super) struct Shared {
    pub(super) bridge: Arc<Bridge>,
    pub(super) bell: Arc<Bell>,
    pub(super) mailbox: Mailbox,
    pub(super) neighbours: Neighbours,
    /// Called, without a lock held, when what a member is able to has changed.
    pub(super) notice: fn(),
}

/// What a worker owns. Everything is made before the thread starts: it allocates nothing.
pub(super) struct Worker {
    shared: Arc<Shared>,
    engine: bridge::Worker,
    seats: Seats,
    /// The ports that there are, ascending; room for all.
    ports: Vec<PortId>,
    answers: Vec<NetBuf>,
    partings: Vec<Parting>,
    /// When devices, and the table, are looked at next.
    tick: Instant,
}

/// The ports, and those that the present burst was sent to.
struct Seats {
    by_number: Box<[Option<Box<Seat>>]>,
    touched: Vec<PortId>,
    /// Frames for ports that are detached, of which the engine does not know yet.
    missed: Box<[u32]>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, engine: bridge::Worker) -> Self {
        let by_number = (0..MAX_PORTS).map(|_| None).collect();
        Self {
            shared,
            engine,
            seats: Seats { by_number, touched: Vec::with_capacity(MAX_PORTS), missed: vec![0; MAX_PORTS].into() },
            ports: Vec::with_capacity(MAX_PORTS),
            answers: Vec::with_capacity(BURST),
            partings: Vec::with_capacity(PARTINGS),
            tick: Instant::default(),
        }
    }

    /// Serves until told to stop; then lets everything go.
    #[inline(never)]
    pub(super) fn run(mut self) {
        loop {
            self.obey();
            if self.shared.mailbox.is_stopped() {
                break;
            }
            let now = clock::now();
            if now >= self.tick {
                self.tick(now);
            }
            if !self.pass() {
                self.sleep(now);
            }
        }
        self.end();
    }

    fn obey(&mut self) {
        while let Some(order) = self.shared.mailbox.next() {
            match order {
                Order::Attach(port, seat) => self.attach(port, seat),
                Order::Detach(port) => self.detach(port),
            }
            self.shared.mailbox.finish();
        }
    }

    #[cold]
    fn attach(&mut self, port: PortId, seat: Box<Seat>) {
        let Some(place) = self.seats.by_number.get_mut(port.index()) else { return };
        *place = Some(seat);
        if let Err(at) = self.ports.binary_search(&port) {
            self.ports.insert(at, port);
        }
        // A device is looked at without delay.
        self.tick = Instant::default();
    }

    #[cold]
    fn detach(&mut self, port: PortId) {
        self.ports.retain(|&other| other != port);
        let Some(Some(mut seat)) = self.seats.by_number.get_mut(port.index()).map(Option::take) else { return };
        seat.settle_losses(port, &mut self.engine);
        seat.settle(port, &mut self.engine);
        self.let_go(core::mem::replace(&mut seat.port, Port::Gone));
    }

    /// Ends what ties a port to the bridge.
    #[cold]
    fn let_go(&mut self, port: Port) {
        match port {
            Port::Host(unit, _) => {
                if let Some(host) = unit.host() {
                    host.set_inlet(None);
                }
            }
            Port::Application(unit, _) => {
                if let Some(application) = unit.application() {
                    application.leave();
                }
            }
            Port::Card(card) => {
                if self.partings.len() == self.partings.capacity()
                    && let Some(first) = self.partings.iter().map(|parting| parting.at).min()
                {
                    // It never grows.
                    thread::sleep_until(first);
                    self.part(clock::now());
                }
                self.partings.push(card.part(clock::now()));
            }
            Port::Gone => {}
        }
    }

    /// Gives each port that has frames one burst; returns whether any had.
    fn pass(&mut self) -> bool {
        let mut any = false;
        let mut turn = 0;
        while let Some(&port) = self.ports.get(turn) {
            turn += 1;
            let Some(seat) = self.seats.of(port) else { continue };
            if let Port::Card(card) = &seat.port
                && card.member().take_nudge()
            {
                self.examine(port);
            }
            if self.seats.of(port).is_some_and(|seat| seat.is_ready()) {
                any = true;
                self.serve(port);
            }
        }
        any
    }

    /// Carries a burst that came in on a port.
    #[inline(never)]
    fn serve(&mut self, from: PortId) {
        let now = clock::now();
        let Some(mut source) = self.seats.of(from).and_then(|seat| seat.source()) else { return };
        if let Source::Member(member) = &source {
            self.learn_overheard(member, from, now);
        }
        {
            let Self { shared, engine, seats, answers, .. } = &mut *self;
            let mut watcher = Watcher { neighbours: &shared.neighbours, answers };
            bridge::run_watched(engine, seats, &mut watcher, from, source.by_ref().take(BURST), now);
        }
        if source.is_dead()
            && let Some(seat) = self.seats.of(from)
        {
            seat.port = Port::Gone;
        }
        self.settle(from, now);
    }

    /// Learns where stations are that speak with the host, on a member that has its addresses.
    fn learn_overheard(&mut self, member: &Member, from: PortId, now: Instant) {
        for frame in core::iter::from_fn(|| member.take_overheard()).take(BURST) {
            self.engine.overhear(from, &frame, now);
        }
    }

    /// Sends what answers the burst, books what became of everything, and follows what the table tells.
    fn settle(&mut self, from: PortId, now: Instant) {
        while let Some(answer) = self.answers.pop() {
            self.seats.send(from, answer, TagEdit::Keep);
        }
        while let Some(port) = self.seats.touched.pop() {
            if let Some(seat) = self.seats.of(port) {
                seat.settle(port, &mut self.engine);
            }
            let missed = self.seats.missed.get_mut(port.index()).map_or(0, core::mem::take);
            (0..missed).for_each(|_| self.engine.drop_at(port, DropReason::PortDown));
        }
        if let Some(seat) = self.seats.of(from) {
            seat.settle_losses(from, &mut self.engine);
        }
        while let Some(event) = self.engine.poll_event() {
            match event {
                Event::Learned { mac, port, .. } | Event::Moved { mac, to: port, .. } => self.found(mac, port),
                Event::Evicted { .. } => {}
            }
        }
        self.part(now);
    }

    /// Has the members know that a station is behind another port.
    #[cold]
    fn found(&mut self, station: Mac, at: PortId) {
        for &port in self.ports.iter().filter(|&&port| port != at) {
            if let Some(Port::Card(card)) = self.seats.of(port).map(|seat| &seat.port) {
                card.member().forget(station);
            }
        }
    }

    /// Looks at everything that tells nobody when it changes.
    #[cold]
    fn tick(&mut self, now: Instant) {
        self.tick = now.plus(TICK);
        let mut turn = 0;
        while let Some(&port) = self.ports.get(turn) {
            turn += 1;
            self.examine(port);
            if let Some(seat) = self.seats.of(port) {
                seat.settle_losses(port, &mut self.engine);
            }
        }
        self.shared.bridge.on_timeout(now);
        self.part(now);
    }

    /// Looks at a member's device; what was learned on one that passes nothing is forgotten.
    #[cold]
    fn examine(&mut self, port: PortId) {
        let Some(seat) = self.seats.of(port) else { return };
        let Port::Card(card) = &mut seat.port else { return };
        let Change::To(condition) = card.examine() else { return };
        match condition {
            Condition::Running => {}
            Condition::NoCarrier | Condition::Down => self.flush(port),
            Condition::Gone => {
                self.flush(port);
                if let Some(seat) = self.seats.of(port) {
                    seat.settle_losses(port, &mut self.engine);
                    let gone = core::mem::replace(&mut seat.port, Port::Gone);
                    self.let_go(gone);
                }
            }
        }
        (self.shared.notice)();
    }

    fn flush(&self, port: PortId) {
        self.shared.bridge.flush_port(port, Flush::Dynamic);
        self.shared.neighbours.forget_port(port);
    }

    /// Gives interfaces back whose time has come. The last reference ends the interface on the spot: no lock is held.
    fn part(&mut self, now: Instant) {
        if !self.partings.is_empty() {
            self.partings.retain(|parting| parting.at > now);
        }
    }

    fn sleep(&mut self, now: Instant) {
        let parting = self.partings.iter().map(|parting| parting.at).min();
        let watches = self.ports.iter().any(|&port| self.seats.is_card(port));
        let tick = watches.then_some(self.tick);
        // The table is swept with a tick, which has come by then.
        let sweep = self.shared.bridge.next_timeout().map(|at| at.max(now.plus(TICK)));
        match [parting, tick, sweep].into_iter().flatten().min() {
            Some(until) => self.shared.bell.wait_until(until),
            None => self.shared.bell.wait(),
        }
        self.part(clock::now());
    }

    /// Lets everything go, in this thread: whoever asked for the end may hold locks of the stack.
    #[cold]
    fn end(mut self) {
        while let Some(port) = self.ports.pop() {
            self.detach(port);
        }
        if let Some(last) = self.partings.iter().map(|parting| parting.at).max() {
            thread::sleep_until(last);
        }
        self.partings.clear();
        self.shared.mailbox.end();
    }
}

impl Seats {
    #[inline]
    fn of(&mut self, port: PortId) -> Option<&mut Seat> {
        self.by_number.get_mut(port.index())?.as_deref_mut()
    }

    fn is_card(&self, port: PortId) -> bool {
        matches!(self.by_number.get(port.index()), Some(Some(seat)) if matches!(seat.port, Port::Card(_)))
    }
}

impl Ports for Seats {
    type Buf = NetBuf;

    #[inline]
    fn send(&mut self, to: PortId, frame: NetBuf, edit: TagEdit) {
        match self.by_number.get_mut(to.index()) {
            Some(Some(seat)) => seat.send(frame, edit),
            Some(None) | None => self.missed.get_mut(to.index()).into_iter().for_each(|missed| *missed += 1),
        }
        if self.touched.last() != Some(&to) && !self.touched.contains(&to) {
            self.touched.push(to);
        }
    }

    /// Drivers and readers were told with each frame.
    fn flush(&mut self) {}
}

/// Frames of a port in its turn, as many as the engine has room to tell of.
const BURST: usize = 64;
/// Devices that are let go within a few milliseconds; more are room for more.
const PARTINGS: usize = 16;
/// How often devices are looked at, whose carrier nobody tells of: about as fast as a person sees a light.
const TICK: Duration = Duration::from_millis(250);
