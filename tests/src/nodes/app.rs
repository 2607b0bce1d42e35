//! An application that holds a device: a Python interpreter, told what to call.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::within;

/// A running Python program, which knows nothing of Trestle. Dropping it kills it.
#[derive(Debug)]
pub struct App {
    child: Mutex<Child>,
    pid: Pid,
    input: Mutex<ChildStdin>,
    waiting: Waiting,
    next: AtomicU64,
}

/// What a call answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Its result; bytes as hexadecimal digits.
    Value(Value),
    /// The name of its error number, `EAGAIN`.
    Errno(String),
}

/// A call on a thread of its own, which may not have returned.
#[derive(Debug)]
pub struct Pending {
    code: String,
    answer: Receiver<Value>,
}

/// Those who wait for an answer, by the number of the question; empty once the program has ended.
type Waiting = Arc<Mutex<BTreeMap<u64, Sender<Value>>>>;

impl App {
    /// Starts one by `command`, which ends with the Python interpreter.
    #[track_caller]
    pub(crate) fn start_as(mut command: Command) -> Self {
        command.args(["-u", "-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{error}: {}", command.get_program().display()));
        let (input, output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let waiting = Waiting::default();
        let readers = Arc::clone(&waiting);
        std::thread::spawn(move || pass_on(output, &readers));
        let pid = Pid::from_child(&child);
        Self { child: Mutex::new(child), pid, input: Mutex::new(input), waiting, next: AtomicU64::new(0) }
    }

    /// Evaluates an expression, or runs a statement, and returns what came of it; the test fails after ten seconds.
    #[track_caller]
    pub fn call(&self, code: &str) -> Answer {
        self.ask(code, "main").wait(LIMIT).unwrap_or_else(|| panic!("{code}: no answer after {LIMIT:?}"))
    }

    /// Starts an expression on a thread of its own.
    #[track_caller]
    pub fn start(&self, code: &str) -> Pending {
        self.ask(code, "own")
    }

    /// Evaluates an expression that must succeed.
    #[track_caller]
    pub fn value(&self, code: &str) -> Value {
        self.call(code).value(code)
    }

    /// Evaluates an expression of bytes.
    #[track_caller]
    pub fn bytes(&self, code: &str) -> Vec<u8> {
        unhex(&self.value(code))
    }

    /// Evaluates an expression of an integer.
    #[track_caller]
    pub fn number(&self, code: &str) -> i64 {
        let value = self.value(code);
        value.as_i64().unwrap_or_else(|| panic!("{code}: no integer: {value}"))
    }

    /// Evaluates an expression of a list of words.
    #[track_caller]
    pub fn words(&self, code: &str) -> Vec<String> {
        words(&self.value(code))
    }

    /// Runs a statement that must succeed.
    #[track_caller]
    pub fn run(&self, code: &str) {
        self.value(code);
    }

    /// Runs what must fail, and returns the name of the error number.
    #[track_caller]
    pub fn error(&self, code: &str) -> String {
        match self.call(code) {
            Answer::Errno(name) => name,
            Answer::Value(value) => panic!("{code}: succeeded: {value}"),
        }
    }

    /// Returns its process ID.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let _ = kill_process(self.pid, signal);
    }

    /// Returns whether it ends, and is gone with all its descriptors, within `limit`.
    pub fn ends(&self, limit: Duration) -> bool {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        within(limit, || child.try_wait().expect("it is ours").is_some())
    }

    #[track_caller]
    fn ask(&self, code: &str, thread: &str) -> Pending {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = channel();
        lock(&self.waiting).insert(id, sender);
        let line = json!({ "id": id, "code": code, "thread": thread == "own" });
        let mut input = lock(&self.input);
        writeln!(input, "{line}").unwrap_or_else(|error| panic!("{code}: the program has ended: {error}"));
        Pending { code: code.to_owned(), answer }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = (child.kill(), child.wait());
    }
}

impl Answer {
    /// Returns the result of a call that must have succeeded.
    #[track_caller]
    fn value(self, code: &str) -> Value {
        match self {
            Self::Value(value) => value,
            Self::Errno(name) => panic!("{code}: {name}"),
        }
    }
}

impl Pending {
    /// Returns the answer if it comes within `limit`. Fails the test if the program ends, or raises what is no error of
    /// a system call.
    #[track_caller]
    pub fn wait(&self, limit: Duration) -> Option<Answer> {
        let answer = match self.answer.recv_timeout(limit) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => return None,
            Err(RecvTimeoutError::Disconnected) => panic!("{}: the program has ended", self.code),
        };
        if let Some(raised) = answer.get("raised") {
            panic!("{}: {raised}", self.code);
        }
        Some(match answer.get("errno").and_then(Value::as_str) {
            Some(name) => Answer::Errno(name.to_owned()),
            None => Answer::Value(answer["value"].clone()),
        })
    }

    /// Returns the answer, which must come within `limit`.
    #[track_caller]
    pub fn within(&self, limit: Duration) -> Answer {
        self.wait(limit).unwrap_or_else(|| panic!("{}: not back after {limit:?}", self.code))
    }

    /// Returns the result, which must come within ten seconds.
    #[track_caller]
    pub fn value(&self) -> Value {
        self.within(LIMIT).value(&self.code)
    }

    /// Returns whether it has not returned for `time`.
    #[track_caller]
    pub fn blocks_for(&self, time: Duration) -> bool {
        self.wait(time).is_none()
    }
}

/// Returns the bytes of hexadecimal digits.
#[track_caller]
pub fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap_or_else(|| panic!("no bytes: {value}"));
    let digits = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap_or_else(|error| panic!("{text}: {error}"));
    (0..text.len()).step_by(2).map(digits).collect()
}

/// Returns the words of a list.
pub fn words(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

/// Gives each answer to who waits for it, until the program closes its output.
fn pass_on(output: ChildStdout, waiting: &Waiting) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let Ok(answer) = serde_json::from_str::<Value>(&line) else { continue };
        let asker = answer["id"].as_u64().and_then(|id| lock(waiting).remove(&id));
        if let Some(asker) = asker {
            let _ = asker.send(answer);
        }
    }
    lock(waiting).clear();
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const SCRIPT: &str = include_str!("app.py");

/// Longer than any call takes that does not wait for something.
const LIMIT: Duration = Duration::from_secs(10);
