//! Tests in processes of their own: the test's program runs itself again, for this one test.

use crate::clock;
use crate::fault::FAILED;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// Runs `body` in a process of its own, which fails the test when it does not end well, or not in time.
///
/// The process runs this program with the name of the test, which the type of `body` tells: call this from the test's own function,
/// with a closure.
pub fn test<F: FnOnce()>(body: F) {
    match Place::of::<F>() {
        Place::Child => run(body),
        Place::Parent(name) => {
            let outcome = spawn(&name);
            assert!(outcome.ended_well(), "{name}: {}\n{}", outcome.status, outcome.output);
            outcome.tell_what_was_skipped();
        }
    }
}

/// Runs `body` in a process of its own, in which the kernel must panic or a fault end it, with `message` in what it prints.
pub fn test_that_fails<F: FnOnce()>(message: &str, body: F) {
    match Place::of::<F>() {
        Place::Child => run(body),
        Place::Parent(name) => {
            let outcome = spawn(&name);
            let failed = outcome.status.code() == Some(FAILED) && outcome.output.contains(message);
            assert!(failed, "{name} did not fail with \"{message}\": {}\n{}", outcome.status, outcome.output);
        }
    }
}

enum Place {
    Child,
    /// The test's name.
    Parent(String),
}

impl Place {
    fn of<F>() -> Self {
        let name = test_name(std::any::type_name::<F>());
        if std::env::var_os(CHILD).is_some_and(|child| child == name.as_str()) {
            Self::Child
        } else {
            Self::Parent(name)
        }
    }
}

/// What a child process came to.
struct Outcome {
    status: ExitStatus,
    output: String,
}

impl Outcome {
    /// Passes on what the process said that it could not try here: nobody else sees the output of one that ended well.
    fn tell_what_was_skipped(&self) {
        let mut out = std::io::stderr();
        for line in self.output.lines().filter(|line| line.starts_with("skipped: ")) {
            // Past the harness, which shows what is printed only for a test that fails.
            let _ = writeln!(out, "{line}");
        }
    }

    fn ended_well(&self) -> bool {
        self.status.success() && self.output.contains(DONE)
    }
}

fn run(body: impl FnOnce()) {
    body();
    crate::heap::check();
    let mut out = std::io::stderr();
    // The parent sees that it is missing.
    let _ = writeln!(out, "{DONE}").and_then(|()| out.flush());
    // Threads of modules may still run: nothing of theirs is taken apart under them.
    // SAFETY: takes no memory of ours.
    unsafe { libc::_exit(0) }
}

/// Returns the name that the harness knows a test by, from the type of a closure in it.
fn test_name(closure: &str) -> String {
    let path = closure.split_once("::").map_or(closure, |(_, path)| path);
    path.strip_suffix("::{{closure}}").unwrap_or(path).to_owned()
}

fn spawn(name: &str) -> Outcome {
    match try_spawn(name) {
        Ok(outcome) => outcome,
        Err(error) => Outcome { status: ExitStatus::from_raw(NOT_RUN), output: format!("no process for it: {error}") },
    }
}

fn try_spawn(name: &str) -> io::Result<Outcome> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--exact", name, "--nocapture", "--include-ignored", "--test-threads=1"]).env(CHILD, name);
    // A kernel that fails takes nothing apart: what it leaves in files goes here.
    let scratch = Scratch::new()?;
    command.env("TMPDIR", &scratch.0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let readers = (child.stdout.take(), child.stderr.take());
    let readers = (std::thread::spawn(|| drain(readers.0)), std::thread::spawn(|| drain(readers.1)));
    let status = wait(&mut child)?;
    // The harness may have begun a line that it did not end.
    let output = [readers.0, readers.1].map(|reader| reader.join().unwrap_or_default()).join("\n");
    Ok(Outcome { status, output })
}

/// A directory for the files of a process, which goes with all that is in it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("kernelland-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is left to whoever cleans the directory of temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Reads to the end what a process prints.
fn drain(from: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    // What came before an error is what there is to show.
    let _ = from.map(|mut from| from.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits for a process, and ends it when it takes too long: its own watchdog should have been faster.
fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    let end = clock::now().saturating_add(MOST_MICROS);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if clock::now() > end {
            child.kill()?;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

const CHILD: &str = "TRESTLE_KERNELLAND_CHILD";
/// What a test prints that has run to its end.
const DONE: &str = "kernelland: the test has ended";
/// A status as of a process that ended with 1.
const NOT_RUN: i32 = 1 << 8;
/// Longer than any time limit of a kernel.
const MOST_MICROS: i64 = 600_000_000;
