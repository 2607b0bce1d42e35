use super::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

fn readable(end: &impl AsFd) -> bool {
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(end, PollFlags::IN)], Some(&at_once)).unwrap() == 1
}

#[test]
fn frames_keep_their_order_and_their_state() {
    let (port, host) = memory_port(3, 64).unwrap();
    let mut stored = [0; 100];
    let mut next = 0_u8;
    // More rounds than slots: the queue wraps.
    for round in 0..5_u8 {
        for number in 0..2 {
            let offload = Offload { csum_start: u16::from(round), needs_checksum: true, ..Offload::default() };
            host.send(&[round * 2 + number; 20], &offload).unwrap();
        }
        for _ in 0..2 {
            assert_eq!(port.take(&mut stored), Some(VNET_BYTES + 20));
            let offload = Offload::from_vnet(stored.first_chunk().unwrap()).unwrap();
            assert_eq!((offload.csum_start, stored[VNET_BYTES]), (u16::from(round), next));
            next += 1;
        }
        assert_eq!(port.take(&mut stored), None);
    }
}

#[test]
fn a_full_queue_refuses() {
    let (port, host) = memory_port(2, 64).unwrap();
    let frame = [7; 64];
    assert_eq!(port.give(&frame), Ok(()));
    assert_eq!(port.give(&frame), Ok(()));
    assert_eq!(port.give(&frame), Err(DropReason::QueueFull));
    assert_eq!(host.receive(&mut [0; 64]), Some(64));
    assert_eq!(port.give(&[7; 65]), Err(DropReason::TooBig));
    assert_eq!(port.give(&frame), Ok(()));
}

#[test]
fn the_bell_tells_whether_frames_wait() {
    let (port, host) = memory_port(4, 64).unwrap();
    assert!(!readable(&port) && !readable(&host));
    host.send(&[1; 14], &Offload::default()).unwrap();
    host.send(&[2; 14], &Offload::default()).unwrap();
    assert!(readable(&port) && !readable(&host));
    port.take(&mut [0; 64]).unwrap();
    assert!(readable(&port), "one is left");
    port.take(&mut [0; 64]).unwrap();
    assert!(!readable(&port));
}
