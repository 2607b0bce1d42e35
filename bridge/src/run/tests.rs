#![cfg(not(loom))]

extern crate std;
use super::*;
use crate::PortFlags;
use crate::worker::tests::{A, B, bridge, config, of, port};
use frame::{Mac, Meta, Tag};
use std::rc::Rc;
use std::vec::Vec;

/// A frame in memory, which can be shared so many times.
pub(crate) struct Buf {
    octets: Rc<Vec<u8>>,
    shares: u32,
    original: Original,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Original {
    Yes,
    No,
}

impl FrameBuf for Buf {
    fn head(&self) -> &[u8] {
        &self.octets
    }

    fn meta(&self) -> Meta {
        Meta { bytes: self.octets.len() as u32, ..Meta::default() }
    }

    fn share(&self) -> Option<Self> {
        (Rc::strong_count(&self.octets) <= self.shares as usize).then(|| Self {
            octets: self.octets.clone(),
            shares: self.shares,
            original: Original::No,
        })
    }
}

#[derive(Default)]
pub(crate) struct Wire {
    sent: Vec<(u16, TagEdit, Original, Buf)>,
    flushes: usize,
}

impl Ports for Wire {
    type Buf = Buf;

    fn send(&mut self, to: PortId, frame: Buf, edit: TagEdit) {
        self.sent.push((to.get(), edit, frame.original, frame));
    }

    fn flush(&mut self) {
        self.flushes += 1;
    }
}

pub(crate) fn frame(dst: Mac, src: Mac, rest: &[u8]) -> Vec<u8> {
    [&dst.0[..], &src.0, rest].concat()
}

pub(crate) fn buf(octets: Vec<u8>, shares: u32) -> Buf {
    Buf { octets: Rc::new(octets), shares, original: Original::Yes }
}

pub(crate) fn sent(wire: &Wire) -> Vec<(u16, TagEdit, Original)> {
    wire.sent.iter().map(|&(to, edit, original, _)| (to, edit, original)).collect()
}

const KEEP: TagEdit = TagEdit::Keep;

#[test]
fn a_flood_gives_the_original_to_the_last() {
    let (_bridge, mut worker) = bridge(config());
    let mut wire = Wire::default();
    let batch = [buf(frame(Mac::BROADCAST, A, &[8, 0]), 9), buf(frame(A, B, &[8, 0]), 9)];
    run(&mut worker, &mut wire, port(1), batch.into_iter().take(1), frame::Instant::from_secs(1));
    let (no, yes) = (Original::No, Original::Yes);
    assert_eq!(sent(&wire), [(0, KEEP, no), (2, KEEP, no), (3, KEEP, no), (4, KEEP, yes)]);
    assert_eq!(wire.flushes, 1, "once a batch");
}

#[test]
fn a_batch_of_any_length_is_carried_whatever_the_table_is_like() {
    for max_addresses in [10, 1 << 16] {
        let (bridge, mut worker) = bridge(crate::Config { max_addresses, ..config() });
        let mut wire = Wire::default();
        let batch = (0..100).map(|_| buf(frame(B, A, &[8, 0]), 9));
        bridge.insert_static(0, B, port(2)).unwrap();
        run(&mut worker, &mut wire, port(1), batch, Instant::from_secs(1));
        assert_eq!(sent(&wire), [(2, KEEP, Original::Yes); 100], "{max_addresses} addresses");
        assert_eq!((wire.flushes, bridge.port_counters(port(1)).rx_frames), (1, 100));
    }
}

#[test]
fn without_buffers_the_last_still_gets_the_original() {
    let (bridge, mut worker) = bridge(config());
    let mut wire = Wire::default();
    let batch = [buf(frame(Mac::BROADCAST, A, &[8, 0]), 1)];
    run(&mut worker, &mut wire, port(1), batch.into_iter(), Instant::from_secs(1));
    assert_eq!(sent(&wire), [(0, KEEP, Original::No), (4, KEEP, Original::Yes)]);
    for (number, lost) in [(0, 0), (2, 1), (3, 1), (4, 0)] {
        assert_eq!(bridge.port_counters(port(number)).drops.get(DropReason::NoBuffer), lost, "{number}");
    }
}

#[test]
fn what_ends_in_its_header_is_malformed() {
    let (bridge, mut worker) = bridge(config());
    let mut wire = Wire::default();
    let batch = [frame(B, A, &[8]), frame(B, A, &[0x81, 0, 0]), Vec::new()].map(|octets| buf(octets, 9));
    run(&mut worker, &mut wire, port(1), batch.into_iter(), Instant::from_secs(1));
    assert_eq!(sent(&wire), []);
    let counters = bridge.port_counters(port(1));
    assert_eq!((counters.rx_frames, counters.drops.get(DropReason::Malformed)), (3, 3));
}

#[test]
fn a_span_gets_whatever_is_well_formed_as_it_came() {
    let mut config = config();
    of(&mut config, 4).flags |= PortFlags::SPAN;
    of(&mut config, 1).flags -= PortFlags::UP;
    of(&mut config, 2).pvid = frame::Vid::new(7);
    let (_bridge, mut worker) = bridge(config);
    let now = Instant::from_secs(1);
    let mut play = |from, octets| {
        let mut wire = Wire::default();
        run(&mut worker, &mut wire, port(from), [buf(octets, 9)].into_iter(), now);
        sent(&wire)
    };
    let mirrored = (4, KEEP, Original::No);
    let set = TagEdit::Set(Tag { tpid: frame::EtherType::VLAN, tci: 7 });
    assert_eq!(play(2, frame(Mac::BROADCAST, A, &[8, 0])), [mirrored, (0, set, Original::No), (3, set, Original::Yes)]);
    assert_eq!(play(2, frame(Mac::BRIDGE_GROUP, A, &[8, 0])), [mirrored], "also what is dropped");
    assert_eq!(play(1, frame(Mac::BROADCAST, A, &[8, 0])), [mirrored], "also from a blocked port");
    assert_eq!(play(0, frame(A, Mac([2, 0, 0, 0, 0, 0xff]), &[8, 0]))[0], mirrored, "also from the host");
    assert_eq!(play(4, frame(Mac::BROADCAST, A, &[8, 0])), [], "not from a span");
    assert_eq!(play(9, frame(Mac::BROADCAST, A, &[8, 0])), [], "not from no port");
    assert_eq!(play(2, frame(Mac::BROADCAST, A, &[8])), [], "not what is malformed");
}
