//! Every interleaving of two or three threads at the queues and gates.
//!
//! Tokens are bits; what is handed out is gathered in a word. The claim is always the same: whoever has found nothing
//! and waits is handed its token by whoever changed that.

use crate::{Device, DeviceName, Handle, Kind, Link, Read, ReadError, Ready, Settings, Take, Write, WriteError};
use alloc::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

type Tap = Arc<Device<u32, u32>>;
type Open = Arc<Handle<u32, u32>>;
type Woken = Arc<AtomicU32>;

const READER: u32 = 1;
const WRITER: u32 = 2;
const POLLER: u32 = 4;
const SYSTEM: u32 = 8;

fn model(queue_packets: usize, run: impl Fn(Tap, Open, Woken) + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    // Every known race of this shape needs two; three leaves a margin at a bearable time.
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let device = Arc::new(Device::new(DeviceName { kind: Kind::Tap, unit: 0 }, Settings { queue_packets }));
        device.set_link(Link::Up, &mut drop);
        let handle = Arc::new(Handle::new());
        handle.attach(&device, &mut drop).unwrap();
        run(device, handle, Arc::new(AtomicU32::new(0)));
    });
}

/// Gathers the tokens that are handed out.
fn gather(woken: &Woken) -> impl FnMut(u32) + use<> {
    let woken = Arc::clone(woken);
    move |token| assert_eq!(woken.fetch_or(token, Ordering::SeqCst) & token, 0, "handed out twice")
}

fn is_woken(woken: &Woken, token: u32) -> bool {
    woken.load(Ordering::SeqCst) & token != 0
}

#[test]
fn loom_a_packet_meets_a_reader() {
    model(1, |device, handle, woken| {
        let mut wake = gather(&woken);
        let sender = thread::spawn(move || device.offer(0, 7, &mut wake).unwrap());
        let read = handle.read_or_wait(READER);
        sender.join().unwrap();
        match read {
            Read::Packet(packet) => assert_eq!((packet, is_woken(&woken, READER)), (7, false)),
            Read::Waiting => {
                assert!(is_woken(&woken, READER), "lost");
                assert_eq!(handle.read(), Ok(7));
            }
            Read::Failed(why) => panic!("{why:?}"),
        }
    });
}

#[test]
fn loom_room_meets_a_writer() {
    model(1, |device, handle, woken| {
        handle.write(1, &mut drop).unwrap();
        let mut wake = gather(&woken);
        let system = thread::spawn(move || device.take(&mut wake));
        let write = handle.write_or_wait(2, WRITER, &mut drop);
        assert_eq!(system.join().unwrap(), Some(1));
        match write {
            Write::Done => {}
            Write::Waiting(packet) => {
                assert!(is_woken(&woken, WRITER), "lost");
                assert_eq!(handle.write(packet, &mut drop), Ok(()));
            }
            Write::Failed(_, why) => panic!("{why:?}"),
        }
    });
}

#[test]
fn loom_an_edge_meets_a_poller() {
    model(2, |device, handle, woken| {
        let mut wake = gather(&woken);
        let sender = thread::spawn(move || {
            for packet in 0..2 {
                device.offer(0, packet, &mut wake).unwrap();
            }
        });
        let ready = handle.ready_or_wait(Ready::READ, POLLER).unwrap();
        // As `EPOLLET` has it: what was ready is drained, and only an edge tells of more.
        let drained = if ready.contains(Ready::READ) { (0..).take_while(|_| handle.read().is_ok()).count() } else { 0 };
        sender.join().unwrap();
        assert!(drained == 2 || is_woken(&woken, POLLER), "lost");
    });
}

#[test]
fn loom_room_meets_a_poller_that_found_none() {
    model(1, |device, handle, woken| {
        handle.write(1, &mut drop).unwrap();
        let mut wake = gather(&woken);
        let system = thread::spawn(move || device.take(&mut wake));
        let ready = handle.ready_or_wait(Ready::WRITE, POLLER).unwrap();
        system.join().unwrap();
        assert!(ready.contains(Ready::WRITE) || is_woken(&woken, POLLER), "lost");
    });
}

#[test]
fn loom_room_meets_a_poller_whose_write_failed() {
    model(1, |device, handle, woken| {
        assert_eq!(handle.ready_or_wait(Ready::WRITE, POLLER), Ok(Ready::WRITE));
        handle.write(1, &mut drop).unwrap();
        let mut wake = gather(&woken);
        let system = thread::spawn(move || device.take(&mut wake));
        let wrote = handle.write(2, &mut drop);
        system.join().unwrap();
        assert!(wrote.is_ok() || is_woken(&woken, POLLER), "lost: {wrote:?}");
    });
}

#[test]
fn loom_writes_meet_a_system_that_waits() {
    model(2, |device, handle, woken| {
        let other = Arc::new(Handle::new());
        other.attach(&device, &mut drop).unwrap();
        let writers = [handle, other].map(|handle| {
            let mut wake = gather(&woken);
            thread::spawn(move || handle.write(1, &mut wake).unwrap())
        });
        let mut taken = 0;
        let waits = loop {
            match device.take_or_wait(SYSTEM, &mut drop) {
                Take::Packet(_) => taken += 1,
                Take::Waiting => break true,
                Take::Dead | Take::Crowded => break false,
            }
        };
        for writer in writers {
            writer.join().unwrap();
        }
        assert!(waits);
        // A wake-up too many is allowed: the advice is to try again.
        assert!(taken == 2 || is_woken(&woken, SYSTEM), "lost: {taken} taken");
        while device.take(&mut drop).is_some() {
            taken += 1;
        }
        assert_eq!(taken, 2);
    });
}

#[test]
fn loom_two_senders_meet_a_reader() {
    model(2, |device, handle, woken| {
        let senders = [3, 4].map(|packet| {
            let device = Arc::clone(&device);
            let mut wake = gather(&woken);
            thread::spawn(move || device.offer(0, packet, &mut wake).unwrap())
        });
        let mut got = 0;
        let waits = loop {
            match handle.read_or_wait(READER) {
                Read::Packet(packet) => got += packet,
                Read::Waiting => break true,
                Read::Failed(_) => break false,
            }
        };
        for sender in senders {
            sender.join().unwrap();
        }
        assert!(waits);
        assert!(got == 7 || is_woken(&woken, READER), "lost: {got}");
        while let Ok(packet) = handle.read() {
            got += packet;
        }
        assert_eq!(got, 7);
    });
}

#[test]
fn loom_destroy_meets_a_reader() {
    model(1, |device, handle, woken| {
        let mut wake = gather(&woken);
        let control = thread::spawn(move || device.destroy(&mut wake));
        let read = handle.read_or_wait(READER);
        control.join().unwrap();
        assert_eq!(read == Read::Waiting, is_woken(&woken, READER));
        assert_eq!(handle.read(), Err(ReadError::Dead));
        assert_eq!(handle.ready(), Ready::ERROR | Ready::HANGUP);
    });
}

#[test]
fn loom_destroy_meets_a_poller_and_a_system_that_waits() {
    model(1, |device, handle, woken| {
        let (control, system) = (Arc::clone(&device), Arc::clone(&device));
        let (mut wake, waited) = (gather(&woken), Arc::clone(&woken));
        let control = thread::spawn(move || control.destroy(&mut wake));
        let system = thread::spawn(move || system.take_or_wait(SYSTEM, &mut drop));
        let ready = handle.ready_or_wait(Ready::READ, POLLER).unwrap();
        control.join().unwrap();
        let took = system.join().unwrap();
        assert!(ready.contains(Ready::HANGUP) || is_woken(&waited, POLLER), "lost poller");
        assert_eq!(took == Take::Waiting, is_woken(&waited, SYSTEM), "{took:?}");
    });
}

#[test]
fn loom_down_meets_a_writer() {
    model(1, |device, handle, woken| {
        handle.write(1, &mut drop).unwrap();
        let control = Arc::clone(&device);
        let mut wake = gather(&woken);
        let control = thread::spawn(move || control.set_link(Link::Down, &mut wake));
        let write = handle.write_or_wait(2, WRITER, &mut drop);
        control.join().unwrap();
        match write {
            Write::Waiting(_) => assert!(is_woken(&woken, WRITER), "lost"),
            Write::Done => assert!(!is_woken(&woken, WRITER)),
            Write::Failed(_, why) => assert_eq!(why, WriteError::Down),
        }
        // Whichever way it went, nothing stale is left.
        device.set_link(Link::Up, &mut drop);
        assert_eq!(device.take(&mut drop), None, "stale");
    });
}

#[test]
fn loom_close_meets_a_packet() {
    model(2, |device, handle, _| {
        let sender = Arc::clone(&device);
        let sender = thread::spawn(move || sender.offer(0, 1, &mut drop).is_ok());
        handle.close(&mut drop);
        let offered = sender.join().unwrap();
        let counters = device.counters().to_application;
        assert_eq!((counters.packets, counters.queued), (u64::from(offered), 0));
        assert_eq!(counters.drops.total(), 1, "dropped on arrival or from the queue");
        assert!(!device.is_open());
    });
}

#[test]
fn loom_destroy_meets_an_open() {
    model(1, |device, _first, _| {
        let control = Arc::clone(&device);
        let control = thread::spawn(move || control.destroy(&mut drop));
        let handle = Handle::new();
        let _ = handle.attach(&device, &mut drop);
        control.join().unwrap();
        assert!(matches!(handle.read(), Err(ReadError::Dead | ReadError::Detached)));
        assert!(device.offer(0, 1, &mut drop).is_err());
        handle.close(&mut drop);
    });
}
