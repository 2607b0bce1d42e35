//! The core's queues between two threads that sleep when there is nothing to do.

use rustix::thread::{CpuSet, sched_setaffinity};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::Duration;
use tap::{Device, DeviceName, Handle, Kind, Link, Read, Settings, Take, Write};

/// A thread that sleeps until woken.
#[derive(Clone, Debug)]
struct Sleeper(Thread);

impl PartialEq for Sleeper {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

/// Returns packets a second from the system to the application. A full queue drops, so that the system tries again.
pub(super) fn offered(length: Duration) -> f64 {
    let (device, handle) = open();
    let give = |packet: &mut usize, done: &AtomicBool| {
        while device.offer(0, *packet, &mut wake).is_err() {
            if done.load(Ordering::Relaxed) {
                return;
            }
            std::thread::yield_now();
        }
        *packet += 1;
    };
    let take = |token: &Sleeper| match handle.read() {
        Ok(packet) => Some(packet),
        Err(_) => match handle.read_or_wait(token.clone()) {
            Read::Packet(packet) => Some(packet),
            Read::Waiting | Read::Failed(_) => None,
        },
    };
    race(length, give, take)
}

/// Returns packets a second from the application to the system; each waits for the other.
pub(super) fn written(length: Duration) -> f64 {
    let (device, handle) = open();
    let this = |done: &AtomicBool, packet: &mut usize| {
        let token = Sleeper(std::thread::current());
        while !done.load(Ordering::Relaxed) {
            if handle.write(*packet, &mut wake).is_ok() {
                break;
            }
            match handle.write_or_wait(*packet, token.clone(), &mut wake) {
                Write::Done => break,
                Write::Waiting(_) => std::thread::park_timeout(PATIENCE),
                Write::Failed(..) => return,
            }
        }
        *packet += 1;
    };
    let take = |token: &Sleeper| match device.take(&mut wake) {
        Some(packet) => Some(packet),
        None => match device.take_or_wait(token.clone(), &mut wake) {
            Take::Packet(packet) => Some(packet),
            Take::Waiting | Take::Dead | Take::Crowded => None,
        },
    };
    race(length, |packet, done| this(done, packet), take)
}

/// Runs giver and taker on a core each for `length`, and returns how many packets a second came, each once and in order.
fn race(
    length: Duration,
    give: impl Fn(&mut usize, &AtomicBool) + Sync,
    take: impl Fn(&Sleeper) -> Option<usize> + Sync,
) -> f64 {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            pin(0);
            let mut packet = 0;
            while !done.load(Ordering::Relaxed) {
                give(&mut packet, &done);
            }
        });
        let taker = scope.spawn(|| {
            pin(1);
            let token = Sleeper(std::thread::current());
            let mut count = 0;
            while !done.load(Ordering::Relaxed) {
                match take(&token) {
                    Some(packet) => {
                        assert_eq!(packet, count, "out of order");
                        count += 1;
                    }
                    None => std::thread::park_timeout(PATIENCE),
                }
            }
            count
        });
        let ((), elapsed) = crate::clock::timed(|| std::thread::sleep(length));
        done.store(true, Ordering::Relaxed);
        match taker.join() {
            Ok(count) => count as f64 / elapsed.as_secs_f64(),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn open() -> (Arc<Device<usize, Sleeper>>, Handle<usize, Sleeper>) {
    let device = Arc::new(Device::new(DeviceName { kind: Kind::Tap, unit: 0 }, Settings::default()));
    device.set_link(Link::Up, &mut wake);
    let handle = Handle::new();
    // A device just made is neither dead nor has the handle another.
    let _ = handle.attach(&device, &mut wake);
    (device, handle)
}

fn wake(sleeper: Sleeper) {
    sleeper.0.unpark();
}

/// Keeps the thread on a core where there are two; else they share.
fn pin(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    let _ = sched_setaffinity(None, &cores);
}

/// Bounds a sleep, so that the end is seen; a wake-up lost would show as a rate of a few packets a second.
const PATIENCE: Duration = Duration::from_millis(100);
