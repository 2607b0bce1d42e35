//! The program under test: `trestle run` in a namespace, and `trestle ifconfig` to talk to it.

use crate::clock::within;
use crate::lab::Lab;
use crate::ns::Ns;
use crate::process::Process;
use crate::program::trestle;
use crate::run::{Ran, run};
use crate::switch::Switch;
use rustix::process::{Pid, Signal, kill_process};
use std::cell::RefCell;
use std::fs::File;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// A daemon of our own, with its socket, state and log in the directory of the test.
#[derive(Debug)]
pub struct Daemon {
    ns: Arc<Ns>,
    directory: PathBuf,
    child: RefCell<Option<Child>>,
}

impl Daemon {
    /// Starts one in `ns` and waits until it answers.
    #[track_caller]
    pub fn start(lab: &Lab, ns: Ns) -> Self {
        let daemon = Self::stopped(lab, ns);
        daemon.run();
        daemon
    }

    /// Prepares one that does not run yet.
    pub fn stopped(lab: &Lab, ns: Ns) -> Self {
        Self { ns: Arc::new(ns), directory: lab.directory().to_owned(), child: RefCell::new(None) }
    }

    /// Starts the program, again if it ran before, and waits until it answers.
    #[track_caller]
    pub fn run(&self) {
        let mut command = self.ns.command(&trestle().to_string_lossy());
        command.args(["run", "--state"]).arg(self.state());
        self.run_as(command);
    }

    /// Starts the program by a command line of the caller's, with our socket in its environment.
    #[track_caller]
    pub fn run_as(&self, mut command: Command) {
        let log = File::options().create(true).append(true).open(self.log_file()).expect("the directory is ours");
        command.env("TRESTLE_SOCKET", self.socket()).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a second handle")).stderr(log);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(self.child.replace(Some(child)).is_none(), "it runs already");
        let answers = within(Duration::from_secs(15), || {
            UnixStream::connect(self.socket()).is_ok() || self.has_ended().is_some()
        });
        assert!(answers && self.has_ended().is_none(), "the daemon does not answer:\n{}", self.log());
    }

    /// Runs `trestle ifconfig` with `arguments`, separated by blanks.
    #[track_caller]
    pub fn ifconfig(&self, arguments: &str) -> Ran {
        let words: Vec<&str> = arguments.split_whitespace().collect();
        run(self.client(&words), Duration::from_secs(30))
    }

    /// Returns the command for `trestle ifconfig`.
    pub fn client(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(trestle());
        command.arg("ifconfig").args(arguments).env("TRESTLE_SOCKET", self.socket());
        command
    }

    /// Runs `trestle ifconfig`, which must succeed, and returns what it printed.
    #[track_caller]
    pub fn ok(&self, arguments: &str) -> String {
        self.ifconfig(arguments).ok()
    }

    /// Runs `trestle ifconfig`, which must refuse and change nothing that it shows, and returns what it said.
    #[track_caller]
    pub fn refuses(&self, arguments: &str) -> String {
        let before = self.ok("-v");
        let said = self.ifconfig(arguments).refused();
        assert_eq!(configured(&self.ok("-v")), configured(&before), "{arguments}: refused, and yet changed something");
        said
    }

    /// Ends it by SIGTERM and returns its exit status.
    #[track_caller]
    pub fn stop(&self) -> ExitStatus {
        self.end(Signal::TERM)
    }

    /// Ends it by SIGKILL.
    #[track_caller]
    pub fn kill(&self) {
        self.end(Signal::KILL);
    }

    /// Returns the running process.
    #[track_caller]
    pub fn process(&self) -> Process {
        Process(self.child.borrow().as_ref().expect("it runs").id())
    }

    /// Returns what it has logged, of all its runs.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Returns where its socket is.
    pub fn socket(&self) -> PathBuf {
        self.directory.join("control")
    }

    /// Returns where its state is.
    pub fn state(&self) -> PathBuf {
        self.directory.join("state.toml")
    }

    /// Returns the directory of its files.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn end(&self, signal: Signal) -> ExitStatus {
        let mut child = self.child.take().expect("it runs");
        kill_process(Pid::from_child(&child), signal).expect("it is ours and not reaped");
        let mut status = None;
        within(Duration::from_secs(15), || {
            status = child.try_wait().expect("it is ours");
            status.is_some()
        });
        status.unwrap_or_else(|| {
            let _ = (child.kill(), child.wait());
            panic!("the daemon does not end:\n{}", self.log())
        })
    }

    fn has_ended(&self) -> Option<ExitStatus> {
        self.child.borrow_mut().as_mut().and_then(|child| child.try_wait().expect("it is ours"))
    }

    fn log_file(&self) -> PathBuf {
        self.directory.join("log")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = (child.kill(), child.wait());
        }
        if std::thread::panicking() {
            eprintln!("log of the daemon:\n{}", self.log());
        }
    }
}

impl Switch for Daemon {
    fn ns(&self) -> &Arc<Ns> {
        &self.ns
    }

    fn create(&self) {
        self.ok("bridge0 create up");
    }

    fn destroy(&self) {
        self.ok("bridge0 destroy");
    }

    fn vport(&self, name: &str) {
        self.ok(&format!("{name} create up"));
    }

    fn add(&self, member: &str) {
        self.ok(&format!("bridge0 addm {member}"));
    }

    fn remove(&self, member: &str) {
        self.ok(&format!("bridge0 deletem {member}"));
    }

    fn address(&self, address: &str) {
        self.ok(&format!("bridge0 inet {address}"));
    }

    fn learned(&self) -> Vec<(String, String)> {
        let table = self.ok("bridge0 addr");
        let line = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [mac, _vlan, member, _seconds, "flags=0<>"] => Some((mac.to_owned(), member.to_owned())),
                _ => None,
            }
        };
        table.lines().filter_map(line).collect()
    }
}

/// Returns the lines of `ifconfig -v` that traffic does not change: counters have a colon-less number at their end.
fn configured(shown: &str) -> String {
    let stays = |line: &&str| !line.contains("frames") && !line.contains("bytes") && !line.contains("addresses");
    shown.lines().filter(stays).collect::<Vec<_>>().join("\n")
}
