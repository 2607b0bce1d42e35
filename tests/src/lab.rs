//! What one test owns: its namespaces' names and a directory.

use crate::clock::within;
use crate::ns::Ns;
use crate::process::Process;
use crate::program::peer;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The place of one test. Dropping it removes its directory; each [`Ns`] removes itself.
#[derive(Debug)]
pub struct Lab {
    prefix: String,
    directory: PathBuf,
}

impl Lab {
    /// Opens a place for the test `name`, or says in one line why the machine cannot and returns `None`. Where
    /// `CI=true` the machine must be able to.
    #[track_caller]
    pub fn open(name: &str) -> Option<Self> {
        if let Some(need) = missing() {
            skip(name, need);
            return None;
        }
        static SWEPT: Once = Once::new();
        SWEPT.call_once(sweep);
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let prefix = format!("tr-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(&prefix);
        // Left by a process of the same number, which is dead.
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir(&directory).expect("the temporary directory is writable");
        Some(Self { prefix, directory })
    }

    /// As [`Self::open`], for a test that runs other people's programs, found where [`peer`] finds them.
    #[track_caller]
    pub fn with_programs(name: &str, programs: &[&str]) -> Option<Self> {
        if let Some(program) = programs.iter().find(|program| peer(program).is_none()) {
            skip(name, &format!("needs {program}"));
            return None;
        }
        Self::open(name)
    }

    /// Makes a namespace; `role` tells it from the others of this test.
    pub fn ns(&self, role: &str) -> Ns {
        Ns::new(format!("{}-{role}", self.prefix))
    }

    /// Returns the directory of this test.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns what of a daemon of this test there still is: mounts in the test's directory, and the command lines of
    /// processes that were given a path there. A keeper of nodes stays, and is not told, as long as anybody's mount
    /// namespace has a copy of their mount, as `unshare --mount` and `ip netns exec` make one of all there is.
    pub fn remains(&self) -> Vec<String> {
        let mut remains = self.mounts_of("self");
        let lines = self.processes().into_iter().map(Process::line);
        remains.extend(lines.filter(|line| !(line.contains(" keeper") && self.is_mounted_elsewhere())));
        remains
    }

    fn is_mounted_elsewhere(&self) -> bool {
        let processes = std::fs::read_dir("/proc").expect("/proc is there").flatten();
        processes.into_iter().any(|entry| !self.mounts_of(&entry.file_name().to_string_lossy()).is_empty())
    }

    /// Returns the mounts in the directory of this test that a process sees.
    fn mounts_of(&self, process: &str) -> Vec<String> {
        let mounts = std::fs::read_to_string(format!("/proc/{process}/mountinfo")).unwrap_or_default();
        let points = mounts.lines().filter_map(|line| line.split(' ').nth(4));
        points.filter(|point| Path::new(point).starts_with(&self.directory)).map(str::to_owned).collect()
    }

    /// Returns the processes that were given a path in the directory of this test by their environment.
    pub fn processes(&self) -> Vec<Process> {
        Process::all_with(&format!("{}/", self.directory.display()))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return; // The log of the daemon is worth keeping.
        }
        // A keeper takes away what a daemon that was just killed had mounted.
        within(Duration::from_secs(2), || {
            let _ = std::fs::remove_dir_all(&self.directory);
            !self.directory.exists()
        });
    }
}

/// Says that a test does not run here, and why; fails it where everything must run.
#[track_caller]
pub(crate) fn skip(name: &str, need: &str) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{name}: {need}");
    // The test passes, and the harness shows what is printed only for one that fails: this goes past it.
    let _ = writeln!(std::io::stderr(), "skipped: {name}: {need}");
}

/// Returns what the machine lacks, if anything.
fn missing() -> Option<&'static str> {
    let has =
        |program: &str| Command::new(program).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !rustix::process::geteuid().is_root() || !may_administer() {
        Some("needs root (network namespaces)")
    } else if !has("ip") || !has("ping") || !has("setpriv") {
        Some("needs ip, ping and setpriv (iproute2, iputils, util-linux)")
    } else if !Path::new("/dev/net/tun").exists() {
        Some("needs /dev/net/tun")
    } else {
        None
    }
}

/// Returns whether root may do what root may: CAP_SYS_ADMIN (21) and CAP_NET_ADMIN (12) are effective.
fn may_administer() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let bits = effective.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or(0);
    bits & (1 << 21) != 0 && bits & (1 << 12) != 0
}

/// Removes namespaces whose test process was killed before it could.
fn sweep() {
    for entry in std::fs::read_dir("/run/netns").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix("tr-").and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        if owner.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            let _ = Command::new("ip").args(["netns", "del", &name]).stderr(Stdio::null()).status();
        }
    }
}
