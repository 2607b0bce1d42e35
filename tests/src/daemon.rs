//! The program under test: `trestle run` in a namespace, and `trestle ifconfig` to talk to it.

use crate::clock::within;
use crate::lab::Lab;
use crate::ns::Ns;
use crate::process::Process;
use crate::program::trestle;
use crate::run::{Ran, run};
use crate::switch::Switch;
use kernel_glue::admin::{BridgeReport, InterfaceReport, MemberReport};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A daemon of our own, with its socket, state and log in the directory of the test.
#[derive(Debug)]
pub struct Daemon {
    ns: Arc<Ns>,
    directory: PathBuf,
    child: Mutex<Option<Child>>,
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
        Self { ns: Arc::new(ns), directory: lab.directory().to_owned(), child: Mutex::new(None) }
    }

    /// Starts the program, again if it ran before, and waits until it answers.
    #[track_caller]
    pub fn run(&self) {
        self.run_as(self.command());
    }

    /// Returns the command line that [`Self::run`] runs.
    pub fn command(&self) -> Command {
        let mut command = self.ns.command(&trestle().to_string_lossy());
        command.args(["run", "--state"]).arg(self.state()).env("TRESTLE_SOCKET", self.socket());
        command
    }

    /// Starts the program by a command line of the caller's, [`Self::command`] or one like it.
    #[track_caller]
    pub fn run_as(&self, mut command: Command) {
        let log = File::options().create(true).append(true).open(self.log_file()).expect("the directory is ours");
        command.stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a second handle")).stderr(log);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(self.child().replace(child).is_none(), "it runs already");
        let answers = within(Duration::from_secs(15), || {
            UnixStream::connect(self.socket()).is_ok() || self.has_ended().is_some()
        });
        // It listens before all is as it was; it answers afterwards.
        let ready = answers && self.ifconfig("-l").status == Some(0) && self.has_ended().is_none();
        assert!(ready, "the daemon does not answer:\n{}", self.log());
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
        let before = self.configuration();
        let said = self.ifconfig(arguments).refused();
        assert_eq!(self.configuration(), before, "{arguments}: refused, and yet changed something");
        said
    }

    /// Returns what is shown of an interface.
    #[track_caller]
    pub fn report(&self, name: &str) -> InterfaceReport {
        let mut shown = reports(&self.ok(&format!("-j {name}")));
        shown.pop().unwrap_or_else(|| panic!("nothing is shown of {name}"))
    }

    /// Returns what is shown of the bridge `bridge0`.
    #[track_caller]
    pub fn bridge(&self) -> BridgeReport {
        *self.report("bridge0").bridge.expect("a bridge")
    }

    /// Returns what is shown of one member of `bridge0`.
    #[track_caller]
    pub fn member(&self, name: &str) -> MemberReport {
        let bridge = self.bridge();
        let names: Vec<_> = bridge.members.iter().map(|member| member.interface.clone()).collect();
        let member = bridge.members.into_iter().find(|member| member.interface == name);
        member.unwrap_or_else(|| panic!("{name} is no member; there are {names:?}"))
    }

    /// Returns how many frames that entered by, or were bound for, a member of `bridge0` were dropped for `reason`.
    #[track_caller]
    pub fn drops(&self, member: &str, reason: &str) -> u64 {
        self.member(member).counts.drops.get(reason).copied().unwrap_or(0)
    }

    /// Returns what is shown of everything, without what traffic changes.
    #[track_caller]
    pub fn configuration(&self) -> Vec<InterfaceReport> {
        let mut shown = reports(&self.ok("-j"));
        for bridge in shown.iter_mut().filter_map(|interface| interface.bridge.as_mut()) {
            (bridge.host, bridge.total, bridge.table) = Default::default();
            for member in &mut bridge.members {
                (member.counts, member.addresses) = Default::default();
            }
        }
        shown
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
        Process(self.child().as_ref().expect("it runs").id())
    }

    /// Returns its open descriptors, as [`Process::descriptors`] tells them, when they have been the same for a moment:
    /// what a caller used is closed only after the answer.
    pub fn descriptors(&self) -> Vec<String> {
        let mut before = self.process().descriptors();
        within(Duration::from_secs(2), || {
            std::thread::sleep(Duration::from_millis(50));
            let after = self.process().descriptors();
            let same = after == before;
            before = after;
            same
        });
        before
    }

    /// Waits until its open descriptors are those given; fails the test if they are not within five seconds.
    #[track_caller]
    pub fn settles_to(&self, descriptors: &[String]) {
        let settled = within(Duration::from_secs(5), || self.process().descriptors() == descriptors);
        assert!(settled, "open: {:?}\nexpected: {descriptors:?}", self.process().descriptors());
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
        let mut child = self.child().take().expect("it runs");
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
        self.child().as_mut().and_then(|child| child.try_wait().expect("it is ours"))
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log_file(&self) -> PathBuf {
        self.directory.join("log")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let child = self.child().take();
        if let Some(mut child) = child {
            let _ = (child.kill(), child.wait());
        }
        if std::thread::panicking() {
            eprintln!("log of the daemon:\n{}", self.log());
            return;
        }
        let log = self.log();
        let trouble: Vec<_> = log.lines().filter(|line| line.contains("ERROR") || line.contains("panicked")).collect();
        assert!(trouble.is_empty(), "the daemon met trouble that no test asked for: {trouble:#?}");
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

    fn add_all(&self, members: &[String]) {
        self.ok(&format!("bridge0 addm {}", members.join(" addm ")));
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

/// Reads what `ifconfig -j` prints: one interface, or a list.
#[track_caller]
fn reports(text: &str) -> Vec<InterfaceReport> {
    let list: Result<Vec<InterfaceReport>, _> = serde_json::from_str(text);
    let one = || serde_json::from_str(text).map(|interface| vec![interface]);
    list.or_else(|_| one()).unwrap_or_else(|error| panic!("{error}: {text}"))
}
