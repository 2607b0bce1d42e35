//! Several bridges on a simulated network: seeded, one thread, virtual time, and a cap on steps.

#![cfg(test)]

mod network {
    pub(crate) mod net;
}

use bridge::{Bridge, Config, Event, PortConfig, PortFlags};
use frame::{DropReason, Instant, Mac, PortId};
use network::net::{Net, Random, host, port, wire};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

fn config(ports: u64) -> Config {
    let flags = PortFlags::UP | PortFlags::LEARN | PortFlags::DISCOVER;
    let of = PortConfig { flags, ..PortConfig::default() };
    Config {
        own_mac: Mac([2, 0xff, 0, 0, 0, 0]),
        ageing: Some(Duration::from_secs(300)),
        max_addresses: 10_000,
        ports: (1..=ports).map(|number| (port(number), of.clone())).collect(),
        ..Config::default()
    }
}

fn bridge(ports: u64) -> Arc<Bridge> {
    Arc::new(Bridge::new(config(ports), 2, [1, 2, 3, 4]))
}

/// host on port 1 of the first - bridges joined by ports 2 and 1 - host on port 2 of the last; hosts on port 3 of each.
fn line(bridges: usize) -> Net {
    let mut net = Net::new((0..bridges).map(|_| bridge(3)).collect());
    for left in 1..bridges {
        net.link((left - 1, 2), (left, 1));
    }
    net
}

#[test]
fn a_reply_takes_the_learned_path() {
    let mut net = line(4);
    net.inject((0, 1), wire(Mac::BROADCAST, host(1)));
    let edges = net.settle();
    assert_eq!(edges.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [(0, 3), (1, 3), (2, 3), (3, 2), (3, 3)]);

    let before = net.carried;
    net.inject((3, 2), wire(host(1), host(2)));
    assert_eq!(net.settle(), [((0, 1), wire(host(1), host(2)))]);
    assert_eq!(net.carried - before, 4, "four hops, no flood");
}

#[test]
fn a_station_that_moves_is_followed_when_it_speaks() {
    let mut net = line(3);
    net.inject((0, 3), wire(Mac::BROADCAST, host(1)));
    net.inject((2, 3), wire(Mac::BROADCAST, host(2)));
    net.settle();
    net.inject((1, 3), wire(Mac::BROADCAST, host(1)));
    net.settle();
    net.inject((2, 3), wire(host(1), host(2)));
    assert_eq!(net.settle(), [((1, 3), wire(host(1), host(2)))]);
    let moves = net.events().into_iter().filter(|event| matches!(event, Event::Moved { .. })).count();
    assert_eq!(moves, 2, "for the third it is still on the same side");
}

#[test]
fn silence_is_forgotten_everywhere_at_once() {
    let mut net = line(3);
    net.inject((0, 1), wire(Mac::BROADCAST, host(1)));
    net.settle();
    net.pass(Duration::from_secs(299));
    net.inject((2, 3), wire(host(1), host(2)));
    assert_eq!(net.settle().len(), 1);
    net.pass(Duration::from_secs(1));
    net.inject((2, 3), wire(host(1), host(2)));
    assert_eq!(net.settle().len(), 4, "flooded to every edge but the one it came in by");
}

#[test]
#[should_panic(expected = "forwarding loop")]
fn a_ring_without_spanning_tree_storms() {
    let mut net = line(3);
    net.link((2, 2), (0, 1));
    net.inject((0, 3), wire(Mac::BROADCAST, host(1)));
    net.settle();
}

#[test]
fn a_loop_of_one_bridge_is_seen_by_its_own_address() {
    let mut net = line(1);
    net.link((0, 1), (0, 2));
    let own = Mac([2, 0xff, 0, 0, 0, 0]);
    net.inject((0, 3), wire(Mac::BROADCAST, own));
    assert_eq!(net.settle(), []);
    assert_eq!(net.bridge(0).port_counters(port(3)).drops.get(DropReason::OwnAddress), 1);
}

/// Frames from stations that stay where they are, each heard at least once, to stations and groups at random.
fn traffic(seed: u64, frames: usize) -> Vec<(PortId, Vec<u8>)> {
    let mut random = Random(seed);
    let station = |number: u64| (port(number % 8 + 1), host(number));
    let frames = (0..frames as u64).map(|turn| {
        let (from, src) = station(if turn < 500 { turn } else { random.below(500) });
        let dst = if random.below(10) == 0 { Mac::BROADCAST } else { station(random.below(600)).1 };
        (from, wire(dst, src))
    });
    frames.collect()
}

/// What has been learned, without when.
fn learned(bridge: &Bridge) -> BTreeSet<(u16, Mac, PortId)> {
    let entries = bridge.entries(Instant::from_secs(1));
    let learned: BTreeSet<_> = entries.iter().map(|entry| (entry.vid, entry.mac, entry.port)).collect();
    assert_eq!(learned.len(), entries.len(), "an address twice");
    learned
}

#[test]
fn however_traffic_is_cut_the_same_is_learned() {
    let traffic = traffic(7, 20_000);
    let now = Instant::from_secs(1);
    let mut results = Vec::new();
    for batch in [1, 7, 64] {
        let bridge = bridge(8);
        let mut worker = bridge.worker(0).unwrap();
        let mut io = network::net::Wires::default();
        // A batch is of one port: those of a stretch of traffic are sorted, as queues of ports would.
        for stretch in traffic.chunks(batch) {
            for at in (1..=8).map(port) {
                let frames = stretch.iter().filter(|(from, _)| *from == at).map(|(_, octets)| octets.clone().into());
                bridge::run(&mut worker, &mut io, at, frames, now);
            }
        }
        results.push(learned(&bridge));
    }
    assert_eq!(results[0].len(), 500);
    assert!(results.iter().all(|result| *result == results[0]));

    for workers in [2, 4] {
        let bridge = Arc::new(Bridge::new(config(8), workers, [1, 2, 3, 4]));
        std::thread::scope(|scope| {
            for index in 0..workers {
                let (bridge, traffic) = (&bridge, &traffic);
                scope.spawn(move || {
                    let mut worker = bridge.worker(index).unwrap();
                    let mut io = network::net::Wires::default();
                    // Twice: what one worker could not learn because another was writing, it learns from the next.
                    for (from, octets) in traffic.iter().chain(traffic).skip(index).step_by(workers) {
                        bridge::run(&mut worker, &mut io, *from, [octets.clone().into()].into_iter(), now);
                    }
                });
            }
        });
        assert_eq!(learned(&bridge), results[0], "{workers} workers");
        let counters = bridge.counters();
        assert_eq!((counters.learned, counters.moved), (500, 0), "each once");
        assert_eq!(counters.ports.rx_frames, 2 * 20_000);
        assert_eq!(bridge.address_counts().total, 500);
    }
}

#[test]
fn control_and_workers_do_not_disturb_each_other() {
    let bridge = Arc::new(Bridge::new(config(8), 2, [1, 2, 3, 4]));
    let traffic = traffic(9, 20_000);
    std::thread::scope(|scope| {
        for index in 0..2 {
            let (bridge, traffic) = (&bridge, &traffic);
            scope.spawn(move || {
                let mut worker = bridge.worker(index).unwrap();
                let mut io = network::net::Wires::default();
                for (from, octets) in traffic {
                    bridge::run(
                        &mut worker,
                        &mut io,
                        *from,
                        [octets.clone().into()].into_iter(),
                        Instant::from_secs(1),
                    );
                }
            });
        }
        for round in 0..200_u32 {
            bridge.flush_port(port(u64::from(round) % 8 + 1), bridge::Flush::All);
            bridge.insert_static(7, host(u64::from(round)), port(1)).unwrap();
            let max_addresses = if round % 20 == 0 { 600 + round } else { 10_000 };
            bridge.publish(Config { max_addresses, ..config(8) });
            bridge.on_timeout(Instant::from_secs(u64::from(round)));
            assert!(learned(&bridge).len() <= 10_000);
        }
    });
    bridge.flush(bridge::Flush::All);
    assert_eq!((bridge.address_counts().total, bridge.entries(Instant::from_secs(1)).len()), (0, 0));
}
