//! A network namespace that lives as long as its value.

use crate::run::{Ran, run};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::os::fd::AsFd;
use std::process::Command;
use std::time::Duration;

/// A network namespace of our own: loopback up, IPv6 off until asked for.
#[derive(Debug)]
pub struct Ns {
    name: String,
    file: File,
}

impl Ns {
    /// Makes a namespace. `name` must be unique on the machine.
    pub(crate) fn new(name: String) -> Self {
        let mut add = Command::new("ip");
        add.args(["netns", "add", &name]);
        run(add, QUICK).ok();
        let file = File::open(format!("/run/netns/{name}")).expect("the namespace was just made");
        let ns = Self { name, file };
        ns.ip("link set lo up");
        ns.write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
        ns.write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
        ns
    }

    /// Returns its name, as `ip netns` knows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `work` on a thread within the namespace. Sockets and devices that it opens stay there.
    pub fn enter<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        let inside = || {
            move_into_link_name_space(self.file.as_fd(), Some(LinkNameSpaceType::Network)).expect("root may");
            work()
        };
        std::thread::scope(|scope| match scope.spawn(inside).join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }

    /// Runs `ip` with `arguments`, separated by blanks; the test fails if `ip` does.
    #[track_caller]
    pub fn ip(&self, arguments: &str) -> String {
        self.try_ip(arguments).ok()
    }

    /// Runs `ip` with `arguments`, separated by blanks.
    #[track_caller]
    pub fn try_ip(&self, arguments: &str) -> Ran {
        let mut ip = Command::new("ip");
        ip.args(["-n", &self.name]).args(arguments.split_whitespace());
        run(ip, QUICK)
    }

    /// Runs many `ip` commands in one go, one a line; the test fails if one of them does.
    #[track_caller]
    pub fn ip_batch(&self, lines: &str) {
        let path = std::env::temp_dir().join(format!("{}.batch", self.name));
        std::fs::write(&path, lines).expect("the temporary directory is writable");
        let mut ip = Command::new("ip");
        ip.args(["-n", &self.name, "-batch"]).arg(&path);
        let ran = run(ip, QUICK * 3);
        let _ = std::fs::remove_file(&path);
        ran.ok();
    }

    /// Returns a command that will run within the namespace. It replaces itself by `program`, whose process ID it
    /// keeps, and dies with the thread that starts it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, "setpriv", "--pdeathsig", "KILL", program]);
        command
    }

    /// Returns a command that will run within the namespace as [`Self::command`] does, but sees the mounts of the machine,
    /// also those made later, and whose own mounts the machine sees. (`ip netns exec` makes a private mount namespace.)
    pub fn beside(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.name)).args(["setpriv", "--pdeathsig", "KILL", program]);
        command
    }

    /// Writes to a file under `/proc/sys/net`, which shows each namespace its own.
    pub fn write(&self, path: &str, text: &str) {
        self.enter(|| std::fs::write(path, text)).unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Reads a file under `/proc/thread-self/net`, which shows each namespace its own.
    pub fn read(&self, path: &str) -> String {
        self.enter(|| std::fs::read_to_string(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Allows IPv6 on interfaces made afterwards, without the wait for duplicate addresses.
    pub fn allow_ipv6(&self) {
        self.write("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
        self.write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "0");
        self.write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "0");
    }
}

impl Drop for Ns {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

/// Longer than any of these commands takes on a loaded machine.
const QUICK: Duration = Duration::from_secs(20);
