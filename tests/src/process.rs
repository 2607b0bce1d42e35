//! What `/proc` says of a process.

use std::path::PathBuf;

/// A running process, by its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Process(pub u32);

impl Process {
    /// Returns the processes, but this one, in whose environment `text` occurs, sorted: all that a test has started with
    /// a path of its own, whoever is their parent.
    pub fn all_with(text: &str) -> Vec<Self> {
        let numbers = std::fs::read_dir("/proc").expect("/proc is there").flatten();
        let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let has = |number: &u32| {
            let environment = std::fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
            environment.windows(text.len()).any(|window| window == text.as_bytes())
        };
        let mut all: Vec<u32> = numbers.filter(|&number| number != std::process::id()).filter(has).collect();
        all.sort_unstable();
        all.into_iter().map(Self).collect()
    }

    /// Returns what its open descriptors are, sorted: `socket`, `/dev/net/tun`, paths; without inode numbers.
    pub fn descriptors(self) -> Vec<String> {
        let directory = std::fs::read_dir(self.path("fd")).expect("it runs");
        let mut names: Vec<String> = directory
            .flatten()
            .filter_map(|entry| std::fs::read_link(entry.path()).ok())
            .map(|target| target.to_string_lossy().split(":[").next().unwrap_or_default().to_owned())
            .collect();
        names.sort();
        names
    }

    /// Returns the memory that it occupies, in KiB.
    pub fn resident_kib(self) -> u64 {
        self.status("VmRSS:").split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("VmRSS is a number")
    }

    /// Returns the processor time it has used, in clock ticks (1/100 s).
    pub fn ticks(self) -> u64 {
        let stat = self.read("stat");
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let field = |n: usize| after_name.split_whitespace().nth(n).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        field(11) + field(12)
    }

    /// Returns its state, the third field of `/proc/PID/stat`: `R`, `S`, `D`, and so on; `None` if it is no more.
    pub fn state(self) -> Option<char> {
        let stat = std::fs::read_to_string(self.path("stat")).ok()?;
        stat.rsplit(')').next()?.trim_start().chars().next()
    }

    /// Returns its command line, separated by blanks.
    pub fn line(self) -> String {
        std::fs::read_to_string(self.path("cmdline")).unwrap_or_default().replace('\0', " ")
    }

    /// Returns its threads, each of which has rights of its own.
    pub fn threads(self) -> Vec<Self> {
        let threads = std::fs::read_dir(self.path("task")).expect("it runs").flatten();
        threads.filter_map(|thread| thread.file_name().to_str()?.parse().ok().map(Self)).collect()
    }

    /// Returns the times any of its threads gave up the processor or was taken off it.
    pub fn switches(self) -> u64 {
        let threads = std::fs::read_dir(self.path("task")).expect("it runs").flatten();
        let count = |status: String| -> u64 {
            let lines = status.lines().filter(|line| line.contains("ctxt_switches:"));
            lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum()
        };
        threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("status")).ok()).map(count).sum()
    }

    /// Returns a capability set of `/proc/PID/status`: `CapPrm:`, `CapEff:`, `CapBnd:`, `CapInh:` or `CapAmb:`.
    pub fn capabilities(self, set: &str) -> u64 {
        u64::from_str_radix(&self.status(set), 16).expect("hexadecimal")
    }

    /// Returns a line of `/proc/PID/status` without its name.
    pub fn status(self, name: &str) -> String {
        let status = self.read("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in the status of {}", self.0)).trim().to_owned()
    }

    fn read(self, file: &str) -> String {
        let path = self.path(file);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn path(self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.0))
    }
}
