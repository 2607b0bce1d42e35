//! What is right of a kernel with the add-on in it: no fault that the add-on took part in, and nothing of it left over.

use super::boot;
use crate::clock::within;
use kernelland::{Config, Counts, Fault, Kernel};
use std::collections::BTreeMap;
use std::time::Duration;

/// Runs a test in a kernel of its own with the add-on, and in the end looks for faults. Where nothing can build the add-on,
/// the test is skipped, said in a line.
///
/// # Panics
/// There are faults, or `body` panics.
pub fn with_kernel(test: &str, config: Config, body: impl FnOnce(&Kernel)) {
    let Some(kernel) = boot(test, config) else { return };
    body(&kernel);
    sound(&kernel);
}

/// Looks for faults.
///
/// # Panics
/// There are some.
#[track_caller]
pub fn sound(kernel: &Kernel) {
    let report = kernel.report().concerning("trestle");
    assert_eq!(report.faults.iter().find(|fault| !is_the_stacks(fault)), None, "{report}");
    println!("{report}");
}

/// Haiku's ARP takes its lock before an interface's where an address is deleted, and after it where a frame is received.
/// Whoever deletes an address is in the report, and so is the add-on when it was asked to.
fn is_the_stacks(fault: &Fault) -> bool {
    let text = fault.to_string();
    text.contains("\"arp cache\"") && !text.contains("\"trestle")
}

/// Waits until what ends by itself has, and returns what there is.
///
/// # Panics
/// It goes on for twenty seconds.
pub fn settled(kernel: &Kernel) -> Counts {
    let mut last = kernel.counts();
    let stands_still = within(Duration::from_secs(20), || {
        std::thread::sleep(Duration::from_millis(300));
        let before = std::mem::replace(&mut last, kernel.counts());
        before == last
    });
    assert!(stands_still, "{last:?}");
    last
}

/// What the add-on has of the kernel, by place: memory, threads, locks, nodes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Holdings(BTreeMap<String, u64>);

impl Holdings {
    /// Looks.
    pub fn of(kernel: &Kernel) -> Self {
        let mut all = BTreeMap::new();
        for left in kernel.report().concerning("trestle").left {
            // Blocks of one place are told together, with how many there are.
            let blocks = left
                .what
                .split_once(" blocks, ")
                .and_then(|(count, rest)| Some((rest.split_once(" of ")?.1.to_owned(), count.parse().ok()?)));
            // Memory in reserve stays, and has a bound of its own.
            if left.what.contains("heap::reserve::") {
                continue;
            }
            let (place, count) = blocks.unwrap_or_else(|| (left.what.clone(), 1));
            *all.entry(place).or_default() += count;
        }
        Self(all)
    }

    /// Returns what there is more of than in `before`.
    pub fn beyond(&self, before: &Self) -> Self {
        let more = |(place, &count): (&String, &u64)| {
            let count = count.saturating_sub(before.0.get(place).copied().unwrap_or_default());
            (count > 0).then(|| (place.clone(), count))
        };
        Self(self.0.iter().filter_map(more).collect())
    }

    /// Returns whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
