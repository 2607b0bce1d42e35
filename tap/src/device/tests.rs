//! The states that hurt in the driver that this replaces, each by its name.

extern crate std;

use super::*;
use crate::{Handle, Kind, Mode, Read, ReadError, Write, WriteError};
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

type Tap = Arc<Device<u32, &'static str>>;
type Open = Handle<u32, &'static str>;

/// The smallest queue, which is full after so many packets.
const ROOM: u32 = 16;

fn tap() -> Tap {
    let device = Arc::new(Device::new(DeviceName { kind: Kind::Tap, unit: 0 }, Settings { queue_packets: 16 }));
    device.set_link(Link::Up, &mut |_| {});
    device
}

fn open(device: &Tap) -> Open {
    let handle = Handle::new();
    handle.attach(device, &mut |_| {}).unwrap();
    handle
}

/// Runs a call and returns what it hands out besides what it returns.
fn woken<T>(call: impl FnOnce(&mut dyn FnMut(&'static str)) -> T) -> (T, Vec<&'static str>) {
    let mut tokens = Vec::new();
    let answer = call(&mut |token| tokens.push(token));
    (answer, tokens)
}

fn none(_: &'static str) {
    panic!("nobody waits");
}

fn fill(handle: &Open) {
    for packet in 0..ROOM {
        handle.write(packet, &mut |_| {}).unwrap();
    }
}

#[test]
fn packets_go_both_ways_in_order() {
    let device = tap();
    let handle = open(&device);
    for packet in 0..3 {
        device.offer(0, packet, &mut none).unwrap();
        handle.write(10 + packet, &mut none).unwrap();
    }
    let read: Vec<_> = std::iter::from_fn(|| handle.read().ok()).collect();
    let taken: Vec<_> = std::iter::from_fn(|| device.take(&mut none)).collect();
    assert_eq!((read, taken), (vec![0, 1, 2], vec![10, 11, 12]));
    let counters = device.counters();
    assert_eq!((counters.to_application.packets, counters.from_application.packets), (3, 3));
}

#[test]
fn why_an_offer_is_refused() {
    let device = tap();
    assert_eq!(device.offer(0, 1, &mut none), Err((1, DropReason::NotOpen)));
    let handle = open(&device);
    for packet in 0..ROOM {
        device.offer(0, packet, &mut none).unwrap();
    }
    assert_eq!(device.offer(0, 2, &mut none), Err((2, DropReason::QueueFull)));
    device.set_link(Link::Down, &mut none);
    assert_eq!(device.offer(0, 3, &mut none), Err((3, DropReason::PortDown)));
    assert_eq!(handle.read(), Ok(0), "what is queued stays readable while down");
    let drops = device.counters().to_application.drops;
    let why: Vec<_> = drops.nonzero().collect();
    assert_eq!(why, [(DropReason::PortDown, 1), (DropReason::NotOpen, 1), (DropReason::QueueFull, 1)]);
}

#[test]
fn reader_dies_while_the_writer_waits() {
    let device = tap();
    let (reader, writer) = (open(&device), open(&device));
    assert_eq!(reader.read_or_wait("reader"), Read::Waiting);
    fill(&writer);
    assert_eq!(writer.write_or_wait(99, "writer", &mut none), Write::Waiting(99));
    assert_eq!(woken(|wake| reader.close(wake)).1, ["reader"], "the writer waits on");
    assert_eq!(woken(|wake| device.take(wake)), (Some(0), vec!["writer"]));
    assert_eq!(writer.write_or_wait(99, "writer", &mut none), Write::Done);
}

#[test]
fn the_system_dies_while_a_writer_waits() {
    let device = tap();
    let handle = open(&device);
    fill(&handle);
    assert_eq!(handle.write_or_wait(99, "writer", &mut none), Write::Waiting(99));
    assert_eq!(woken(|wake| device.destroy(wake)).1, ["writer"]);
    assert_eq!(handle.write_or_wait(99, "writer", &mut none), Write::Failed(99, WriteError::Dead));
}

#[test]
fn both_ends_write_first() {
    let device = tap();
    let handle = open(&device);
    for packet in 0..ROOM {
        handle.write(packet, &mut none).unwrap();
        device.offer(0, packet, &mut none).unwrap();
    }
    // Neither end reads; neither holds the other up.
    assert_eq!(handle.write(16, &mut none), Err((16, WriteError::Full)));
    assert_eq!(device.offer(0, 16, &mut none), Err((16, DropReason::QueueFull)));
    assert_eq!(handle.read(), Ok(0));
    assert_eq!(device.take(&mut none), Some(0));
    assert_eq!(handle.write(16, &mut none), Ok(()));
    assert_eq!(device.offer(0, 16, &mut none), Ok(()));
}

/// Deleting a device that was open freed what its hooks still used.
#[test]
fn defect_02_destroy_while_open() {
    let device = tap();
    let handle = open(&device);
    device.offer(0, 1, &mut none).unwrap();
    handle.write(2, &mut none).unwrap();
    device.destroy(&mut none);
    drop(device);
    assert_eq!(handle.read(), Err(ReadError::Dead));
    assert_eq!(handle.write(3, &mut none), Err((3, WriteError::Dead)));
    assert_eq!(handle.ready(), Ready::ERROR | Ready::HANGUP);
    handle.close(&mut none);
}

/// Deleting a device woke nobody.
#[test]
fn defect_03_destroy_with_a_blocked_reader() {
    let device = tap();
    let handle = open(&device);
    assert_eq!(handle.read_or_wait("reader"), Read::Waiting);
    assert_eq!(device.take_or_wait("system", &mut none), Take::Waiting);
    assert_eq!(woken(|wake| device.destroy(wake)).1, ["reader", "system"]);
    assert_eq!(handle.read_or_wait("reader"), Read::Failed(ReadError::Dead));
    assert_eq!(device.take_or_wait("system", &mut none), Take::Dead);
}

#[test]
fn a_system_that_stops_waiting_leaves_no_token() {
    let device = tap();
    let handle = open(&device);
    for _ in 0..1000 {
        assert_eq!(device.take_or_wait("bridge", &mut none), Take::Waiting);
        assert_eq!(device.cancel(|token| *token == "stack"), None);
        assert_eq!(device.cancel(|token| *token == "bridge"), Some("bridge"));
    }
    assert_eq!(device.take_or_wait("stack", &mut none), Take::Waiting);
    assert_eq!(woken(|wake| handle.write(1, wake).unwrap()).1, ["stack"]);
    assert_eq!(device.cancel(|_| true), None, "it is with whoever it woke");
}

/// `select` knew neither an error nor a disconnection.
#[test]
fn defect_17_destroy_with_select_pending() {
    let device = tap();
    let handle = open(&device);
    assert_eq!(handle.ready_or_wait(Ready::READ, "select"), Ok(Ready::WRITE));
    assert_eq!(woken(|wake| device.destroy(wake)).1, ["select"]);
    assert_eq!(handle.ready_or_wait(Ready::READ, "select"), Ok(Ready::ERROR | Ready::HANGUP));
}

#[test]
fn destroy_with_a_full_queue() {
    let device = tap();
    let handle = open(&device);
    fill(&handle);
    for packet in 0..ROOM {
        device.offer(0, packet, &mut none).unwrap();
    }
    device.destroy(&mut none);
    let counters = device.counters();
    assert_eq!((counters.to_application.queued, counters.from_application.queued), (0, 0));
    assert_eq!(counters.to_application.drops.get(DropReason::PortDown), 16);
    assert_eq!(counters.from_application.drops.get(DropReason::PortDown), 16);
}

/// A reader between the test and the wait missed the wake-up of `down`; each `down` counted an error.
#[test]
fn defect_04_down_with_one_between_test_and_wait() {
    let device = tap();
    let handle = open(&device);
    fill(&handle);
    // What is true of every wait: the state is looked at again once the token is in place (loom has the interleavings).
    device.set_link(Link::Down, &mut none);
    assert_eq!(handle.write_or_wait(99, "writer", &mut none), Write::Failed(99, WriteError::Down));
    assert_eq!(handle.read_or_wait("reader"), Read::Waiting, "a read of a device that is down waits for it to come up");
    device.set_link(Link::Up, &mut none);
    assert_eq!(woken(|wake| device.offer(0, 1, wake)), (Ok(()), vec!["reader"]));
    assert_eq!(device.counters().to_application.drops.total(), 0);
    assert_eq!(device.counters().from_application.drops.get(DropReason::PortDown), 16 + 1, "queued, and refused");
}

/// Descriptors were exclusive, and one alone could read.
#[test]
fn defect_07_several_queues() {
    let device = tap();
    let handles = [open(&device), open(&device), open(&device)];
    for flow in 0..12 {
        device.offer(flow * 0x1555_5556, flow, &mut none).unwrap();
    }
    let shares = handles.each_ref().map(|handle| std::iter::from_fn(|| handle.read().ok()).count());
    assert_eq!(shares, [4, 4, 4]);
    handles[1].stand_aside(&mut none).unwrap();
    assert_eq!(handles[1].ready(), Ready::ERROR);
    assert_eq!(handles[1].read(), Err(ReadError::Detached));
    device.offer(0x6000_0000, 1, &mut none).unwrap();
    assert_eq!(handles[0].read(), Ok(1), "its share goes to the others");
    handles[1].step_in(&mut none).unwrap();
    assert_eq!(handles[1].ready(), Ready::WRITE);
}

/// A packet above 48,448 bytes never fitted, and writers met ENOBUFS beside a `select` that was always ready.
#[test]
fn defect_12_any_packet_fits() {
    let device: Arc<Device<Vec<u8>, ()>> =
        Arc::new(Device::new(DeviceName { kind: Kind::Tun, unit: 0 }, Settings::default()));
    device.set_link(Link::Up, &mut drop);
    let handle = Handle::new();
    handle.attach(&device, &mut drop).unwrap();
    handle.write(vec![0x60; 65_535], &mut drop).unwrap();
    assert_eq!(device.take(&mut drop).map(|packet| packet.len()), Some(65_535));
}

/// The writer met ENOBUFS instead of EAGAIN, while `select` said that it could write: a busy loop.
#[test]
fn defect_13_queue_full_gives_eagain_and_a_writable_edge_later() {
    let device = tap();
    let handle = open(&device);
    fill(&handle);
    assert_eq!(handle.write(99, &mut none), Err((99, WriteError::Full)));
    assert_eq!(handle.ready_or_wait(Ready::WRITE, "select"), Ok(Ready::empty()));
    assert_eq!(woken(|wake| device.take(wake)), (Some(0), vec!["select"]));
    assert_eq!(handle.ready(), Ready::WRITE);
    assert_eq!(woken(|wake| device.take(wake)).1, [""; 0], "once an edge");
    assert_eq!(device.counters().from_application.drops.total(), 0, "refused is not dropped");
}

/// Writes to a device that was down were queued, and delivered stale at the next `up`.
#[test]
fn defect_14_write_while_down() {
    let device = tap();
    let handle = open(&device);
    handle.write(1, &mut none).unwrap();
    device.set_link(Link::Down, &mut none);
    assert_eq!(device.take(&mut none), None, "what was queued is dropped");
    assert_eq!(handle.write(2, &mut none), Err((2, WriteError::Down)));
    assert!(handle.ready().contains(Ready::WRITE), "a write does not wait: it fails");
    // One that had found the link up, and is only now queued.
    device.push(3).unwrap();
    device.set_link(Link::Up, &mut none);
    assert_eq!(device.take(&mut none), None, "stale");
    handle.write(4, &mut none).unwrap();
    assert_eq!(device.take(&mut none), Some(4));
    let counters = device.counters().from_application;
    assert_eq!((counters.packets, counters.drops.get(DropReason::PortDown)), (3, 3));
}

/// A buffer leaked on the error path of a read.
#[test]
fn defect_16_read_error_does_not_leak() {
    let packet = Arc::new(());
    let device = Arc::new(Device::new(DeviceName { kind: Kind::Tap, unit: 0 }, Settings::default()));
    device.set_link(Link::Up, &mut drop);
    let handle: Handle<Arc<()>, ()> = Handle::new();
    handle.attach(&device, &mut drop).unwrap();
    let held = || Arc::strong_count(&packet) - 1;
    for _ in 0..4 {
        device.offer(0, Arc::clone(&packet), &mut drop).unwrap();
        handle.write(Arc::clone(&packet), &mut drop).unwrap();
    }
    assert_eq!(held(), 8);
    drop(handle.read());
    assert_eq!(held(), 7);
    handle.close(&mut drop);
    assert_eq!(held(), 4, "what was written stays for the system");
    assert_eq!(device.offer(0, Arc::clone(&packet), &mut drop).err().map(|(_, why)| why), Some(DropReason::NotOpen));
    device.destroy(&mut drop);
    assert_eq!(held(), 0);
}

/// Counters said "sent" of what was only queued.
#[test]
fn defect_23_counters_add_up() {
    let device = tap();
    let handle = open(&device);
    for packet in 0..20 {
        let _ = device.offer(0, packet, &mut none);
    }
    let read = (0..5).filter(|_| handle.read().is_ok()).count() as u64;
    handle.close(&mut none);
    let counters = device.counters().to_application;
    assert_eq!(counters.packets, 16);
    assert_eq!(counters.drops.get(DropReason::QueueFull), 4);
    assert_eq!(counters.drops.get(DropReason::NotOpen), counters.packets - read);
    assert_eq!(counters.queued, 0);
}

#[test]
fn up_twice_drops_nothing() {
    let device = tap();
    open(&device).write(1, &mut none).unwrap();
    device.set_link(Link::Up, &mut none);
    assert_eq!(device.take(&mut none), Some(1));
    device.destroy(&mut none);
    device.set_link(Link::Up, &mut none);
    assert_eq!(device.link(), Link::Down, "the dead stay dead");
}

#[test]
fn flush_at_last_close() {
    let device = tap();
    let handle = open(&device);
    device.offer(0, 1, &mut none).unwrap();
    handle.close(&mut none);
    assert!(!device.is_open());
    assert_eq!(open(&device).read(), Err(ReadError::Empty), "what one application left is not another's");
}

#[test]
fn one_that_waits_on_a_dead_end_is_told_when_it_opens() {
    let handle: Open = Handle::new();
    assert_eq!(handle.ready_or_wait(Ready::READ, "poll"), Ok(Ready::ERROR), "as Linux before TUNSETIFF");
    let device = tap();
    assert_eq!(woken(|wake| handle.attach(&device, wake)), (Ok(()), vec!["poll"]));
    assert_eq!(handle.ready(), Ready::WRITE);
}

#[test]
fn the_carrier_follows_open_unless_told_otherwise() {
    let device = tap();
    assert!(!device.carrier());
    let handle = open(&device);
    assert!(device.carrier());
    device.set_carrier(Carrier::Down);
    assert!(!device.carrier());
    device.set_carrier(Carrier::Up);
    handle.close(&mut none);
    assert!(device.carrier());
}

#[test]
fn queues_keep_within_bounds() {
    for (asked, given) in [(0, 16), (512, 512), (usize::MAX, 4096)] {
        let device: Device<(), ()> =
            Device::new(DeviceName { kind: Kind::Tap, unit: 0 }, Settings { queue_packets: asked });
        assert_eq!(device.queue_packets(), given);
    }
}

#[test]
fn ten_thousand_opens_and_closes_from_eight_threads() {
    let device: Arc<Device<u32, u32>> =
        Arc::new(Device::new(DeviceName { kind: Kind::Tap, unit: 0 }, Settings { queue_packets: 16 }));
    device.set_link(Link::Up, &mut drop);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let device = &device;
            scope.spawn(move || {
                for turn in 0..10_000u32 {
                    let handle = Handle::new();
                    handle.attach(device, &mut drop).unwrap();
                    let _ = device.offer(turn.wrapping_mul(0x9e37_79b9), turn, &mut drop);
                    let _ = handle.read_or_wait(thread);
                    let _ = handle.write(turn, &mut drop);
                    let _ = device.take(&mut drop);
                    handle.close(&mut drop);
                    assert_eq!(handle.waiting(), 0);
                }
            });
        }
    });
    assert!(!device.is_open());
    let counters = device.counters();
    assert_eq!(counters.to_application.queued, 0);
    while device.take(&mut drop).is_some() {}
    assert_eq!(device.offer(0, 0, &mut drop), Err((0, DropReason::NotOpen)));
}

/// Two threads that block on each other's progress, as a reader and a writer of a real program: none sleeps for ever.
#[test]
fn threads_that_wait_are_woken() {
    use std::thread::{self, Thread};
    const PACKETS: u32 = 100_000;
    #[derive(Clone)]
    struct Sleeper(Thread);
    let wake = |Sleeper(thread): Sleeper| thread.unpark();
    let device: Arc<Device<u32, Sleeper>> =
        Arc::new(Device::new(DeviceName { kind: Kind::Tap, unit: 0 }, Settings { queue_packets: 16 }));
    device.set_link(Link::Up, &mut |_| {});
    let handle = Handle::new();
    handle.attach(&device, &mut |_| {}).unwrap();
    let sum = thread::scope(|scope| {
        scope.spawn(|| {
            for packet in 0..PACKETS {
                let mut packet = packet;
                while let Write::Waiting(back) = handle.write_or_wait(packet, Sleeper(thread::current()), &mut { wake })
                {
                    packet = back;
                    thread::park();
                }
            }
        });
        let system = scope.spawn(|| {
            let (mut sum, mut taken) = (0u64, 0);
            while taken < PACKETS {
                match device.take_or_wait(Sleeper(thread::current()), &mut { wake }) {
                    Take::Packet(packet) => {
                        sum += u64::from(packet);
                        taken += 1;
                    }
                    Take::Waiting => thread::park(),
                    Take::Dead | Take::Crowded => break,
                }
            }
            sum
        });
        system.join().unwrap()
    });
    assert_eq!(sum, u64::from(PACKETS) * u64::from(PACKETS - 1) / 2);
}

/// `O_NONBLOCK` was stored, and every read waited for ever.
#[test]
fn defect_01_a_nonblocking_read_does_not_wait() {
    let device = tap();
    let handle = open(&device);
    assert_eq!(handle.mode(), Mode::Blocking);
    handle.set_mode(Mode::NonBlocking);
    assert_eq!(handle.mode(), Mode::NonBlocking);
    assert_eq!(handle.read(), Err(ReadError::Empty));
    device.offer(0, 1, &mut none).unwrap();
    assert_eq!((handle.read(), handle.read()), (Ok(1), Err(ReadError::Empty)), "drained until EAGAIN");
    assert_eq!(handle.waiting(), 0);
}

#[test]
fn devices_print_their_state() {
    let device = tap();
    let text: String = format!("{device:?} {:?}", open(&device));
    assert!(text.contains("Up") && text.contains("unit: 0"), "{text}");
}
