//! What is measured of a device.

use super::holder::{ACKNOWLEDGED, Role};
use super::packet::{packet, stamp, stamped};
use super::place::Place;
use super::queue;
use super::side::Side;
use crate::Fault;
use crate::clock::{nanoseconds, timed};
use crate::named;
use std::time::Duration;

/// One kind of figure.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Measure {
    /// Packets a second that the program reads, in thousands.
    Read,
    /// The same with a poll before each read.
    PollRead,
    /// Packets a second that it writes, in thousands.
    Write,
    /// Packets a second that it reads and writes back, in thousands.
    Echo,
    /// Microseconds from write at the interface to the return of the program's read, the median.
    ToReader,
    /// The same, which 99 of 100 keep to.
    ToReader99,
    /// Microseconds from write at the interface to the return of the program's poll, the median.
    ToPoller,
    /// The same, which 99 of 100 keep to.
    ToPoller99,
    /// Microseconds from the program's write to the return of poll at the interface, the median.
    FromProgram,
    /// The same, which 99 of 100 keep to.
    FromProgram99,
    /// Processor time of daemon and program with no traffic, in per cent of one core.
    Idle,
    /// Packets a second through the queue to the application, in millions.
    QueueOffer,
    /// Packets a second through the queue from the application, in millions.
    QueueWrite,
}

/// What gives figures.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Work {
    /// A program that waits.
    Idle,
    /// Single packets, whose age is taken.
    Age(Role),
    /// As many packets as pass.
    Flood(Role),
    /// The core's queue to the application.
    Offer,
    /// The core's queue from the application.
    Write,
}

impl named::Measure for Measure {
    const ALL: &'static [Self] = &[
        Self::Read,
        Self::PollRead,
        Self::Write,
        Self::Echo,
        Self::ToReader,
        Self::ToReader99,
        Self::ToPoller,
        Self::ToPoller99,
        Self::FromProgram,
        Self::FromProgram99,
        Self::Idle,
        Self::QueueOffer,
        Self::QueueWrite,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Read => "read_kpps",
            Self::PollRead => "poll_read_kpps",
            Self::Write => "write_kpps",
            Self::Echo => "echo_kpps",
            Self::ToReader => "to_reader_p50_us",
            Self::ToReader99 => "to_reader_p99_us",
            Self::ToPoller => "to_poller_p50_us",
            Self::ToPoller99 => "to_poller_p99_us",
            Self::FromProgram => "from_program_p50_us",
            Self::FromProgram99 => "from_program_p99_us",
            Self::Idle => "idle_cpu_percent",
            Self::QueueOffer => "queue_offer_mpps",
            Self::QueueWrite => "queue_write_mpps",
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Read => "read, 1,000 packets/s",
            Self::PollRead => "poll+read, 1,000 packets/s",
            Self::Write => "write, 1,000 packets/s",
            Self::Echo => "echo (read and write back), 1,000 packets/s",
            Self::ToReader => "to a reader, p50, us",
            Self::ToReader99 => "to a reader, p99, us",
            Self::ToPoller => "to a poller, p50, us",
            Self::ToPoller99 => "to a poller, p99, us",
            Self::FromProgram => "from the program, p50, us",
            Self::FromProgram99 => "from the program, p99, us",
            Self::Idle => "processor time when idle, % of one core",
            Self::QueueOffer => "queue to the application, 1,000,000 packets/s",
            Self::QueueWrite => "queue from the application, 1,000,000 packets/s",
        }
    }
}

impl Work {
    /// What a program is put to, what needs quiet first.
    pub(crate) const OF_A_PROGRAM: [Self; 8] = [
        Self::Idle,
        Self::Age(Role::AgeByRead),
        Self::Age(Role::AgeByPoll),
        Self::Age(Role::Stamp),
        Self::Flood(Role::Read),
        Self::Flood(Role::PollRead),
        Self::Flood(Role::Write),
        Self::Flood(Role::Echo),
    ];

    /// Does it for about `length`, and returns its figures.
    pub(crate) fn take(self, side: Side, length: Duration) -> Result<Vec<(Measure, f64)>, Fault> {
        let place = || match side {
            Side::Device(kind, face) => Place::new(kind, face),
            Side::Queue => Err(Fault::Missing("a device".to_owned())),
        };
        Ok(match self {
            Self::Idle => vec![(Measure::Idle, idle(&place()?, length)?)],
            Self::Age(role) => {
                let (median, tail) = match role {
                    Role::AgeByRead => (Measure::ToReader, Measure::ToReader99),
                    Role::AgeByPoll => (Measure::ToPoller, Measure::ToPoller99),
                    _ => (Measure::FromProgram, Measure::FromProgram99),
                };
                let mut ages = ages(&place()?, role, length)?;
                ages.sort_unstable();
                let at = |share: usize| ages.get(ages.len() * share / 100).map_or(f64::NAN, |&age| age as f64 / 1e3);
                vec![(median, at(50)), (tail, at(99))]
            }
            Self::Flood(Role::Write) => vec![(Measure::Write, written(&place()?, length)? / 1e3)],
            Self::Flood(role) => {
                let measure = match role {
                    Role::PollRead => Measure::PollRead,
                    Role::Echo => Measure::Echo,
                    _ => Measure::Read,
                };
                vec![(measure, heard(&place()?, role, length)? / 1e3)]
            }
            Self::Offer => vec![(Measure::QueueOffer, queue::offered(length) / 1e6)],
            Self::Write => vec![(Measure::QueueWrite, queue::written(length) / 1e6)],
        })
    }
}

/// Returns the processor time of daemon and program while the program waits.
fn idle(place: &Place, length: Duration) -> Result<f64, Fault> {
    let holder = place.hold(Role::Idle)?;
    std::thread::sleep(SETTLE);
    let ticks = || place.ticks() + holder.ticks();
    let before = ticks();
    let ((), elapsed) = timed(|| std::thread::sleep(length));
    Ok((ticks() - before) as f64 / elapsed.as_secs_f64())
}

/// Returns the ages, in nanoseconds, of packets sent one at a time.
fn ages(place: &Place, role: Role, length: Duration) -> Result<Vec<u64>, Fault> {
    let holder = place.hold(role)?;
    let end = place.end()?;
    std::thread::sleep(SETTLE);
    let mut packet = packet(place.kind);
    let mut buffer = vec![0; 2048];
    let mut ages = Vec::new();
    let start = nanoseconds();
    while nanoseconds() - start < length.as_nanos() as u64 {
        std::thread::sleep(GAP);
        if role == Role::Stamp {
            holder.ask()?;
            let age = loop {
                if !end.hears(PATIENCE)? {
                    return Err(Fault::Late("a packet from the program"));
                }
                let then = nanoseconds();
                let bytes = end.receive(&mut buffer)?;
                if let Some(stamp) = buffer.get(..bytes).and_then(stamped) {
                    break then.saturating_sub(stamp);
                }
            };
            ages.push(age);
        } else {
            stamp(&mut packet, nanoseconds());
            end.send(&packet)?;
            let mut age = [0; 8];
            if holder.tells(PATIENCE, &mut age)? != age.len() {
                return Err(Fault::Late("a packet to the program"));
            }
            ages.push(u64::from_le_bytes(age));
        }
    }
    Ok(ages)
}

/// Returns packets a second that the interface receives while the program writes.
fn written(place: &Place, length: Duration) -> Result<f64, Fault> {
    let _holder = place.hold(Role::Write)?;
    let mut counters = place.counters()?;
    std::thread::sleep(SETTLE);
    let before = counters.received()?;
    let ((), elapsed) = timed(|| std::thread::sleep(length));
    Ok((counters.received()? - before) as f64 / elapsed.as_secs_f64())
}

/// Returns packets a second that the program reads, at most [`WINDOW`] on their way at once, so that none is lost.
fn heard(place: &Place, role: Role, length: Duration) -> Result<f64, Fault> {
    let holder = place.hold(role)?;
    let end = place.end()?;
    let packet = packet(place.kind);
    let mut told = [0; 64];
    let (mut sent, mut heard, mut lost) = (0_usize, 0, 0);
    let mut run = |length: Duration| {
        let (before, start) = (heard, nanoseconds());
        while nanoseconds() - start < length.as_nanos() as u64 {
            while sent - heard - lost < WINDOW {
                end.send(&packet)?;
                sent += 1;
            }
            match holder.tells(PATIENCE, &mut told)? {
                0 => lost = sent - heard,
                bytes => heard += bytes * ACKNOWLEDGED,
            }
        }
        if heard == before || lost > heard / 100 {
            return Err(Fault::Late("packets to the program"));
        }
        Ok((heard - before) as f64 / ((nanoseconds() - start) as f64 / 1e9))
    };
    run(SETTLE)?;
    run(length)
}

/// Packets on their way at most: fewer than any queue between here and there holds.
const WINDOW: usize = 256;

/// A guess: long enough for a device to come to rest after it came up.
const SETTLE: Duration = Duration::from_millis(300);

/// Between two packets whose age is taken: long enough that everybody sleeps again.
const GAP: Duration = Duration::from_millis(1);

/// Longer than any packet takes that is not lost.
const PATIENCE: Duration = Duration::from_millis(500);
