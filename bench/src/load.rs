//! What else the machine does: figures taken beside other work are worth less.

use crate::Fault;
use crate::clock::{timed, within};
use crate::figures::Figure;
use std::fs;
use std::time::Duration;

/// Runs `work`, and returns with its result the processor time that others used meanwhile, in per cent of one core.
///
/// Ours are the processes of this session, and the kernel's threads, which work for whoever makes traffic. Time that a
/// hypervisor gave to other machines counts as others'.
pub(crate) fn beside<R>(work: impl FnOnce() -> R) -> (R, f64) {
    let before = others_ticks();
    let (result, elapsed) = timed(work);
    let others = others_ticks().saturating_sub(before).max(0);
    (result, others as f64 / elapsed.as_secs_f64())
}

/// Takes figures while others leave the machine alone, or, once patience is at its end, keeps the least disturbed try.
pub(crate) fn undisturbed<M>(
    mut patience: Duration,
    work: impl Fn() -> Result<Vec<(M, f64)>, Fault>,
) -> Result<Vec<(M, Figure)>, Fault> {
    let mut best: Option<(f64, Vec<(M, f64)>)> = None;
    loop {
        let ((values, others_percent), took) = timed(|| {
            await_quiet(patience);
            beside(&work)
        });
        let values = values?;
        patience = patience.saturating_sub(took);
        if best.as_ref().is_none_or(|(least, _)| others_percent < *least) {
            best = Some((others_percent, values));
        }
        if let Some((others_percent, values)) = best.take_if(|_| is_quiet(others_percent) || patience.is_zero()) {
            let figure = |(measure, value)| (measure, Figure { value, others_percent });
            return Ok(values.into_iter().map(figure).collect());
        }
    }
}

/// Waits until others leave the machine alone, or `limit` has passed.
pub(crate) fn await_quiet(limit: Duration) {
    if !limit.is_zero() {
        within(limit, || is_quiet(beside(|| std::thread::sleep(Duration::from_millis(300))).1));
    }
}

/// Returns whether figures taken while others used so much of a core can be trusted.
pub(crate) fn is_quiet(others_percent: f64) -> bool {
    others_percent < QUIET_PERCENT
}

/// Returns the clock ticks, 10 ms each, that others have used since the start: those of all cores, less ours.
fn others_ticks() -> i64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let all = stat.lines().next().map_or(0, busy_ticks);
    let session = rustix::process::getsid(None).map_or(0, |pid| i64::from(pid.as_raw_nonzero().get()));
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    // `self` is one of the numbered entries, which are the processes.
    let processes = entries.filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok());
    let stats = processes.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    all - stats.map(|stat| our_ticks(&stat, session)).sum::<i64>()
}

/// Returns the busy ticks of the first line of `/proc/stat` (proc(5)): user, nice, system, idle, iowait, irq,
/// softirq, steal; the guests' that follow are in user.
fn busy_ticks(line: &str) -> i64 {
    let fields = line.split_whitespace().skip(1).take(8).enumerate();
    fields.filter(|(index, _)| !matches!(index, 3 | 4)).filter_map(|(_, field)| field.parse::<i64>().ok()).sum()
}

/// Returns the ticks of a process from its `stat` (proc(5)), with those of its children that have ended, if it is of
/// the session or the kernel's.
fn our_ticks(stat: &str, session: i64) -> i64 {
    // The name, in parentheses, may contain anything; the fields after it are numbers, but for the state.
    let fields: Vec<i64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0))
        .collect();
    match fields.as_slice() {
        [_, parent, _, of_session, _, _, _, _, _, _, _, user, system, children_user, children_system, ..]
            if *of_session == session || *parent == KTHREADD =>
        {
            user + system + children_user + children_system
        }
        _ => 0,
    }
}

/// The parent of the kernel's threads.
const KTHREADD: i64 = 2;

/// A tenth of two cores: below it, rates vary by less than the rounds among themselves.
const QUIET_PERCENT: f64 = 20.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_all_cores() {
        assert_eq!(busy_ticks("cpu  100 20 3000 77777 88888 400 50 6 900 9000"), 3576);
    }

    #[test]
    fn ticks_of_processes() {
        let rows = [
            ("of the session", "7 (a b) c) S 1 7 42 0 -1 0 0 0 0 0 10 20 30 40 20 0", 100),
            ("of another session", "7 (x) S 1 7 43 0 -1 0 0 0 0 0 10 20 30 40 20 0", 0),
            ("of the kernel", "9 (ksoftirqd/0) S 2 0 0 0 -1 0 0 0 0 0 0 5 0 0 20 0", 5),
            ("cut short", "7 (x) S 1 7 42", 0),
        ];
        for (name, stat, want) in rows {
            assert_eq!(our_ticks(stat, 42), want, "{name}");
        }
    }
}
