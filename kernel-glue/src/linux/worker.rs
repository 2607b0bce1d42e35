//! A worker: one thread that carries frames between the ports of every bridge.
//!
//! It sleeps in `epoll_wait` while nothing is ready. Ready ports take turns, a burst each, so that a busy one keeps
//! no other waiting for more than a burst. Once started it allocates only to obey a command.

mod command;
mod inlet;

pub(super) use command::{Command, Commander, Mailbox, Order, Reporter, bell, clear, ring};
pub(super) use inlet::{Look, Source};

use super::buffer::{Arena, Burst};
use super::clock;
use super::io::{Io, Outlets};
use super::plane::{BridgeId, PlaneEvent};
use super::transmit::{Tally, Transmitter};
use frame::{DropReason, PortId};
use inlet::Inlet;
use rustix::event::{Timespec, epoll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use std::time::Duration;

/// A bridge as one worker serves it.
struct Served {
    id: BridgeId,
    engine: bridge::Worker,
    outlets: Outlets,
}

/// What a worker owns.
pub(super) struct Worker {
    epoll: OwnedFd,
    mailbox: Mailbox,
    reporter: Reporter,
    spin: Duration,
    arena: Arena,
    transmitter: Transmitter,
    bridges: Vec<Option<Served>>,
    inlets: Vec<Option<Inlet>>,
    /// Inlets that may have frames, in turn; room for all of them.
    ready: Vec<usize>,
}

/// Whether the thread goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Next {
    Serve,
    Stop,
}

impl Worker {
    /// Prepares a worker in the thread that will run it.
    ///
    /// # Errors
    /// What the system answered to `epoll_create1` or `epoll_ctl`.
    pub(super) fn new(mailbox: Mailbox, reporter: Reporter, spin: Duration) -> Result<Self, Errno> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, mailbox.as_fd(), epoll::EventData::new_u64(COMMANDS), epoll::EventFlags::IN)?;
        Ok(Self {
            epoll,
            mailbox,
            reporter,
            spin,
            arena: Arena::new(),
            transmitter: Transmitter::new(),
            bridges: Vec::new(),
            inlets: Vec::new(),
            ready: Vec::new(),
        })
    }

    /// Serves until told to stop.
    pub(super) fn run(mut self) {
        while self.wait() == Next::Serve {
            for _ in 0..PASSES {
                if self.ready.is_empty() {
                    break;
                }
                self.pass();
            }
        }
    }

    /// Waits for frames and commands, and obeys the commands.
    fn wait(&mut self) -> Next {
        let mut events = [NO_EVENT; EVENTS];
        let count = self.poll(&mut events);
        for event in events.iter().take(count) {
            match event.data.u64() {
                COMMANDS => {
                    if self.obey() == Next::Stop {
                        return Next::Stop;
                    }
                }
                token => self.mark(token as usize),
            }
        }
        Next::Serve
    }

    fn poll(&self, events: &mut [epoll::Event]) -> usize {
        let mut look = |timeout| epoll::wait(&self.epoll, &mut *events, timeout).unwrap_or(0);
        if !self.ready.is_empty() {
            return look(Some(&AT_ONCE));
        }
        if !self.spin.is_zero() {
            let until = clock::monotonic().plus(self.spin);
            while clock::monotonic() < until {
                let count = look(Some(&AT_ONCE));
                if count > 0 {
                    return count;
                }
            }
        }
        look(None)
    }

    fn mark(&mut self, place: usize) {
        if let Some(Some(inlet)) = self.inlets.get(place)
            && !inlet.failed
            && !self.ready.contains(&place)
        {
            self.ready.push(place);
        }
    }

    /// Gives each ready inlet one burst.
    fn pass(&mut self) {
        let mut turn = 0;
        while let Some(&place) = self.ready.get(turn) {
            match self.serve(place) {
                Look::More => turn += 1,
                Look::Empty => {
                    self.ready.remove(turn);
                }
                Look::Failed(errno) => {
                    self.ready.remove(turn);
                    self.fail(place, errno);
                }
            }
        }
    }

    fn serve(&mut self, place: usize) -> Look {
        let Some(Some(inlet)) = self.inlets.get_mut(place) else {
            return Look::Empty;
        };
        let (from, bridge) = (inlet.port, inlet.bridge);
        let Some(Some(served)) = self.bridges.get_mut(bridge) else {
            return Look::Empty;
        };
        let mut burst = Burst::new();
        let (look, lost) = inlet.source.receive(&mut self.arena, &mut burst);
        let frames = burst.frames();
        if !frames.is_empty() {
            let mut io = Io::new(frames, &mut served.outlets, &mut self.transmitter);
            bridge::run(&mut served.engine, &mut io, from, frames.iter().copied(), clock::monotonic());
        }
        let losses = [
            (DropReason::Truncated, burst.truncated),
            (DropReason::Offload, burst.unknown_offload),
            (DropReason::NoBuffer, lost),
        ];
        inlet.source.release();
        for (why, count) in losses {
            (0..count).for_each(|_| served.engine.drop_frame(from, why));
        }
        served.settle(&mut self.reporter);
        look
    }

    /// Stops listening to a port whose device is gone, and says so.
    fn fail(&mut self, place: usize, errno: Errno) {
        let Some(Some(inlet)) = self.inlets.get_mut(place) else {
            return;
        };
        inlet.failed = true;
        let port = inlet.port;
        let _ = epoll::delete(&self.epoll, inlet.source.as_fd());
        if let Some(Some(served)) = self.bridges.get(inlet.bridge) {
            self.reporter.report(PlaneEvent::PortFailed { bridge: served.id, port, errno });
            self.reporter.ring();
        }
    }

    fn obey(&mut self) -> Next {
        while let Some(order) = self.mailbox.next() {
            let Order { command, done } = order;
            let stop = matches!(command, Command::Stop);
            let result = self.carry_out(command);
            // The asker may have given up; then nobody needs the answer.
            let _ = done.send(result);
            if stop {
                return Next::Stop;
            }
        }
        Next::Serve
    }

    fn carry_out(&mut self, command: Command) -> Result<(), Errno> {
        match command {
            Command::AddBridge { id, engine } => {
                place_in(&mut self.bridges, Served { id, engine, outlets: Outlets::new() });
            }
            Command::RemoveBridge(id) => {
                if let Some(bridge) = self.find(id) {
                    self.close_inlets(|inlet| inlet.bridge == bridge);
                    self.vacate(bridge);
                }
            }
            Command::AddPort { bridge, port, source, medium } => {
                let bridge = self.find(bridge).ok_or(Errno::NOENT)?;
                if let Some(source) = source {
                    self.listen(Inlet { bridge, port, source, failed: false })?;
                }
                if let Some(Some(served)) = self.bridges.get_mut(bridge) {
                    served.outlets.insert(port, medium);
                }
            }
            Command::RemovePort { bridge, port } => {
                if let Some(bridge) = self.find(bridge) {
                    self.close_inlets(|inlet| inlet.bridge == bridge && inlet.port == port);
                    if let Some(Some(served)) = self.bridges.get_mut(bridge) {
                        served.outlets.remove(port);
                    }
                }
            }
            Command::Stop => {}
        }
        Ok(())
    }

    fn listen(&mut self, inlet: Inlet) -> Result<(), Errno> {
        let place = place_in(&mut self.inlets, inlet);
        self.ready.reserve(self.inlets.len());
        let Some(Some(inlet)) = self.inlets.get(place) else {
            return Ok(());
        };
        let token = epoll::EventData::new_u64(place as u64);
        let watched = epoll::add(&self.epoll, inlet.source.as_fd(), token, epoll::EventFlags::IN);
        if watched.is_err()
            && let Some(slot) = self.inlets.get_mut(place)
        {
            *slot = None;
        }
        watched
    }

    fn close_inlets(&mut self, which: impl Fn(&Inlet) -> bool) {
        for (place, slot) in self.inlets.iter_mut().enumerate() {
            if let Some(inlet) = slot
                && which(inlet)
            {
                if !inlet.failed {
                    let _ = epoll::delete(&self.epoll, inlet.source.as_fd());
                }
                *slot = None;
                self.ready.retain(|&ready| ready != place);
            }
        }
    }

    fn find(&self, id: BridgeId) -> Option<usize> {
        self.bridges.iter().position(|served| served.as_ref().is_some_and(|served| served.id == id))
    }

    fn vacate(&mut self, bridge: usize) {
        if let Some(slot) = self.bridges.get_mut(bridge) {
            *slot = None;
        }
    }
}

impl Served {
    /// Books what became of a burst's frames, and hands on what the engine has to tell.
    fn settle(&mut self, reporter: &mut Reporter) {
        let (engine, bridge) = (&mut self.engine, self.id);
        self.outlets.settle(|port, tally| {
            book(engine, port, &tally);
            if let Some(errno) = tally.gone {
                reporter.report(PlaneEvent::PortFailed { bridge, port, errno });
            }
        });
        while let Some(event) = self.engine.poll_event() {
            match event {
                bridge::Event::Moved { vid, mac, from, to } => {
                    reporter.report(PlaneEvent::AddressMoved { bridge, vid, mac, from, to });
                }
                // Too many to be told one by one: whoever fills the table would fill the queue.
                bridge::Event::Learned { .. } | bridge::Event::Evicted { .. } => {}
            }
        }
        reporter.ring();
    }
}

fn book(engine: &mut bridge::Worker, port: PortId, tally: &Tally) {
    // The engine counts frame by frame; all bytes of a burst, 2 MiB at most, are booked with its first frame.
    let mut bytes = tally.bytes;
    for _ in 0..tally.frames {
        engine.sent(port, bytes);
        bytes = 0;
    }
    for (why, count) in tally.drops.nonzero() {
        (0..count).for_each(|_| engine.drop_at(port, why));
    }
}

/// Puts a value into the first free place.
fn place_in<T>(places: &mut Vec<Option<T>>, value: T) -> usize {
    match places.iter_mut().position(|place| place.is_none()) {
        Some(free) => {
            if let Some(place) = places.get_mut(free) {
                *place = Some(value);
            }
            free
        }
        None => {
            places.push(Some(value));
            places.len() - 1
        }
    }
}

/// The mailbox's token; inlets have their place.
const COMMANDS: u64 = u64::MAX;
/// Descriptors that one wait reports at most; the kernel reports the others next time.
const EVENTS: usize = 64;
/// Bursts that each port may have between two looks at the mailbox.
const PASSES: usize = 8;
const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
const NO_EVENT: epoll::Event = epoll::Event { flags: epoll::EventFlags::empty(), data: epoll::EventData::new_u64(0) };
