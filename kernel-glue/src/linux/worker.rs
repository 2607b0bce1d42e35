//! A worker: one thread that carries frames between the ports of every bridge.
//!
//! It sleeps while nothing is ready. Ready ports take turns, a burst each, so that a busy one keeps
//! no other waiting for more than a burst. Once started it allocates only to obey a command.

mod command;
mod inlet;
mod links;
mod obey;
mod watch;
mod wire;

pub(super) use command::{Command, Commander, Mailbox, Nudge, Reporter, bell, clear, ring};
pub(super) use inlet::{Look, Source};
pub(super) use wire::Engine;
pub use wire::Wire;

use super::buffer::{Arena, Burst};
use super::clock;
use super::io::{Io, Outlets};
use super::plane::{BridgeId, PlaneEvent};
use super::seat::Receiver;
use super::transmit::Transmitter;
use frame::{DropReason, Instant, PortId};
use inlet::{Inlet, State, Suspicion};
use rustix::fd::AsFd;
use rustix::io::Errno;
use std::time::Duration;
use watch::{Tokens, Watch};

/// A bridge as one worker serves it.
struct Served {
    id: BridgeId,
    engine: Engine,
    outlets: Outlets,
}

/// What a worker owns.
pub(super) struct Worker {
    watch: Watch,
    mailbox: Mailbox,
    reporter: Reporter,
    spin: Duration,
    arena: Arena,
    receiver: Receiver,
    transmitter: Transmitter,
    bridges: Vec<Option<Served>>,
    inlets: Vec<Option<Inlet>>,
    /// Inlets that may have frames, in turn; room for all of them.
    ready: Vec<usize>,
    /// When the next suspect inlet is to be looked at.
    suspicion: Option<Instant>,
    /// When the first resting inlet is to be read again.
    rest: Option<Instant>,
    /// When the first link has something to send if nothing happens before.
    due: Option<Instant>,
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
    /// What the system answered when asked to watch for commands.
    pub(super) fn new(mailbox: Mailbox, reporter: Reporter, spin: Duration) -> Result<Self, Errno> {
        let mut watch = Watch::new();
        watch.add(mailbox.as_fd(), COMMANDS)?;
        Ok(Self {
            watch,
            mailbox,
            reporter,
            spin,
            arena: Arena::new(),
            receiver: Receiver::new(),
            transmitter: Transmitter::new(),
            bridges: Vec::new(),
            inlets: Vec::new(),
            ready: Vec::new(),
            suspicion: None,
            rest: None,
            due: None,
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
        let tokens = self.poll();
        if self.suspicion.is_some() {
            self.examine_suspects(clock::monotonic());
        }
        if self.rest.is_some() {
            self.end_rests(clock::monotonic());
        }
        if self.due.is_some() {
            self.poll_due_links(clock::monotonic());
        }
        for token in tokens {
            match token {
                COMMANDS => {
                    if self.obey() == Next::Stop {
                        return Next::Stop;
                    }
                    (0..self.bridges.len()).for_each(|place| self.poll_stirred_links(place));
                }
                token => self.mark(token as usize),
            }
        }
        Next::Serve
    }

    fn poll(&mut self) -> Tokens {
        if !self.ready.is_empty() {
            return self.watch.wait(AT_ONCE);
        }
        if !self.spin.is_zero() {
            let until = clock::monotonic().plus(self.spin);
            while clock::monotonic() < until {
                let tokens = self.watch.wait(AT_ONCE);
                if !tokens.is_empty() {
                    return tokens;
                }
            }
        }
        let rest = self.rest.map(|at| at.since(clock::monotonic()));
        self.watch.wait([self.suspicion.map(until), rest, self.due.map(until)].into_iter().flatten().min())
    }

    fn mark(&mut self, place: usize) {
        if let Some(Some(inlet)) = self.inlets.get_mut(place)
            && matches!(inlet.state, State::Idle | State::Suspect(_))
        {
            inlet.state = State::Ready;
            self.ready.push(place);
        }
    }

    /// Gives each ready inlet one burst.
    fn pass(&mut self) {
        let mut turn = 0;
        while let Some(&place) = self.ready.get(turn) {
            let look = self.serve(place);
            if look == Look::More {
                turn += 1;
                continue;
            }
            self.ready.remove(turn);
            match look {
                Look::More | Look::Empty => self.set_state(place, State::Idle),
                Look::Down => {
                    let suspicion = Suspicion::new(clock::monotonic());
                    self.set_state(place, State::Suspect(suspicion));
                    self.suspicion = Some(self.suspicion.map_or(suspicion.at, |at| at.min(suspicion.at)));
                }
                Look::NoRoom => self.rest(place, clock::monotonic().plus(REST)),
                Look::Failed(errno) => self.fail(place, errno),
                Look::Closed => self.close(place),
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
        let (look, lost) = inlet.source.receive(&mut self.receiver, &mut self.arena, &mut burst);
        served.carry(from, &burst, &mut self.transmitter);
        let losses = burst.losses().chain([(DropReason::NoBuffer, lost)]);
        losses.for_each(|(why, count)| served.engine.lose(from, why, count));
        inlet.source.release();
        let look = match (served.settle(&mut self.reporter), &served.engine, look) {
            (Fate::Refused, Engine::Wire(_), Look::More | Look::Empty) => Look::NoRoom,
            (Fate::Refused | Fate::Taken, Engine::Wire(_) | Engine::Bridge(_), look) => look,
        };
        self.poll_stirred_links(bridge);
        look
    }

    /// Leaves an inlet alone for a while.
    fn rest(&mut self, place: usize, until: Instant) {
        let Some(Some(inlet)) = self.inlets.get_mut(place) else { return };
        // It stays readable, and would end every wait.
        self.watch.remove(inlet.source.as_fd());
        inlet.state = State::Resting(until);
        self.rest = Some(self.rest.map_or(until, |at| at.min(until)));
    }

    /// Reads those again that have rested.
    fn end_rests(&mut self, now: Instant) {
        if self.rest.is_none_or(|at| now < at) {
            return;
        }
        self.rest = None;
        for place in 0..self.inlets.len() {
            let Some(Some(inlet)) = self.inlets.get_mut(place) else { continue };
            let State::Resting(at) = inlet.state else { continue };
            if now < at {
                self.rest = Some(self.rest.map_or(at, |first| first.min(at)));
                continue;
            }
            match self.watch.add(inlet.source.as_fd(), place as u64) {
                Ok(()) => {
                    inlet.state = State::Ready;
                    self.ready.push(place);
                }
                Err(errno) => self.fail(place, errno),
            }
        }
    }

    /// Stops listening to a port whose device is gone, and says so.
    fn fail(&mut self, place: usize, errno: Errno) {
        let Some(Some(inlet)) = self.inlets.get_mut(place) else {
            return;
        };
        inlet.state = State::Failed;
        let port = inlet.port;
        self.watch.remove(inlet.source.as_fd());
        if let Some(Some(served)) = self.bridges.get(inlet.bridge) {
            self.reporter.report(PlaneEvent::PortFailed { bridge: served.id, port, errno });
            self.reporter.ring();
        }
    }

    /// Stops listening to a program that has closed its end, and says so once.
    fn close(&mut self, place: usize) {
        let Some(Some(inlet)) = self.inlets.get_mut(place) else {
            return;
        };
        inlet.state = State::Failed;
        self.watch.remove(inlet.source.as_fd());
        if let Source::Seat(seat) = &inlet.source
            && seat.tell_end()
        {
            self.reporter.report(PlaneEvent::SeatClosed { id: seat.id });
            self.reporter.ring();
        }
    }

    /// Looks again at interfaces that went down: whether they are gone, and when to look next.
    fn examine_suspects(&mut self, now: Instant) {
        if self.suspicion.is_none_or(|at| now < at) {
            return;
        }
        self.suspicion = None;
        for place in 0..self.inlets.len() {
            let Some(Some(inlet)) = self.inlets.get_mut(place) else { continue };
            let State::Suspect(suspicion) = inlet.state else { continue };
            if inlet.source.is_removed() {
                self.fail(place, Errno::NODEV);
                continue;
            }
            let next = if now < suspicion.at { Some(suspicion) } else { suspicion.next(now) };
            inlet.state = next.map_or(State::Idle, State::Suspect);
            self.suspicion = [self.suspicion, next.map(|next| next.at)].into_iter().flatten().min();
        }
    }

    fn set_state(&mut self, place: usize, state: State) {
        if let Some(Some(inlet)) = self.inlets.get_mut(place) {
            inlet.state = state;
        }
    }
}

impl Served {
    /// Carries what came in on a port, and what is for the application behind it.
    fn carry(&mut self, from: PortId, burst: &Burst<'_>, transmitter: &mut Transmitter) {
        let frames = burst.frames();
        if !frames.is_empty() {
            let mut io = Io::new(frames, &mut self.outlets, transmitter);
            self.engine.run(&mut io, from, frames);
        }
        if !burst.packets().is_empty() {
            self.outlets.give(from, burst.packets(), transmitter);
        }
    }

    /// Books what became of a burst's frames, and hands on what the engine has to tell.
    fn settle(&mut self, reporter: &mut Reporter) -> Fate {
        let (engine, bridge) = (&mut self.engine, self.id);
        let mut fate = Fate::Taken;
        self.outlets.settle(|port, tally| {
            if tally.frames == 0 && tally.drops.get(DropReason::QueueFull) > 0 {
                fate = Fate::Refused;
            }
            engine.book(port, &tally);
            if let Some(errno) = tally.gone {
                reporter.report(PlaneEvent::PortFailed { bridge, port, errno });
            }
        });
        self.engine.tell(bridge, reporter);
        reporter.ring();
        fate
    }
}

/// What became of a burst.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fate {
    /// A part of it went on, or it came to nothing for its own sake.
    Taken,
    /// A port had no room for any of it.
    Refused,
}

/// Returns the time left, a millisecond more for the clock's coarseness.
fn until(at: Instant) -> Duration {
    at.since(clock::monotonic()) + Duration::from_millis(1)
}

/// The mailbox's token; inlets have their place.
const COMMANDS: u64 = u64::MAX;
/// Bursts that each port may have between two looks at the mailbox.
const PASSES: usize = 8;
const AT_ONCE: Option<Duration> = Some(Duration::ZERO);
/// How long an inlet rests whose frames find no room: half a default queue is read in it at a million packets a second.
const REST: Duration = Duration::from_micros(250);
