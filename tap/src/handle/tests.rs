//! Interrupts, edges, crowds, and a naive model of readiness.

extern crate std;

use super::*;
use crate::{DeviceName, Kind, Link, Settings};
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};
use std::vec;
use std::vec::Vec;

type Tap = Arc<Device<u32, u32>>;

fn pair() -> (Tap, Handle<u32, u32>) {
    let device = Arc::new(Device::new(DeviceName { kind: Kind::Tap, unit: 0 }, Settings { queue_packets: 16 }));
    device.set_link(Link::Up, &mut drop);
    let handle = Handle::new();
    handle.attach(&device, &mut drop).unwrap();
    (device, handle)
}

/// An interrupted wait left its count behind, and later wake-ups went astray.
#[test]
fn defect_25_an_interrupted_wait_leaves_nothing() {
    let (device, handle) = pair();
    for token in 0..3 {
        assert_eq!(handle.read_or_wait(token), Read::Waiting);
    }
    assert_eq!(handle.cancel(|&token| token == 1), Some(1));
    assert_eq!(handle.cancel(|&token| token == 1), None);
    assert_eq!(handle.waiting(), 2);
    let mut woken = Vec::new();
    device.offer(0, 7, &mut |token| woken.push(token)).unwrap();
    assert_eq!(woken, [0, 2]);
    assert_eq!(handle.waiting(), 0);
    device.offer(0, 8, &mut |_| panic!("nobody waits")).unwrap();
}

#[test]
fn each_edge_since_it_was_armed_is_told() {
    let (device, handle) = pair();
    device.offer(0, 1, &mut drop).unwrap();
    // Ready, and armed nonetheless: an edge-triggered poller drains and then waits for the next.
    assert_eq!(handle.ready_or_wait(Ready::READ, 5), Ok(Ready::READ | Ready::WRITE));
    let mut woken = Vec::new();
    device.offer(0, 2, &mut |token| woken.push(token)).unwrap();
    assert_eq!(woken, [5], "though it was ready already");
    device.offer(0, 3, &mut |_| panic!("told once until it asks again")).unwrap();
}

#[test]
fn a_poller_is_kept_once() {
    let (device, handle) = pair();
    for _ in 0..1000 {
        handle.ready_or_wait(Ready::READ, 5).unwrap();
    }
    handle.ready_or_wait(Ready::WRITE, 5).unwrap();
    assert_eq!(handle.waiting(), 1);
    let mut woken = Vec::new();
    device.set_link(Link::Down, &mut |token| woken.push(token));
    assert_eq!(woken, [5]);
}

#[test]
fn a_crowd_is_told_that_it_is_one() {
    let (_device, handle) = pair();
    for token in 0..64 {
        assert_eq!(handle.read_or_wait(token), Read::Waiting);
    }
    assert_eq!(handle.read_or_wait(64), Read::Failed(ReadError::Crowded));
    assert_eq!(handle.ready_or_wait(Ready::READ, 65), Err(65));
    for packet in 0..16 {
        handle.write(packet, &mut drop).unwrap();
    }
    assert_eq!(handle.write_or_wait(16, 66, &mut drop), Write::Failed(16, WriteError::Crowded));
    let mut woken = 0;
    handle.close(&mut |_| woken += 1);
    assert_eq!(woken, 64);
}

#[test]
fn who_comes_back_from_within_a_wake_waits_for_the_next_change() {
    let (device, handle) = pair();
    assert_eq!(handle.read_or_wait(1), Read::Waiting);
    let mut turns = 0;
    device
        .offer(0, 7, &mut |token| {
            turns += 1;
            assert_eq!(handle.read_or_wait(token), Read::Packet(7));
            assert_eq!(handle.read_or_wait(token), Read::Waiting);
        })
        .unwrap();
    assert_eq!(turns, 1);
}

#[test]
fn attachments_are_for_good() {
    let (device, handle) = pair();
    assert_eq!(handle.attach(&device, &mut drop), Err(AttachError::Attached));
    let closed = Handle::new();
    closed.close(&mut drop);
    assert_eq!(closed.attach(&device, &mut drop), Err(AttachError::Closed));
    assert_eq!(handle.step_in(&mut drop), Err(AttachError::Attached));
    device.destroy(&mut drop);
    assert_eq!(Handle::new().attach(&device, &mut drop), Err(AttachError::Dead));
    drop(handle);
    assert!(!device.is_open());
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Offer,
    Read,
    Write,
    Take,
    Up,
    Down,
    Poll(u32),
    ReadOrWait(u32),
    WriteOrWait(u32),
    Cancel(u32),
    Aside,
    In,
    Destroy,
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => Just(Step::Offer),
        6 => Just(Step::Read),
        12 => Just(Step::Write),
        6 => Just(Step::Take),
        1 => Just(Step::Up),
        1 => Just(Step::Down),
        3 => (0..8u32).prop_map(Step::Poll),
        3 => (0..8u32).prop_map(Step::ReadOrWait),
        3 => (0..8u32).prop_map(Step::WriteOrWait),
        1 => (0..8u32).prop_map(Step::Cancel),
        1 => Just(Step::Aside),
        2 => Just(Step::In),
    ];
    (proptest::collection::vec(step, 0..200), prop_oneof![Just(Step::Destroy), Just(Step::Close)]).prop_map(
        |(mut steps, last)| {
            steps.extend([last, Step::Read, Step::Write]);
            steps
        },
    )
}

/// What a device is, said as simply as can be.
#[derive(Default)]
struct Model {
    to_application: VecDeque<u32>,
    written: VecDeque<u32>,
    down: bool,
    aside: bool,
    closed: bool,
    dead: bool,
    /// What may not be forgotten: tokens, each with what it waits for.
    waiting: Vec<(u32, Ready)>,
}

impl Model {
    fn ready(&self) -> Ready {
        if self.dead {
            return Ready::ERROR | Ready::HANGUP;
        }
        if self.aside || self.closed {
            return Ready::ERROR;
        }
        let mut ready = Ready::empty();
        ready.set(Ready::READ, !self.to_application.is_empty());
        ready.set(Ready::WRITE, self.down || self.written.len() < 16);
        ready
    }

    /// Returns those who must be told once what is ready has grown from `before`.
    fn owed(&self, before: Ready) -> BTreeSet<u32> {
        let grown = self.ready() - before;
        self.waiting.iter().filter(|(_, interest)| interest.intersects(grown)).map(|&(token, _)| token).collect()
    }
}

proptest! {
    #[test]
    fn readiness_is_the_models(steps in steps()) {
        let (device, handle) = pair();
        let mut model = Model::default();
        let mut next = 0;
        for step in steps {
            let before = model.ready();
            let mut woken = BTreeSet::new();
            let mut wake = |token| { woken.insert(token); };
            let refused = model.closed || model.dead || model.aside;
            match step {
                Step::Offer => {
                    next += 1;
                    let takes = !refused && !model.down && model.to_application.len() < 16;
                    prop_assert_eq!(device.offer(0, next, &mut wake).is_ok(), takes);
                    if takes { model.to_application.push_back(next); }
                }
                Step::Read => prop_assert_eq!(handle.read().ok(), model.to_application.pop_front()),
                Step::Write => {
                    next += 1;
                    let takes = !refused && !model.down && model.written.len() < 16;
                    prop_assert_eq!(handle.write(next, &mut wake).is_ok(), takes);
                    if takes { model.written.push_back(next); }
                }
                Step::Take => prop_assert_eq!(device.take(&mut wake), model.written.pop_front()),
                Step::Up => { device.set_link(Link::Up, &mut wake); model.down = false; }
                Step::Down => {
                    device.set_link(Link::Down, &mut wake);
                    model.down = true;
                    model.written.clear();
                }
                Step::Poll(token) => {
                    prop_assert_eq!(handle.ready_or_wait(Ready::READ | Ready::WRITE, token), Ok(model.ready()));
                    model.waiting.retain(|&(other, _)| other != token);
                    model.waiting.push((token, Ready::all()));
                }
                Step::ReadOrWait(token) => match handle.read_or_wait(100 + token) {
                    Read::Packet(packet) => prop_assert_eq!(Some(packet), model.to_application.pop_front()),
                    Read::Waiting => {
                        prop_assert!(model.to_application.is_empty() && !refused);
                        model.waiting.push((100 + token, Ready::READ | Ready::ERROR));
                    }
                    Read::Failed(_) => prop_assert!(refused || handle.waiting() == 64),
                },
                Step::WriteOrWait(token) => {
                    next += 1;
                    match handle.write_or_wait(next, 200 + token, &mut wake) {
                        Write::Done => model.written.push_back(next),
                        Write::Waiting(packet) => {
                            prop_assert_eq!((packet, model.written.len()), (next, 16));
                            model.waiting.push((200 + token, Ready::WRITE | Ready::ERROR));
                        }
                        Write::Failed(..) => prop_assert!(refused || model.down || handle.waiting() == 64),
                    }
                }
                Step::Cancel(token) => {
                    let cancelled = handle.cancel(|&kept| kept == token);
                    let at = model.waiting.iter().position(|&(kept, _)| kept == token);
                    prop_assert_eq!(cancelled.is_some(), at.is_some());
                    at.map(|at| model.waiting.remove(at));
                }
                Step::Aside => {
                    prop_assert_eq!(handle.stand_aside(&mut wake).is_ok(), !refused);
                    model.aside = true;
                    model.to_application.clear();
                }
                Step::In => {
                    prop_assert_eq!(handle.step_in(&mut wake).is_ok(), model.aside);
                    model.aside = false;
                }
                Step::Destroy => { device.destroy(&mut wake); model.dead = true; }
                Step::Close => { handle.close(&mut wake); model.closed = true; }
            }
            if model.dead || model.closed {
                model.to_application.clear();
            }
            if model.dead {
                model.written.clear();
            }
            for owed in model.owed(before) {
                // Who stands aside has left the device; its end is told by the error that it has been told already.
                prop_assert!(woken.contains(&owed) || model.aside, "{:?}: {} was not told", step, owed);
            }
            model.waiting.retain(|(token, _)| !woken.contains(token));
            prop_assert_eq!(handle.ready(), model.ready(), "{:?}", step);
            prop_assert_eq!(handle.waiting(), model.waiting.len());
        }
    }
}
