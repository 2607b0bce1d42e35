//! What passes an interface, as `tcpdump` tells it.

use crate::clock::within;
use crate::lab::Lab;
use crate::ns::Ns;
use crate::running::Running;
use std::time::Duration;

/// A running `tcpdump -e`, one line a frame. Dropping it ends it.
#[derive(Debug)]
pub struct Capture {
    tcpdump: Running,
}

impl Capture {
    /// Starts one on `interface` for what `filter` selects, and waits until it listens.
    #[track_caller]
    pub fn start(lab: &Lab, ns: &Ns, interface: &str, filter: &str) -> Self {
        let mut command = ns.beside("tcpdump");
        // Each line at once, no names, times as seconds, every address, whole checksums.
        command.args(["-i", interface, "-l", "-U", "--immediate-mode", "-n", "-tt", "-e", "-v", "-Z", "root"]);
        command.args(filter.split_whitespace());
        let log = lab.directory().join(format!("tcpdump-{}-{interface}.log", ns.name()));
        let mut tcpdump = Running::start(command, log);
        tcpdump.says("listening on", SOON);
        Self { tcpdump }
    }

    /// Returns what it has told of itself and of frames, in one line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for line in self.tcpdump.log().lines() {
            match lines.last_mut() {
                Some(last) if line.starts_with([' ', '\t']) => *last += &format!(" {}", line.trim()),
                _ => lines.push(line.to_owned()),
            }
        }
        lines
    }

    /// Waits for a line with all of `words` and returns it; fails the test if there is none within some seconds.
    #[track_caller]
    pub fn shows(&self, words: &[&str]) -> String {
        let mut found = None;
        within(SOON, || {
            found = self.find(words);
            found.is_some()
        });
        found.unwrap_or_else(|| panic!("no line has {words:?}:\n{}", self.lines().join("\n")))
    }

    /// Returns the first line with all of `words`, if there is one.
    pub fn find(&self, words: &[&str]) -> Option<String> {
        self.lines().into_iter().find(|line| words.iter().all(|word| line.contains(word)))
    }
}

/// Longer than a line takes on a loaded machine.
const SOON: Duration = Duration::from_secs(10);
