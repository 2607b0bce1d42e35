//! A network namespace that lives as long as its value.

use crate::Fault;
use crate::program::run;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::{self, File};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A network namespace of our own: loopback up, IPv6 off.
#[derive(Debug)]
pub(crate) struct Ns {
    name: String,
}

impl Ns {
    /// Makes a namespace. `role` tells it from the others of this process.
    pub(crate) fn new(role: &str) -> Result<Self, Fault> {
        let name = format!("{PREFIX}{}-{role}", std::process::id());
        let mut add = Command::new("ip");
        add.args(["netns", "add", &name]);
        run(add, QUICK)?;
        let ns = Self { name };
        ns.ip("link set lo up")?;
        ns.enter(|| {
            for scope in ["all", "default"] {
                let switch = format!("/proc/sys/net/ipv6/conf/{scope}/disable_ipv6");
                // A kernel without IPv6 has no such file, and needs none.
                let _ = fs::write(switch, "1");
            }
        })?;
        Ok(ns)
    }

    /// Returns its name, as `ip netns` knows it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Runs `work` on a thread within the namespace. Sockets and files of `/proc` that it opens stay there.
    pub(crate) fn enter<R: Send>(&self, work: impl FnOnce() -> R + Send) -> Result<R, Fault> {
        let refused = || Fault::system::<std::io::Error>("enter a network namespace");
        let file = File::open(format!("/run/netns/{}", self.name)).map_err(refused())?;
        let inside = || {
            move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))?;
            Ok(work())
        };
        std::thread::scope(|scope| match scope.spawn(inside).join() {
            Ok(result) => result.map_err(refused()),
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }

    /// Runs `ip` with `arguments`, separated by blanks.
    pub(crate) fn ip(&self, arguments: &str) -> Result<String, Fault> {
        let mut ip = Command::new("ip");
        ip.args(["-n", &self.name]).args(arguments.split_whitespace());
        run(ip, QUICK)
    }

    /// Returns a command that will run within the namespace. It replaces itself by `program`, whose process ID it
    /// keeps, and dies with the thread that starts it.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, "setpriv", "--pdeathsig", "KILL", program]);
        command
    }
}

impl Ns {
    /// As [`Ns::command`], with the mounts of everybody: `ip netns exec` would give each program a view of its own, in
    /// which what another mounts is missing.
    pub(crate) fn command_among_mounts(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.name)).args(["setpriv", "--pdeathsig", "KILL", program]);
        command
    }
}

impl Drop for Ns {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

/// Removes namespaces of benchmarks that were killed before they could.
pub(crate) fn sweep() {
    for name in left_behind(Path::new("/run/netns")) {
        let _ = Command::new("ip").args(["netns", "del", &name]).stderr(Stdio::null()).status();
    }
}

/// Returns the names in a directory that are those of benchmarks whose process is no more.
pub(crate) fn left_behind(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let orphaned = |name: &String| {
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        owner.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists())
    };
    names.filter(orphaned).collect()
}

/// What names of namespaces and directories begin with, before the process ID.
pub(crate) const PREFIX: &str = "trbench-";

/// Longer than any of these commands takes on a loaded machine.
const QUICK: Duration = Duration::from_secs(20);
