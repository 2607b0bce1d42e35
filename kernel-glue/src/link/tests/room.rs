//! Room for what a link sends of its own, whatever waits for whom.

use super::packets::{framed, syn, udp, whole};
use super::{Bed, Inward, Offload, PEER, Place, STATION, config};
use crate::link::SegmentSizes;
use crate::link::slab::Slot;
use core::time::Duration;
use frame::DropReason;
use std::vec::Vec;

fn bed() -> Bed {
    let mut with = config(Place::Lan { mtu_bytes: 1500 }, &["192.168.1.50"]);
    with.mtu_bytes = 1300;
    with.mss = Some(SegmentSizes::fitting(1300));
    with.dhcp = true;
    Bed::new(with)
}

#[test]
fn packets_that_wait_for_absent_stations_leave_room_for_all_else() {
    let mut bed = bed();
    let (mut kept, mut stations) = (0, 0);
    while kept < arp::MAX_HELD && stations < 200 {
        for _ in 0..arp::MAX_HELD_EACH {
            let sent = bed.send(&udp("192.168.1.50", &format!("192.168.1.{}", 51 + stations), 60));
            kept += usize::from(sent == Err(Inward::Kept));
        }
        stations += 1;
        bed.pass_time(5);
    }
    let packet = udp("192.168.1.9", "192.168.1.50", 1400);
    assert_eq!(bed.receive(&framed(PEER, STATION, &packet)), Ok(None), "it is cut");
    assert_eq!(bed.receive(&framed(PEER, STATION, &syn("192.168.1.9", "192.168.1.50", 1460))), Ok(None), "lowered");
    assert_eq!(bed.receive(&framed(PEER, STATION, &whole(packet))), Err(DropReason::TooBig));
    bed.link.arrive(bed.now);
    let sent = bed.poll();
    assert_eq!(sent.packets.len(), 3, "two fragments and a SYN");
    assert_eq!((bed.count("too-big-told"), bed.count("discovers")), (1, 1));
    for _ in 0..50 {
        bed.pass_time(100);
        bed.poll();
    }
    assert!(bed.count("unreachable-told") > 0);
}

/// Takes all the room there is.
pub(super) fn fill(bed: &mut Bed) -> Vec<Slot> {
    std::iter::from_fn(|| bed.link.slab.copy(&[0x45; 60], Offload::default())).collect()
}

#[test]
fn a_client_without_room_waits_before_it_tries_again() {
    let mut bed = bed();
    let slots = fill(&mut bed);
    bed.link.arrive(bed.now);
    bed.poll();
    assert_eq!(bed.link.report(bed.now).counters.iter().find(|(name, _)| *name == "discovers"), None);
    let mut polls = 0;
    let end = bed.now.plus(Duration::from_secs(1));
    while let Some(at) = bed.link.poll_at().filter(|&at| at <= end) {
        bed.now = at.max(bed.now);
        bed.poll();
        polls += 1;
        assert!(polls <= 200, "it is polled without rest");
    }
    assert!(polls > 10, "it tries again: {polls}");
    slots.into_iter().for_each(|slot| bed.link.slab.give_back(slot));
    bed.now = bed.link.poll_at().expect("it tries again");
    bed.poll();
    assert_eq!(bed.count("discovers"), 1);
}
