//! Work in memory: the processor time of turns, of which the median counts.

use rustix::time::{ClockId, clock_gettime};

/// Returns the seconds of processor time that this thread spends on something.
pub fn timed(work: impl FnOnce()) -> f64 {
    let clock = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let start = clock();
    work();
    clock() - start
}

/// Returns the median of the turns' times, zero of none.
pub fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(0.0)
}
