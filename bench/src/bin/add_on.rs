//! How many frames a second the Haiku add-on's bridge carries in a kernel in user space, from one tap's node to another's.
//!
//! One program writes minimum-sized frames as fast as the node takes them, another reads what arrives. The file is the one that
//! Haiku loads; the median of five turns counts.

use haiku_abi::{B_WOULD_BLOCK, O_NONBLOCK, O_RDWR};
use kernelland::Config;
use kernelland::user::{self, Interest, Node, Process, READ, Status, WRITE};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tests::haiku::{Program, boot_by_hand};

const TURN: Duration = Duration::from_secs(2);
/// A minimum frame without its check sequence.
const FRAME_BYTES: usize = 60;

fn main() -> Result<(), String> {
    let kernel = boot_by_hand(Config { time_limit: None, ..Config::default() })?;
    let root = Program::root();
    for line in ["bridge0 create", "tap0 create", "tap1 create", "bridge0 addm tap0 addm tap1 up"] {
        root.ifconfig(line)?;
    }
    let open = |path| Process::root().open(path, O_RDWR | O_NONBLOCK).map_err(|status| format!("{path}: {status}"));
    let (from, to) = (open("tap/0")?, open("tap/1")?);
    let (here, there) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    introduce(&to, &from, there)?;
    let mut turns: Vec<(f64, f64)> = (0..5).map(|_| turn(&from, &to, &frame(there, here))).collect();
    turns.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (written, carried) = turns[turns.len() / 2];
    println!(
        "{carried:.0} frames/s carried of {written:.0} frames/s written, {FRAME_BYTES} bytes, median of five turns"
    );
    println!("{}", kernel.report().concerning("trestle"));
    Ok(())
}

/// Lets the bridge learn who is behind the far tap; the first frame may find its port closed.
fn introduce(to: &Node, from: &Node, station: [u8; 6]) -> Result<(), String> {
    let mut heard = [0; 2048];
    for _ in 0..500 {
        to.write(&frame([0xff; 6], station)).map_err(|status| status.to_string())?;
        let arrived = user::poll(&[Interest::Node(from, READ)], 10_000).map_err(|status| status.to_string())?;
        if arrived.first().is_some_and(|events| events & READ != 0) {
            while from.read(&mut heard).is_ok() {}
            return Ok(());
        }
    }
    Err("no frame crosses the bridge".into())
}

/// Returns frames a second written, and frames a second read.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn turn(from: &Node, to: &Node, frame: &[u8]) -> (f64, f64) {
    let over = AtomicBool::new(false);
    let start = Instant::now();
    let (written, read) = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut written = 0_u64;
            while !over.load(Ordering::Relaxed) {
                match from.write(frame) {
                    Ok(_) => written += 1,
                    Err(Status(B_WOULD_BLOCK)) => drop(user::poll(&[Interest::Node(from, WRITE)], 100_000)),
                    Err(_) => break,
                }
            }
            written
        });
        let mut read = 0_u64;
        let mut into = [0; 2048];
        while start.elapsed() < TURN {
            match to.read(&mut into) {
                Ok(_) => read += 1,
                Err(_) => drop(user::poll(&[Interest::Node(to, READ)], 100_000)),
            }
        }
        over.store(true, Ordering::Relaxed);
        (writer.join().unwrap_or_default(), read)
    });
    let seconds = start.elapsed().as_secs_f64();
    (written as f64 / seconds, read as f64 / seconds)
}

fn frame(to: [u8; 6], from: [u8; 6]) -> Vec<u8> {
    let mut frame = [&to[..], &from, &[0x88, 0xb5]].concat();
    frame.resize(FRAME_BYTES, 0);
    frame
}
