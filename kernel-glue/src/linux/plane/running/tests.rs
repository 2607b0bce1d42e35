use crate::linux::skip::tell;
use crate::linux::{Plane, PlaneError, PlaneOptions};
use std::fs;

/// Returns what `/proc` says of the threads of this process that run with a nice value: their `status`.
fn threads_with_nice(nice: &str) -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
    let with_nice = tasks.filter(|task| {
        // A thread of another test may just have ended.
        let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        // proc_pid_stat(5): the nice value is the 19th field, the 17th after the name in parentheses.
        stat.rsplit(") ").next().and_then(|fields| fields.split(' ').nth(16)) == Some(nice)
    });
    with_nice.filter_map(|task| fs::read_to_string(task.path().join("status")).ok()).collect()
}

#[test]
fn workers_are_nice_and_without_privileges() {
    let plane = Plane::start(PlaneOptions { workers: 2, nice: 13, ..PlaneOptions::default() }).unwrap();
    let workers = threads_with_nice("13");
    assert_eq!(workers.len(), 2);
    for status in workers {
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            u64::from_str_radix(line.trim(), 16).unwrap()
        };
        let kept = 1 << 12 | 1 << 13;
        assert_eq!((field("CapEff:") & !kept, field("CapPrm:") & !kept, field("NoNewPrivs:")), (0, 0, 1), "{status}");
    }
    drop(plane);
    assert_eq!(threads_with_nice("13"), [] as [String; 0], "joined");
}

#[test]
fn a_priority_that_is_refused_is_named() {
    let thread = std::thread::spawn(|| {
        // Without capabilities, as an ordinary user.
        crate::linux::caps::drop_privileges().unwrap();
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nice).current;
        if limit != Some(0) {
            let need = format_args!("priorities up to {limit:?} are allowed to everyone");
            return tell("a_priority_that_is_refused_is_named", need);
        }
        let error = Plane::start(PlaneOptions { nice: -9, ..PlaneOptions::default() }).unwrap_err();
        assert!(matches!(error, PlaneError::Nice { nice: -9, .. }), "{error}");
    });
    thread.join().unwrap();
}
