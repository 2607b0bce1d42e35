//! Programs that run beside a test until it ends them.

use crate::clock::within;
use crate::process::Process;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// A program in a process group of its own, with what it prints in a file. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    line: String,
    log: PathBuf,
    before: usize,
}

impl Running {
    /// Starts `command`; what it prints goes to the end of `log`.
    #[track_caller]
    pub fn start(mut command: Command, log: PathBuf) -> Self {
        let line = format!("{command:?}").replace('"', "");
        let file = File::options().create(true).append(true).open(&log).expect("the directory is ours");
        command.stdin(Stdio::null()).process_group(0);
        command.stdout(file.try_clone().expect("a second handle")).stderr(file);
        let before = std::fs::metadata(&log).map_or(0, |file| file.len() as usize);
        let child = command.spawn().unwrap_or_else(|error| panic!("{line}: {error}"));
        Self { child, line, log, before }
    }

    /// Returns the process.
    pub fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// Returns what it has printed.
    pub fn log(&self) -> String {
        let file = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(file.get(self.before..).unwrap_or_default()).into_owned()
    }

    /// Waits until it has printed `text`; fails the test if it ends before, or has not within `limit`.
    #[track_caller]
    pub fn says(&mut self, text: &str, limit: Duration) {
        let mut said = false;
        let over = within(limit, || {
            let ended = self.ended();
            said = self.log().contains(text);
            said || ended.is_some()
        });
        assert!(said, "{} (ended: {over}) does not say {text:?}:\n{}", self.line, self.log());
    }

    /// Sends a signal to it.
    pub fn signal(&self, signal: Signal) {
        // One that has ended by itself is not reaped yet, so that the number is its own.
        kill_process(Pid::from_child(&self.child), signal).expect("it is ours");
    }

    /// Sends a signal to all of its process group, as a terminal does.
    pub fn signal_group(&self, signal: Signal) {
        kill_process_group(Pid::from_child(&self.child), signal).expect("it is ours");
    }

    /// Returns its exit status if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is ours")
    }

    /// Waits until it has ended; fails the test if it has not within `limit`.
    #[track_caller]
    pub fn ends(&mut self, limit: Duration) -> ExitStatus {
        let mut status = None;
        within(limit, || {
            status = self.ended();
            status.is_some()
        });
        let state = self.process().state();
        status.unwrap_or_else(|| panic!("{} (state {state:?}) does not end:\n{}", self.line, self.log()))
    }

    /// Returns the processor time that it uses over two seconds, in clock ticks: 200 is a processor.
    pub fn ticks_over_two_seconds(&self) -> u64 {
        let before = self.process().ticks();
        std::thread::sleep(Duration::from_secs(2));
        self.process().ticks() - before
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        // An unkillable process must not hang the test as well.
        within(Duration::from_secs(5), || !matches!(self.child.try_wait(), Ok(None)));
        if std::thread::panicking() {
            let log = self.log();
            let last = log.lines().rev().take(40).collect::<Vec<_>>();
            eprintln!("{}: the end of its log:", self.line);
            last.iter().rev().for_each(|line| eprintln!("  {line}"));
        }
    }
}
