//! What the shim costs: packets made frames and frames made packets, in memory, on one core.
//!
//! Packets of 64 bytes in batches of 32, thread processor time; the rows take turns, and the median of five counts.
//! `header` is the least that wrapping is: fourteen bytes written before a packet that nobody looks at. No row copies
//! a payload. `--json` prints one object instead of the table.

mod link;
mod traffic;

use bench::turns::{median, timed};
use frame::offload::Offload;
use frame::{HEADER_BYTES, Mac};
use link::{Station, Wire};
use ppp_shim::shim::{Destination, Stripped, Version, classify, header, strip};
use std::hint::black_box;
use std::process::ExitCode;
use traffic::{BATCH, Batch, FRAME_BYTES, Ring, Way};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let json = match words.as_slice() {
        [] => false,
        [word] if word == "--json" => true,
        _ => {
            eprintln!("usage: shim [--json]");
            return ExitCode::FAILURE;
        }
    };
    let mut rows = rows();
    let mut times = vec![Vec::new(); rows.len()];
    for _ in 0..TURNS {
        for (row, times) in rows.iter_mut().zip(&mut times) {
            times.push(row.take());
        }
    }
    let taken = || rows.iter().zip(&times).map(|(row, times)| (row, median(times.clone())));
    if json {
        let row = |(row, nanoseconds): (&Row, f64)| {
            let met = row.target.map(|target| nanoseconds <= target);
            serde_json::json!({ "name": row.name, "ns": nanoseconds, "target_ns": row.target, "met": met })
        };
        println!("{:#}", serde_json::json!({ "suite": "shim", "rows": taken().map(row).collect::<Vec<_>>() }));
        return ExitCode::SUCCESS;
    }
    for (row, nanoseconds) in taken() {
        let verdict = match row.target {
            Some(target) if nanoseconds <= target => format!("met: at most {target:.0}"),
            Some(target) => format!("missed: at most {target:.0}"),
            None => String::new(),
        };
        println!("{:<44} {nanoseconds:>6.1} ns/packet  {verdict}", row.name);
    }
    ExitCode::SUCCESS
}

/// Something done to all packets of a ring.
struct Row {
    name: String,
    target: Option<f64>,
    ring: Ring,
    work: Work,
}

/// Handles a batch, and returns how many of its packets it passed on.
type Work = Box<dyn FnMut(&mut Batch) -> usize>;

impl Row {
    fn new(name: &str, target: Option<f64>, ring: Ring, work: impl FnMut(&mut Batch) -> usize + 'static) -> Self {
        Self { name: name.to_owned(), target, ring, work: Box::new(work) }
    }

    /// Returns nanoseconds a packet.
    fn take(&mut self) -> f64 {
        let rounds = PACKETS / self.ring.packets();
        // The first round warms the caches.
        self.play();
        let mut passed = 0;
        let seconds = timed(|| passed = (0..rounds).map(|_| self.play()).sum());
        // A row that dropped something has measured something else.
        assert_eq!(passed, rounds * self.ring.packets(), "{}", self.name);
        seconds * 1e9 / passed as f64
    }

    fn play(&mut self) -> usize {
        self.ring.batches.iter_mut().map(|batch| (self.work)(black_box(batch))).sum()
    }
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (version, name) in [(Version::V4, "IPv4"), (Version::V6, "IPv6")] {
        let ring = |way| Ring::new(version, way, 4096);
        rows.push(Row::new(&format!("{name}, header alone"), None, ring(Way::Inward), move |batch| {
            batch.slots.iter_mut().for_each(|slot| *slot.header_mut() = header(HOST, PEER, version));
            BATCH
        }));
        rows.push(Row::new(&format!("{name}, wrap"), Some(TARGET), ring(Way::Inward), wrap));
        rows.push(Row::new(&format!("{name}, strip"), Some(TARGET), ring(Way::Outward), unwrap));
        let mut wire = Wire::new();
        rows.push(Row::new(&format!("{name}, link at the host, in"), None, ring(Way::Inward), move |batch| {
            wire.inward(batch)
        }));
        let mut wire = Wire::new();
        rows.push(Row::new(&format!("{name}, link at the host, out"), None, ring(Way::Outward), move |batch| {
            wire.outward(batch)
        }));
        for neighbours in [1, 64, 1000] {
            let ring = |way| Ring::new(version, way, neighbours);
            let on = format!("{name}, link on a bridge, neighbours: {neighbours}");
            let mut station = Station::new(version, neighbours);
            rows.push(Row::new(&format!("{on}, in"), None, ring(Way::Inward), move |batch| station.inward(batch)));
            let mut station = Station::new(version, neighbours);
            rows.push(Row::new(&format!("{on}, out"), None, ring(Way::Outward), move |batch| station.outward(batch)));
        }
    }
    rows
}

/// The shim alone, from the application to Ethernet.
fn wrap(batch: &mut Batch) -> usize {
    let mut wrapped = 0;
    for slot in &mut batch.slots {
        let Ok(kind) = classify(slot.packet()) else { continue };
        let dst = match kind.destination {
            Destination::Unicast(_) => HOST,
            Destination::Multicast(mac) => mac,
            Destination::Broadcast => Mac::BROADCAST,
        };
        *slot.header_mut() = header(dst, PEER, kind.version);
        wrapped += 1;
    }
    wrapped
}

/// The shim alone, from Ethernet to the application: where each packet lies is noted, as for a vector of pieces to send.
fn unwrap(batch: &mut Batch) -> usize {
    let mut found = [(0, 0); BATCH];
    let mut count = 0;
    for (slot, place) in batch.slots.iter().zip(&mut found) {
        if let Ok(Stripped::Packet(packet)) = strip(slot.frame(), FRAME_BYTES, None, &Offload::default()) {
            *place = (packet.start, packet.bytes);
            count += 1;
        }
    }
    black_box(&found);
    count
}

/// The interface of the host, and the station that the peer is.
const HOST: Mac = Mac([0x32, 0, 0, 0, 0, 1]);
const PEER: Mac = Mac([0x32, 0, 0, 0, 0, 2]);

const TURNS: usize = 5;
/// Packets of one turn, about: some tens of milliseconds.
const PACKETS: usize = 4_000_000;
/// Nanoseconds a packet, at most.
const TARGET: f64 = 30.0;

const _: () = assert!(FRAME_BYTES > HEADER_BYTES);
