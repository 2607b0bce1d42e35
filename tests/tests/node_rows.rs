//! Every one of the 25 defects of the driver that the nodes replace has a test that says its number.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The defects, in the order of their numbers.
const ROWS: [&str; 25] = [
    "O_NONBLOCK is ignored",
    "delete while open frees what is in use",
    "delete wakes nobody",
    "down misses a reader between test and wait",
    "creation that fails leaves half a device",
    "open that fails leaves the device busy",
    "one reader, no queues",
    "ten devices at most",
    "a TUN has no IPv6",
    "IPv6 is announced as IPv4",
    "a TAP's MTU counts the header",
    "an MTU that no queue can hold",
    "a full queue: no room to wait for, and never told",
    "what is written while down is delivered later",
    "carrier is always there",
    "short reads and bad addresses lose packets and memory",
    "select tells no error and no end",
    "no ioctls",
    "a random address, not settable",
    "writes of any size",
    "names with paths in them",
    "no clone node, and no end with the program",
    "counters count what was only queued",
    "readv and writev are many packets",
    "interrupted waits leave counts behind",
];

#[test]
fn every_row_has_a_test() {
    let mut sources = Vec::new();
    for part in ["tap/src", "kernel-glue/src", "tests/src", "tests/tests"] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(part), &mut sources);
    }
    let mut named = BTreeSet::new();
    for source in sources {
        let text = std::fs::read_to_string(&source).unwrap_or_default();
        let functions = text.lines().filter_map(|line| line.trim_start().strip_prefix("fn "));
        named.extend(functions.filter_map(|name| name.split_once("defect_")?.1.get(..2)?.parse::<usize>().ok()));
    }
    let missing: Vec<_> = (1..).zip(ROWS).filter(|(number, _)| !named.contains(number)).collect();
    assert!(missing.is_empty(), "no test named defect_NN_...: {missing:?}");
    assert!(named.iter().all(|number| (1..=ROWS.len()).contains(number)), "{named:?}");
}

fn collect(directory: &Path, sources: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path);
        }
    }
}
