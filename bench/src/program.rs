//! Programs: those that run to their end within a bound, and those that run until dropped.

use crate::Fault;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Runs `command` to its end and returns its standard output; after `limit` it is killed.
///
/// # Errors
/// When it is missing, ends with another status than 0, or takes longer than `limit`.
pub(crate) fn run(mut command: Command, limit: Duration) -> Result<String, Fault> {
    let line = line(&command);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.map_err(|error| Fault::Failed { line: line.clone(), said: error.to_string() })?;
    let pid = Pid::from_child(&child);
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let output = match ended.recv_timeout(limit) {
        Ok(output) => output.map_err(Fault::system("wait for a program"))?,
        Err(_) => {
            // The thread above has not reaped it, so that the number is still its own.
            let _ = kill_process(pid, Signal::KILL);
            return Err(Fault::Failed { line, said: format!("not at its end after {limit:?}") });
        }
    };
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let said = if err.trim().is_empty() { out } else { err };
    Err(Fault::Failed { line, said: said.trim().chars().take(400).collect() })
}

/// A program in the background. Dropping it kills and reaps it.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    line: String,
}

impl Program {
    /// Starts one, with its output thrown away.
    ///
    /// # Errors
    /// When it is missing.
    pub(crate) fn start(mut command: Command) -> Result<Self, Fault> {
        let line = line(&command);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.map_err(|error| Fault::Failed { line: line.clone(), said: error.to_string() })?;
        Ok(Self { child, line })
    }

    /// Fails when the program has ended.
    pub(crate) fn still_runs(&mut self) -> Result<(), Fault> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(Fault::Failed { line: self.line.clone(), said: status.to_string() }),
            Err(error) => Err(Fault::system("wait for a program")(error)),
        }
    }

    /// Returns the processor time it has used, all threads together, in clock ticks of 10 ms.
    pub(crate) fn ticks(&self) -> u64 {
        ticks_of(self.child.id())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}

/// Returns the processor time that a process has used, all threads together, in clock ticks of 10 ms (proc(5), `stat`).
pub(crate) fn ticks_of(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let field = |n: usize| after_name.split_whitespace().nth(n).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    field(11) + field(12)
}

/// Fails when `program` is not among the programs of this machine.
pub(crate) fn require(program: &str) -> Result<(), Fault> {
    find(program).map(|_| ())
}

/// Returns where a program is: along `$PATH`, where administrators' programs are, or in `peers/bin` of the directory that
/// this program was built into, `TARGET/PROFILE`.
pub(crate) fn find(program: &str) -> Result<PathBuf, Fault> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let this = std::env::current_exe().unwrap_or_default();
    let peers = this.ancestors().nth(2).map(|target| target.join("peers/bin"));
    let beside = ["/usr/sbin", "/sbin"].map(PathBuf::from).into_iter().chain(peers);
    let mut places = std::env::split_paths(&path).chain(beside).map(|directory| directory.join(program));
    places.find(|place| place.is_file()).ok_or_else(|| Fault::Missing(program.to_owned()))
}

fn line(command: &Command) -> String {
    format!("{command:?}").replace('"', "")
}
