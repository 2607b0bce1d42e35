//! What a bridge costs when there is nothing to do.

use crate::bed::Bed;
use crate::program::Program;
use std::time::Duration;

/// Returns the processor time that the bridge's processes use over `length`, in per cent of one core; `None` for a
/// bridge without processes. The kernel counts in ticks of 10 ms, so that 0 means less than one tick.
pub(super) fn of_bridge(bed: &Bed, length: Duration) -> Option<f64> {
    if bed.programs.is_empty() {
        return None;
    }
    let ticks = || bed.programs.iter().map(Program::ticks).sum::<u64>();
    // What the setting up left to do is no idle time.
    std::thread::sleep(SETTLE);
    let before = ticks();
    let ((), elapsed) = crate::clock::timed(|| std::thread::sleep(length));
    Some((ticks() - before) as f64 / elapsed.as_secs_f64())
}

/// A guess: long enough for every bridge here to come to rest after its first frames.
const SETTLE: Duration = Duration::from_millis(300);
