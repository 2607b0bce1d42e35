use super::*;
use crate::linux::lab::PLAIN;
use crate::linux::memory::{MemoryHost, memory_port};
use crate::linux::{BridgeId, Plane, PlaneOptions, clock};
use bridge::{Bridge, Config, PortConfig, PortFlags, Suppress};
use frame::{Mac, Vid};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::time::Duration;

const B: BridgeId = BridgeId(1);
const ALL: u8 = 0xff;

fn mac(station: u8) -> [u8; 6] {
    if station == ALL { [ALL; 6] } else { [2, 0, 0, 0, 0, station] }
}

/// A request of one station for another, or an answer to one; addresses are 10.0.0.station.
fn arp(operation: u8, tags: &[u8], (from, to): (u8, u8), target: u8) -> Vec<u8> {
    let ask = [&[0, 1, 8, 0, 6, 4, 0, operation], &mac(from)[..], &[10, 0, 0, from]].concat();
    let about = if operation == 1 { [0; 6] } else { mac(target) };
    [&mac(to)[..], &mac(from), tags, &[8, 6], &ask, &about, &[10, 0, 0, target]].concat()
}

/// Three stations on memory ports of a bridge; station n is behind port n.
struct Net {
    plane: Plane,
    bridge: Arc<Bridge>,
    neighbours: Arc<BridgeNeighbours>,
    stations: Vec<MemoryHost>,
}

impl Net {
    fn new(suppress: &str, change: fn(&mut Config)) -> Self {
        let plane = Plane::start(PlaneOptions { workers: 1, nice: 0, spin: Duration::ZERO }).unwrap();
        let flags = PortFlags::UP | PortFlags::LEARN | PortFlags::DISCOVER;
        let mut ports: Vec<_> = (1..=3).map(|n| (port(n), PortConfig { flags, ..PortConfig::default() })).collect();
        ports[0].1.suppress = suppress.parse().unwrap();
        let mut config = Config { own_mac: Mac([2, 0, 0, 0, 0, 0xfe]), ports, ..Config::default() };
        change(&mut config);
        let bridge = Arc::new(Bridge::new(config, 1, [1, 2, 3, 4]));
        let neighbours = plane.add_bridge(B, &bridge).unwrap();
        neighbours.start([1, 2]);
        let stations = (1..=3).map(|number| {
            let (near, station) = memory_port(64, 1_600).unwrap();
            plane.add_memory_port(B, port(number), &near).unwrap();
            station
        });
        let stations = stations.collect();
        Self { plane, bridge, neighbours, stations }
    }

    fn send(&self, from: u8, frame: &[u8]) {
        self.stations[usize::from(from) - 1].send(frame, &PLAIN).unwrap();
    }

    /// Returns the next frame that a station gets, if one comes in time.
    fn heard(&self, by: u8) -> Option<Vec<u8>> {
        let station = &self.stations[usize::from(by) - 1];
        let patience = Timespec { tv_sec: 0, tv_nsec: 300_000_000 };
        let ready = poll(&mut [PollFd::new(station, PollFlags::IN)], Some(&patience)).unwrap() == 1;
        ready.then(|| {
            let mut frame = vec![0; 2_000];
            let bytes = station.receive(&mut frame).unwrap();
            frame.truncate(bytes);
            frame
        })
    }

    fn all_hear(&self, frame: &[u8], from: u8) {
        self.send(from, frame);
        for by in (1..=3).filter(|&by| by != from) {
            assert_eq!(self.heard(by).as_deref(), Some(frame), "station {by}");
        }
    }
}

fn port(number: u16) -> PortId {
    PortId::new(number).unwrap()
}

#[test]
fn a_known_neighbour_is_answered_for_at_the_port_that_asks() {
    let net = Net::new("all", |_| {});
    net.all_hear(&arp(1, &[], (1, ALL), 2), 1);
    net.send(2, &arp(2, &[], (2, 1), 1));
    assert_eq!(net.heard(1), Some(arp(2, &[], (2, 1), 1)));

    net.send(1, &arp(1, &[], (1, ALL), 2));
    assert_eq!(net.heard(1), Some(arp(2, &[], (2, 1), 1)), "as station 2 answers");
    net.all_hear(&arp(1, &[], (1, ALL), 3), 1);
    assert_eq!(net.heard(2), None, "the question was not flooded");
    net.all_hear(&arp(1, &[], (3, ALL), 2), 3);
    net.all_hear(&arp(1, &[], (2, ALL), 2), 2);

    // What is sent is counted when it has been.
    let counts = || {
        let counters = net.bridge.port_counters(port(1));
        (counters.suppressed, counters.rx_frames, counters.tx_frames)
    };
    for _ in 0..400 {
        if counts() == (1, 3, 4) {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(counts(), (1, 3, 4));
    let counters = net.bridge.port_counters(port(1));
    assert_eq!(counters.drops.total(), 0);
    let mut known: Vec<_> = net.neighbours.list(clock::monotonic()).iter().map(|one| (one.address, one.port)).collect();
    known.sort_unstable();
    assert_eq!(known, [1, 2, 3].map(|n| ([10, 0, 0, n as u8].into(), port(n))));
    assert_eq!(net.neighbours.counters().added, 3);
}

#[test]
fn an_answer_has_the_tag_of_the_question() {
    let net = Net::new("20", |_| {});
    let tag = [0x81, 0, 0xa0, 20];
    net.all_hear(&arp(1, &tag, (2, ALL), 9), 2);
    net.send(1, &arp(1, &tag, (1, ALL), 2));
    assert_eq!(net.heard(1), Some(arp(2, &tag, (2, 1), 1)));
    net.all_hear(&arp(1, &[0x81, 0, 0, 21], (1, ALL), 2), 1);
    net.all_hear(&arp(1, &[], (1, ALL), 2), 1);
}

#[test]
fn a_question_is_answered_in_the_form_of_its_port() {
    let net = Net::new("20", |config| {
        config.vlan_filter = true;
        config.ports[0].1.pvid = Vid::new(20);
        config.ports[1].1.tagged = "20".parse().unwrap();
    });
    net.send(2, &arp(1, &[0x81, 0, 0, 20], (2, ALL), 9));
    assert_eq!(net.heard(1), Some(arp(1, &[], (2, ALL), 9)));
    net.send(1, &arp(1, &[], (1, ALL), 2));
    assert_eq!(net.heard(1), Some(arp(2, &[], (2, 1), 1)), "untagged, as it was asked");
    assert_eq!(net.heard(2), None);
}

#[test]
fn nothing_is_answered_for_who_is_forgotten_or_out_of_reach() {
    type Change = fn(&Net);
    let learned: Change = |_| {};
    #[rustfmt::skip]
    let rows: [(&str, Change, bool); 6] = [
        ("known",             learned, true),
        ("its port was lost", |net| net.neighbours.forget_port(port(2)), false),
        ("flushed",           |net| net.neighbours.flush(), false),
        ("not learning",      |net| net.neighbours.stop(), false),
        ("not in the table",  |net| net.bridge.flush_port(port(2), bridge::Flush::All), false),
        ("isolated",          |net| change(net, |ports| {
            ports[0].1.flags |= PortFlags::PRIVATE;
            ports[1].1.flags |= PortFlags::PRIVATE;
        }), false),
    ];
    for (name, change, answered) in rows {
        let net = Net::new("all", |_| {});
        net.all_hear(&arp(1, &[], (2, ALL), 9), 2);
        change(&net);
        net.send(1, &arp(1, &[], (1, ALL), 2));
        let other = if answered { None } else { Some(arp(1, &[], (1, ALL), 2)) };
        assert_eq!(net.heard(3), other, "{name}");
        assert_eq!(net.heard(1).is_some(), answered, "{name}");
        net.plane.remove_bridge(B);
    }
}

fn change(net: &Net, change: fn(&mut Vec<(PortId, PortConfig)>)) {
    let mut config = (*net.bridge.config()).clone();
    change(&mut config.ports);
    net.bridge.publish(config);
}

#[test]
fn where_nobody_suppresses_nothing_is_learned() {
    let net = Net::new("none", |_| {});
    net.all_hear(&arp(1, &[], (2, ALL), 9), 2);
    net.all_hear(&arp(1, &[], (1, ALL), 2), 1);
    assert_eq!(net.neighbours.list(clock::monotonic()), []);
    change(&net, |ports| ports[2].1.suppress = Suppress::everywhere());
    net.all_hear(&arp(1, &[], (2, ALL), 9), 2);
    net.all_hear(&arp(1, &[], (1, ALL), 2), 1);
    assert_eq!(net.neighbours.list(clock::monotonic()).len(), 2, "another port suppresses");
}

#[test]
fn what_is_no_sound_question_goes_on() {
    let net = Net::new("all", |_| {});
    net.all_hear(&arp(1, &[], (2, ALL), 9), 2);
    let sound = arp(1, &[], (1, ALL), 2);
    let mut spoofed = sound.clone();
    spoofed[22..28].copy_from_slice(&mac(3));
    let mut cut = sound.clone();
    cut.truncate(30);
    let mut other = sound.clone();
    other[21] = 3;
    for frame in [spoofed, cut, other] {
        net.all_hear(&frame, 1);
    }
    assert_eq!(net.bridge.port_counters(port(1)).suppressed, 0);
    assert_eq!(net.neighbours.list(clock::monotonic()).len(), 1);
}
