//! The demonstration: the main job without setup.
//!
//! Hosts that exist only for it are put around a bridge: in a private network namespace if the system allows one
//! (inside a user namespace when not root), else in this process. The daemon, the control socket and the command
//! lines are the real ones; what is printed is what happened.

mod host;
mod kernel_host;
mod memory;
mod namespaces;
mod scratch;
mod story;
mod tap_wire;
mod text;

use host::Host;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// How to run the demonstration.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How to print.
    pub output: Output,
    /// Where to build.
    pub place: Place,
}

/// How to print what happened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Where to build.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Place {
    /// In namespaces if they can be had, else in memory.
    #[default]
    Best,
    /// In memory, whatever can be had.
    Memory,
}

/// Builds, tells the story, and prints it.
///
/// # Errors
/// [`DemoError`] when something could not be built, an echo request went unanswered, or a transfer failed.
pub fn run(options: &Options) -> Result<(), DemoError> {
    let stage = match options.place {
        Place::Memory => memory::build(None)?,
        Place::Best => match namespaces::build() {
            Ok(stage) => stage,
            Err(namespaces::Refusal::NoNamespace(error)) => memory::build(Some(error.to_string()))?,
            Err(namespaces::Refusal::Failed(error)) => return Err(error),
        },
    };
    let report = story::tell(&stage)?;
    let text = match options.output {
        Output::Text => text::of(&report),
        Output::Json => serde_json::to_string_pretty(&report).map_err(DemoError::of("print"))? + "\n",
    };
    crate::output::print(&text).map_err(DemoError::of("print"))?;
    match (report.unanswered(), report.failed()) {
        (0, 0) => Ok(()),
        (0, failed) => Err(DemoError { action: "TCP".into(), why: format!("{failed} transfers failed") }),
        (lost, _) => Err(DemoError { action: "ping".into(), why: format!("{lost} echo requests went unanswered") }),
    }
}

/// What was built: hosts around a daemon that has no bridge yet.
struct Stage {
    /// Where, in words.
    place: String,
    /// The daemon's control socket.
    socket: PathBuf,
    /// Command lines, and what is done to the system after some of them.
    script: Vec<Scene>,
    /// The hosts, the bridge's own among them.
    hosts: Vec<Host>,
    /// What must live as long: the daemon and the like.
    _props: Vec<Box<dyn std::any::Any>>,
}

/// One step of the script.
enum Scene {
    /// A command line of `ifconfig`.
    Ifconfig(&'static str),
    /// Something else, with a line that says what.
    Other(&'static str, Box<dyn Fn() -> Result<(), DemoError>>),
}

/// What happened.
#[derive(Debug, Serialize)]
struct Report {
    place: String,
    hosts: Vec<Described>,
    commands: Vec<Ran>,
    pings: Vec<Pinged>,
    transfers: Vec<Transferred>,
    bridge: Shown,
    addresses: Shown,
}

/// A host, described.
#[derive(Debug, Serialize)]
struct Described {
    name: &'static str,
    address: String,
    interface: &'static str,
    what: &'static str,
}

/// A command line and what it printed.
#[derive(Debug, Serialize)]
struct Ran {
    line: String,
    printed: String,
}

/// Echo requests from one host to another.
#[derive(Debug, Serialize)]
struct Pinged {
    from: &'static str,
    to: &'static str,
    sent: usize,
    answered: usize,
    /// Round-trip times in microseconds.
    median_us: u64,
    worst_us: u64,
}

/// Bytes over TCP from one host to another.
#[derive(Debug, Serialize)]
struct Transferred {
    from: &'static str,
    to: &'static str,
    bytes: u64,
    /// `None` when it failed.
    seconds: Option<f64>,
    gigabits_per_second: Option<f64>,
}

/// Output of a command, as text and as data.
#[derive(Debug, Serialize)]
struct Shown {
    line: String,
    text: String,
    data: serde_json::Value,
}

impl Report {
    fn unanswered(&self) -> usize {
        self.pings.iter().map(|ping| ping.sent.saturating_sub(ping.answered)).sum()
    }

    fn failed(&self) -> usize {
        self.transfers.iter().filter(|transfer| transfer.seconds.is_none()).count()
    }
}

/// What went wrong, and while doing what.
#[derive(Debug)]
pub struct DemoError {
    action: String,
    why: String,
}

impl DemoError {
    /// Returns a closure that names the action which an error ended.
    fn of<E: fmt::Display>(action: &str) -> impl Fn(E) -> Self {
        move |error| Self { action: action.to_owned(), why: error.to_string() }
    }
}

impl fmt::Display for DemoError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "demo: {}: {}", self.action, self.why)
    }
}

impl std::error::Error for DemoError {}
