//! A directory, a daemon and the processes of one test.

use super::fake::Fake;

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, PipeReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;
use trestle::control::Listener;

/// How long anything may take; a machine under load is slow.
const PATIENCE_MILLIS: u64 = 20_000;

pub(crate) struct Scene {
    dir: PathBuf,
    mark: String,
}

/// A daemon in the test's own process.
pub(crate) struct Served {
    fake: Fake,
    dir: PathBuf,
    _listener: Listener,
}

/// A process of the scene.
pub(crate) struct Running {
    child: Child,
    output: RefCell<BufReader<PipeReader>>,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let mark = format!("exec-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(&mark);
        fs::create_dir_all(&dir).unwrap();
        Self { dir, mark }
    }

    /// Serves from here.
    pub(crate) fn serve(&self) -> Served {
        let log = self.dir.join("log");
        let fake = Fake::new(move |line| write_log(&log, line));
        let listener = fake.listen(&self.dir.join("control"));
        Served { fake, dir: self.dir.clone(), _listener: listener }
    }

    /// Serves from a process that can be killed.
    pub(crate) fn start_daemon(&self) -> Running {
        let daemon = self.start_role("daemon");
        daemon.wait_for("ready");
        daemon
    }

    pub(crate) fn exec(&self, options: &str, role: &str) -> Outcome {
        self.start(options, role).finish()
    }

    /// Runs a role under `trestle exec`.
    pub(crate) fn start(&self, options: &str, role: &str) -> Running {
        let again = self.role(role);
        let words = again.get_args().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ");
        let program = format!("env TRESTLE_TEST_ROLE={role} {} {words}", again.get_program().display());
        self.start_program(options, &program)
    }

    /// Runs a role by itself.
    pub(crate) fn run(&self, role: &str) -> Outcome {
        self.start_role(role).finish()
    }

    pub(crate) fn start_role(&self, role: &str) -> Running {
        self.spawn(&mut self.role(role))
    }

    pub(crate) fn plug(&self, arguments: &str) -> Outcome {
        let mut command = self.command(env!("CARGO_BIN_EXE_trestle"));
        self.spawn(command.arg("plug").args(arguments.split_whitespace())).finish()
    }

    pub(crate) fn exec_program(&self, options: &str, program: &str) -> Outcome {
        self.start_program(options, program).finish()
    }

    fn start_program(&self, options: &str, program: &str) -> Running {
        let mut command = self.command(env!("CARGO_BIN_EXE_trestle"));
        command.arg("exec").args(options.split_whitespace()).arg("--").args(program.split_whitespace());
        // A directory of the caller's that may not be searched would answer for what is nowhere.
        command.env("PATH", "/usr/bin:/bin");
        self.spawn(command.env("TRESTLE_DEV", self.dir.join("dev")))
    }

    /// This test program, in a role.
    fn role(&self, role: &str) -> Command {
        let mut command = self.command(std::env::current_exe().unwrap());
        command.args(["roles::role", "--exact", "--nocapture", "--test-threads=1"]).env("TRESTLE_TEST_ROLE", role);
        command
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("TRESTLE_TEST_MARK", &self.mark).env("TRESTLE_TEST_LOG", self.dir.join("log"));
        command.env("TRESTLE_SOCKET", self.dir.join("control"));
        command
    }

    fn spawn(&self, command: &mut Command) -> Running {
        let (reader, writer) = std::io::pipe().unwrap();
        command.stdin(Stdio::null()).stdout(writer.try_clone().unwrap()).stderr(writer);
        let child = command.spawn().unwrap();
        // The command holds the write end, and would keep the output from ending.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Running { child, output: RefCell::new(BufReader::new(reader)) }
    }

    pub(crate) fn log(&self) -> Vec<String> {
        read_log(&self.dir)
    }

    /// Counts the processes of the scene, this one not among them.
    pub(crate) fn processes(&self) -> usize {
        self.marked().len()
    }

    fn marked(&self) -> Vec<PathBuf> {
        let mark = format!("TRESTLE_TEST_MARK={}\0", self.mark);
        let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
        let is_marked = |path: &PathBuf| {
            let environment = fs::read(path.join("environ")).unwrap_or_default();
            environment.windows(mark.len()).any(|window| window == mark.as_bytes())
        };
        processes.filter(is_marked).collect()
    }

    /// Waits until every process of the scene is gone. A zombie has no environment, and is our child or nobody's.
    pub(crate) fn wait_until_empty(&self) {
        wait("processes of the scene to end", || self.processes() == 0);
    }

    pub(crate) fn wait_until_supervisor_has_at_most(&self, descriptors: usize) {
        let count = |path: &PathBuf| fs::read_dir(path.join("fd")).map_or(0, Iterator::count);
        wait("descriptors to be closed", || self.marked().iter().all(|path| count(path) <= descriptors));
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

impl Served {
    pub(crate) fn log(&self) -> Vec<String> {
        read_log(&self.dir)
    }

    pub(crate) fn wait_for(&self, line: &str) {
        wait(line, || self.log().iter().any(|found| found == line));
    }

    pub(crate) fn destroy(&self) {
        self.fake.destroy();
    }
}

impl Running {
    /// Waits until the process has printed a line.
    pub(crate) fn wait_for(&self, line: &str) {
        let mut output = self.output.borrow_mut();
        let mut seen = String::new();
        while !seen.ends_with(&format!("{line}\n")) {
            assert_ne!(output.read_line(&mut seen).unwrap(), 0, "ended before {line:?}: {seen}");
        }
    }

    pub(crate) fn kill(self) {
        drop(self);
    }

    /// Waits until the process has ended, and whoever else has its output.
    pub(crate) fn finish(mut self) -> Outcome {
        let mut output = String::new();
        self.output.borrow_mut().read_to_string(&mut output).unwrap();
        let code = self.child.wait().unwrap().code();
        Outcome { code, output }
    }
}

impl Drop for Running {
    /// Leaves nothing that a test forgot, or did not come to.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Outcome {
    pub(crate) fn passes(&self) {
        assert_eq!(self.code, Some(0), "{}", self.output);
    }
}

pub(crate) fn write_log(path: &std::path::Path, line: &str) {
    use std::io::Write;
    let mut file = fs::File::options().create(true).append(true).open(path).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

fn read_log(dir: &std::path::Path) -> Vec<String> {
    fs::read_to_string(dir.join("log")).unwrap_or_default().lines().map(str::to_owned).collect()
}

pub(crate) fn wait(what: &str, done: impl Fn() -> bool) {
    for _ in 0..PATIENCE_MILLIS / 20 {
        if done() {
            return;
        }
        sleep(Duration::from_millis(20));
    }
    panic!("waited in vain for {what}");
}
