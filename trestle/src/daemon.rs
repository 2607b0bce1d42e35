//! The daemon: one control thread that owns all state, between callers and the system.

mod ask;
mod controller;
mod engines;
mod inbox;
mod kernel;
mod memory;
mod moves;
mod store;
mod system;

pub(crate) use kernel::Kernel;
pub(crate) use memory::{Hosts, Memory, wait_readable};

use crate::control::{ListenError, Listener, Served, is_system_root, socket_path};
use controller::Controller;
use inbox::{Inbox, Letterbox};
use kernel_glue::admin::{AdminError, Platform, State};
use kernel_glue::linux::{caps, clock, random};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fmt;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use store::{Store, StoreError};
use system::System;

/// How a daemon runs.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A file to start from; changes are then kept only until the end.
    pub config: Option<PathBuf>,
    /// Where changes are kept, if not in the default place.
    pub state: Option<PathBuf>,
    /// Forwarding threads.
    pub workers: Option<usize>,
    /// Nice value of the forwarding threads.
    pub priority: Option<i32>,
    /// Microseconds to wait actively before blocking.
    pub spin_micros: Option<u32>,
}

/// Runs the daemon until SIGTERM or SIGINT.
///
/// # Errors
/// [`DaemonError`] when it cannot start; what it had done is taken back.
pub fn run(options: &Options) -> Result<(), DaemonError> {
    tracing_subscriber::fmt().with_writer(io::stderr).with_target(false).init();
    let (state, store) = load(options)?;
    state.validate(Platform::Linux).map_err(|error| DaemonError::State { file: file_of(options), error })?;
    let listener = Listener::bind(&socket_path()).map_err(DaemonError::Listen)?;
    let mut kernel = Kernel::start(options).map_err(DaemonError::System)?;
    let inbox = inbox::inbox().map_err(system_error)?;
    kernel.publish_nodes(&inbox.1);
    caps::drop_privileges().map_err(|error| DaemonError::System(error.to_string()))?;
    let (bell, ringer) = UnixStream::pair().map_err(system_error)?;
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::low_level::pipe::register(signal, ringer.try_clone().map_err(system_error)?)
            .map_err(system_error)?;
    }
    serve(kernel, listener, state, store, inbox, &bell)
}

/// A daemon in this process, on a thread of its own. Dropping it shuts the daemon down.
pub(crate) struct Embedded {
    stop: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Starts a daemon without a state file; it listens when this returns.
    pub(crate) fn start<S: System + Send + 'static>(system: S, listener: Listener) -> io::Result<Self> {
        let (bell, stop) = UnixStream::pair()?;
        let inbox = inbox::inbox()?;
        let thread = thread::Builder::new().name("daemon".into()).spawn(move || {
            let served = serve(system, listener, State::default(), None, inbox, &bell);
            if let Err(error) = served {
                tracing::error!("{error}");
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        let _ = self.stop.write_all(&[0]);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Serves until something can be read from `stop`.
fn serve<S: System>(
    system: S,
    listener: Listener,
    state: State,
    store: Option<Store<State>>,
    (inbox, letterbox): (Inbox, Letterbox),
    stop: &UnixStream,
) -> Result<(), DaemonError> {
    let mac = Box::new(random::stable_mac);
    let mut controller = Controller::start(system, state, store, mac).map_err(DaemonError::Refused)?;
    letterbox.serve(&listener).map_err(system_error)?;
    tracing::info!("ready");
    while wait(&mut controller, inbox.doorbell(), stop) == Next::Serve {
        let now = clock::monotonic();
        while let Some(event) = controller.system().poll_event() {
            controller.on_event(event, now);
        }
        controller.settle_applications();
        inbox.answer_doorbell();
        while let Some(Served { call, fd, peer, reply }) = inbox.next_call() {
            reply(controller.handle(call, fd, peer, now));
        }
        while let Some(ask) = inbox.next_ask() {
            controller.answer(ask);
        }
        controller.on_timeout(now);
    }
    tracing::info!("stopping");
    drop(listener);
    controller.shut_down();
    Ok(())
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Next {
    Serve,
    Stop,
}

fn wait<S: System>(controller: &mut Controller<S>, doorbell: &UnixStream, stop: &UnixStream) -> Next {
    let now = clock::monotonic();
    let patience = controller.next_timeout().map(|at| at.since(now)).map(|left| Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: left.subsec_nanos().into(),
    });
    let readable = |fd| PollFd::from_borrowed_fd(fd, PollFlags::IN);
    let mut fds = vec![PollFd::new(stop, PollFlags::IN), PollFd::new(doorbell, PollFlags::IN)];
    let system = controller.system();
    fds.extend(system.event_fds().into_iter().map(readable));
    let hung_up = |fd| PollFd::from_borrowed_fd(fd, PollFlags::empty());
    fds.extend(system.watched_fds().into_iter().map(hung_up));
    // An interrupted wait looks at everything once more, and finds nothing.
    let _ = poll(&mut fds, patience.as_ref());
    let stopped = fds.first().is_some_and(|fd| !fd.revents().is_empty());
    if stopped { Next::Stop } else { Next::Serve }
}

fn load(options: &Options) -> Result<(State, Option<Store<State>>), DaemonError> {
    if let Some(config) = &options.config {
        return store::read_config(config).map(|state| (state, None)).map_err(kept);
    }
    let store = Store::at(file_of(options));
    store.load().map(|state| (state, Some(store))).map_err(kept)
}

/// Returns the file from which the daemon starts.
fn file_of(options: &Options) -> PathBuf {
    if let Some(file) = options.config.as_ref().or(options.state.as_ref()) {
        return file.clone();
    }
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let own = || std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).or_else(home);
    let dir = if is_system_root() { None } else { own() };
    dir.unwrap_or_else(|| "/var/lib".into()).join("trestle/state.toml")
}

fn system_error(error: io::Error) -> DaemonError {
    DaemonError::System(error.to_string())
}

/// Why a daemon does not run.
#[derive(Debug)]
#[non_exhaustive]
pub enum DaemonError {
    /// The file of its state cannot be used.
    Store(StoreFailure),
    /// The file says something that no verb could have said.
    State {
        /// The file.
        file: PathBuf,
        /// What and why.
        error: AdminError,
    },
    /// The control socket cannot be opened.
    Listen(ListenError),
    /// The state cannot be brought about.
    Refused(AdminError),
    /// The system refused what every daemon needs.
    System(String),
}

/// Why a state file cannot be used, in words.
pub type StoreFailure = Box<dyn std::error::Error + Send + Sync>;

impl fmt::Display for DaemonError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(out),
            Self::State { file, error } => write!(out, "{}: {error}", file.display()),
            Self::Listen(error) => error.fmt(out),
            Self::Refused(error) => error.fmt(out),
            Self::System(error) => error.fmt(out),
        }
    }
}

impl std::error::Error for DaemonError {}

fn kept(error: StoreError) -> DaemonError {
    DaemonError::Store(Box::new(error))
}
