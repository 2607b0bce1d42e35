//! Programs that run to their end, within a bound.

use rustix::process::{Pid, Signal, kill_process};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// What a program that ran to its end left behind.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The command line, for messages.
    pub line: String,
    /// The exit status; `None` if a signal ended it.
    pub status: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Ran {
    /// Returns the standard output of a program that ended with status 0; fails the test otherwise.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.status, Some(0), "{}\nstdout: {}\nstderr: {}", self.line, self.stdout, self.stderr);
        self.stdout
    }

    /// Returns the standard error of a program that ended with status 1; fails the test otherwise.
    #[track_caller]
    pub fn refused(self) -> String {
        assert_eq!(self.status, Some(1), "{}\nstdout: {}\nstderr: {}", self.line, self.stdout, self.stderr);
        self.stderr
    }
}

/// Runs `command` to its end; after `limit` it is killed and the test fails.
#[track_caller]
pub fn run(mut command: Command, limit: Duration) -> Ran {
    let line = format!("{command:?}").replace('"', "");
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{line}: {error}"));
    let pid = Pid::from_child(&child);
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let output = match ended.recv_timeout(limit) {
        Ok(output) => output.unwrap_or_else(|error| panic!("{line}: {error}")),
        Err(_) => {
            // The thread above has not reaped it, so that the number is still its own.
            let _ = kill_process(pid, Signal::KILL);
            panic!("{line}: not at its end after {limit:?}");
        }
    };
    Ran {
        line,
        status: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
