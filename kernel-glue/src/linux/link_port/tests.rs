//! Which worker looks at a link when its time has come.

use super::*;
use crate::link::Place;
use crate::linux::memory::{MemoryHost, memory_port};
use crate::linux::{BridgeId, NodePort, PlaneOptions};
use arp::{Prefix, Scope};
use bridge::{Bridge, Config, PortConfig, PortFlags};
use frame::{Mac, PortId};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::sync::Arc;

const PORT: PortId = PortId::from_low_bits(1);

/// A link at a bridge, alone with a station that says nothing.
struct Scene {
    bridge: BridgeId,
    link: Arc<LinkPort>,
    node: NodePort,
    station: MemoryHost,
}

impl Scene {
    fn new(plane: &Plane, number: u32) -> Self {
        let (bridge, open) = (BridgeId(number), PortFlags::UP | PortFlags::LEARN | PortFlags::DISCOVER);
        let ports =
            [1, 2].map(|port| (PortId::from_low_bits(port), PortConfig { flags: open, ..PortConfig::default() }));
        let config = Config { ports: ports.into_iter().collect(), ..Config::default() };
        plane.add_bridge(bridge, &Arc::new(Bridge::new(config, plane.workers(), [1, 2, 3, 4]))).unwrap();
        let (memory, station) = memory_port(64, 1_514).unwrap();
        plane.add_memory_port(bridge, PortId::from_low_bits(2), &memory).unwrap();
        let mac = Mac([2, 0, 0, 0, 0, 9]);
        let own = "10.0.0.2".parse().map(Prefix::single).unwrap();
        let scope = Scope::List([own].into_iter().collect());
        let config = LinkConfig { scope, ..LinkConfig::new(Place::Lan { mtu_bytes: 1_500 }, mac, [7; 4]) };
        let link = Arc::new(LinkPort::new(config, plane));
        let node = NodePort::with_link(link.clone(), None);
        plane.add_node_port(bridge, PORT, &node).unwrap();
        Self { bridge, link, node, station }
    }

    /// Has the link look for a station that is not there.
    fn seek(&self) {
        let mut packet = [0; 60];
        packet[..4].copy_from_slice(&[0x45, 0, 0, 60]);
        packet[8..10].copy_from_slice(&[64, 253]);
        packet[12..20].copy_from_slice(&[10, 0, 0, 2, 10, 0, 0, 1]);
        self.link.change(|link, now| assert_eq!(link.inward(&mut packet, &Offload::default(), now), Inward::Kept));
    }

    /// Whether a request comes in that time.
    fn asks_within(&self, milliseconds: i64) -> bool {
        let time = Timespec { tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000 };
        let came = poll(&mut [PollFd::new(&self.station, PollFlags::IN)], Some(&time)).unwrap() == 1;
        came && self.station.receive(&mut [0; 1_514]).is_some()
    }

    fn asked(&self) -> u32 {
        self.link.asked.load(Ordering::Relaxed)
    }
}

fn start(workers: usize) -> Plane {
    Plane::start(PlaneOptions { workers, ..PlaneOptions::default() }).unwrap()
}

#[test]
fn the_time_of_a_link_concerns_no_other_link() {
    let plane = start(1);
    let [busy, idle] = [1, 2].map(|number| Scene::new(&plane, number));
    assert!((0..400).any(|_| idle.asked() == 1 || idle.asks_within(5)), "a link that has a port is looked at");
    busy.seek();
    assert!(busy.asks_within(500), "at once");
    assert!(busy.asks_within(3_000), "again, by a timer");
    assert_eq!(idle.asked(), 1);
}

#[test]
fn the_worker_that_asked_last_keeps_the_time_of_a_link() {
    let plane = start(1);
    let scene = Scene::new(&plane, 1);
    scene.seek();
    assert!(scene.asks_within(500), "at once");
    // This thread takes the place of another worker, once the one that has sent the request has asked.
    assert!((0..10).any(|_| scene.link.due().is_some_and(|due| !scene.asks_within(50) && scene.link.is_kept(due))));
    assert!(!scene.asks_within(1_500), "its time is ours to keep");
    scene.link.change(|_, _| scene.link.stir());
    assert!(scene.asks_within(500), "the worker that is told to");
    assert!(scene.asks_within(3_000), "and that keeps its time");
}

#[test]
fn a_link_that_changes_its_port_keeps_its_time() {
    for workers in [1, 2] {
        let plane = start(workers);
        let scene = Scene::new(&plane, 1);
        scene.seek();
        assert!(scene.asks_within(500), "{workers} workers: at once");
        plane.remove_port(scene.bridge, PORT);
        plane.add_node_port(scene.bridge, PORT, &scene.node).unwrap();
        assert!(scene.asks_within(3_000), "{workers} workers: again, by a timer");
    }
}
