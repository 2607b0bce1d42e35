//! How fast the engine decides, against the least that a learning switch does.
//!
//! One thread, frames in memory, thread CPU time; the sides play in turns, and the median of five turns counts.
//! `--json` prints one object instead of the table; numbers choose numbers of addresses.

mod engine;
mod minimal;
mod traffic;

use bench::turns::{median, timed};
use engine::{Engine, Setting, Vlans};
use minimal::Minimal;
use traffic::{Clock, Destination, Shape, Traffic};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let chosen: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    if !chosen.is_empty() {
        chosen.into_iter().map(against_minimal).for_each(|size| println!("{}", size.json()));
        return;
    }
    let sizes = [16, 1 << 10, 1 << 16, 1 << 20].map(against_minimal);
    let variants = [
        variant("2 ports, known unicast", 2, 1 << 10, Destination::Known, Vlans::Ignored),
        variant("64 ports, known unicast", 64, 1 << 10, Destination::Known, Vlans::Ignored),
        variant("1,023 ports, known unicast", 1023, 1 << 10, Destination::Known, Vlans::Ignored),
        variant("64 ports, VLAN filter", 64, 1 << 10, Destination::Known, Vlans::Filtered),
        variant("2 ports, more stations than fit", 2, 1 << 17, Destination::Known, Vlans::Ignored),
        variant("2 ports, broadcast", 2, 1 << 10, Destination::Broadcast, Vlans::Ignored),
        variant("64 ports, broadcast", 64, 1 << 10, Destination::Broadcast, Vlans::Ignored),
        variant("1,023 ports, broadcast", 1023, 1 << 10, Destination::Broadcast, Vlans::Ignored),
    ];
    if json {
        println!("{}", serde_json::json!({ "sizes": sizes.map(Size::json), "variants": variants.map(Variant::json) }));
        return;
    }
    println!("{:>10} {:>10} {:>10} {:>10} {:>7} {:>7}", "addresses", "minimal", "decide", "run", "ratio", "ratio");
    for Size { addresses, minimal, decide, run } in sizes {
        let (decide_ratio, run_ratio) = (decide / minimal, run / minimal);
        println!("{addresses:>10} {minimal:>10.1} {decide:>10.1} {run:>10.1} {decide_ratio:>7.2} {run_ratio:>7.2}");
    }
    println!("(Mpps; ratio of each to minimal)\n");
    for Variant { name, mpps, copies } in variants {
        println!("{name:<32} {mpps:>7.1} Mpps {:>8.1} ns/frame {:>7.1} Mcopies/s", 1e3 / mpps, copies);
    }
}

/// Millions of frames a second at one number of addresses, on 64 ports.
struct Size {
    addresses: usize,
    minimal: f64,
    decide: f64,
    run: f64,
}

impl Size {
    fn json(self) -> serde_json::Value {
        let Self { addresses, minimal, decide, run } = self;
        serde_json::json!({
            "addresses": addresses, "minimal_mpps": minimal, "decide_mpps": decide, "run_mpps": run,
            "decide_ratio": decide / minimal, "run_ratio": run / minimal,
        })
    }
}

/// Millions of frames taken in, and of copies sent, a second.
struct Variant {
    name: &'static str,
    mpps: f64,
    copies: f64,
}

impl Variant {
    fn json(self) -> serde_json::Value {
        serde_json::json!({ "name": self.name, "mpps": self.mpps, "mcopies": self.copies })
    }
}

fn against_minimal(addresses: usize) -> Size {
    let traffic = Traffic::new(Shape { addresses, ports: 64, destination: Destination::Known });
    // FreeBSD's default, or as many as there are. The engine has four slots of 16 bytes for each, rounded up to a power
    // of two, and the minimal loop as many bytes.
    let max_addresses = addresses.max(2000);
    let mut minimal = Minimal::new((max_addresses * 4).next_power_of_two() * 16);
    let setting = Setting { ports: 64, max_addresses, vlans: Vlans::Ignored };
    let mut engines = [Engine::new(&setting), Engine::new(&setting)];
    let clock = &mut Clock::new();
    minimal.play(&traffic, clock);
    engines[0].play_decisions(&traffic, clock);
    engines[1].play_run(&traffic, clock);
    let [decide, run] = &mut engines;
    let rounds = (FRAMES / traffic.frames()).max(1);
    let frames = (rounds * traffic.frames()) as u64;
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..TURNS {
        times[0].push(timed(|| (0..rounds).for_each(|_| minimal.play(&traffic, clock))));
        times[1].push(timed(|| (0..rounds).for_each(|_| decide.play_decisions(&traffic, clock))));
        times[2].push(timed(|| (0..rounds).for_each(|_| run.play_run(&traffic, clock))));
    }
    // A side that did not forward everything has measured something else.
    let turns = TURNS as u64;
    for sent in [decide.take_sent(), run.take_sent()] {
        assert!(sent >= frames * turns, "{addresses} addresses: only {sent} of {} frames forwarded", frames * turns);
    }
    // Two lines have no place for one in some thousands.
    assert!(minimal.queues.sent >= frames * turns / 1000 * 995, "the minimal loop lost its stations");
    let [minimal, decide, run] = times.map(|times| frames as f64 / median(times) / 1e6);
    Size { addresses: traffic.addresses, minimal, decide, run }
}

fn variant(name: &'static str, ports: usize, addresses: usize, destination: Destination, vlans: Vlans) -> Variant {
    let traffic = Traffic::new(Shape { addresses, ports, destination });
    let mut engine = Engine::new(&Setting { ports, max_addresses: 2000, vlans });
    let clock = &mut Clock::new();
    engine.play_run(&traffic, clock);
    let copies_per_frame = if destination == Destination::Broadcast { ports } else { 1 };
    let rounds = (FRAMES / traffic.frames() / copies_per_frame).max(1);
    engine.take_sent();
    let times = (0..TURNS).map(|_| timed(|| (0..rounds).for_each(|_| engine.play_run(&traffic, clock)))).collect();
    let seconds = median(times);
    let copies = engine.take_sent() as f64 / TURNS as f64;
    Variant { name, mpps: (rounds * traffic.frames()) as f64 / seconds / 1e6, copies: copies / seconds / 1e6 }
}

const TURNS: usize = 5;
/// Frames of one turn, about: a few tenths of a second.
const FRAMES: usize = 8_000_000;
