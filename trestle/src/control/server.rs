//! The daemon's side: a listener, and a bounded number of connections, each on a thread of its own.

use super::descriptor::Incoming;
use super::message::{self, Call, Reply};
use super::{DESCRIPTION, INTERFACE, Peer};
use rustix::fd::OwnedFd;
use rustix::fs::{FlockOperation, flock, fstat};
use serde_json::json;
use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Connections served at once; a further one is told so and closed.
const MAX_CONNECTIONS: usize = 64;
/// How long a connection may stay silent before its place is given up.
const IDLE: Duration = Duration::from_secs(60);

/// A bound control socket. Dropping it removes the socket and its lock.
#[derive(Debug)]
pub struct Listener {
    listener: UnixListener,
    path: PathBuf,
    _lock: File,
}

/// One call that waits for a reply.
pub struct Served {
    /// The call.
    pub call: Call,
    /// The descriptor that came with it.
    pub fd: Option<OwnedFd>,
    /// Who calls.
    pub peer: Peer,
    /// Takes the reply.
    pub reply: Box<dyn FnOnce(Reply) + Send>,
}

impl Listener {
    /// Binds `path`, creating its directory; one daemon at a time holds it.
    ///
    /// Any user may connect; what a user may do is decided by who it is.
    ///
    /// # Errors
    /// [`ListenError`] when another daemon holds the path or the system refuses.
    pub fn bind(path: &Path) -> Result<Self, ListenError> {
        let fail = |error| ListenError::System { path: path.to_owned(), error };
        if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty() && !dir.exists()) {
            fs::create_dir_all(dir).map_err(fail)?;
            fs::set_permissions(dir, Permissions::from_mode(0o755)).map_err(fail)?;
        }
        let lock = Self::lock(path)?;
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fail(error)),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(path).map_err(fail)?;
        fs::set_permissions(path, Permissions::from_mode(0o666)).map_err(fail)?;
        Ok(Self { listener, path: path.to_owned(), _lock: lock })
    }

    /// Takes the lock beside the socket, which the kernel releases however the daemon ends.
    fn lock(path: &Path) -> Result<File, ListenError> {
        let fail = |error| ListenError::System { path: path.to_owned(), error };
        let lock_path = path.with_extension("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path).map_err(fail)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(ListenError::Held { path: path.to_owned() }),
            Err(errno) => return Err(fail(errno.into())),
        }
        // A daemon that ended between open and flock has unlinked the file that was locked here.
        let linked = fstat(&lock).is_ok_and(|stat| stat.st_nlink > 0);
        if linked { Ok(lock) } else { Self::lock(path) }
    }

    /// Starts serving: each call goes to `deliver`, from a thread of its connection.
    ///
    /// # Errors
    /// The system's, when no thread can be had.
    pub fn serve(&self, deliver: impl Fn(Served) -> bool + Send + Sync + 'static) -> io::Result<()> {
        let listener = self.listener.try_clone()?;
        let deliver = Arc::new(deliver);
        let connections = Arc::new(AtomicUsize::new(0));
        thread::Builder::new().name("control".into()).spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                let deliver = Arc::clone(&deliver);
                let place = Place::take(&connections);
                let spawned = thread::Builder::new().name("client".into()).spawn(move || {
                    let _ = match place {
                        Some(_place) => converse(&stream, &*deliver),
                        None => turn_away(&stream),
                    };
                });
                drop(spawned);
            }
        })?;
        Ok(())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(self.path.with_extension("lock"));
    }
}

/// One of the [`MAX_CONNECTIONS`].
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(count: &Arc<AtomicUsize>) -> Option<Self> {
        count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| (n < MAX_CONNECTIONS).then_some(n.wrapping_add(1)))
            .ok()
            .map(|_| Self(Arc::clone(count)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn turn_away(stream: &UnixStream) -> io::Result<()> {
    let mut stream = stream;
    let busy = json!({ "error": format!("{INTERFACE}.Busy"), "parameters": { "connections": MAX_CONNECTIONS } });
    message::write(&mut stream, &busy)
}

fn converse(stream: &UnixStream, deliver: &dyn Fn(Served) -> bool) -> io::Result<()> {
    stream.set_read_timeout(Some(IDLE))?;
    stream.set_write_timeout(Some(IDLE))?;
    let peer = Peer::of(stream)?;
    let mut reader = BufReader::new(Incoming::new(stream));
    while let Some(bytes) = message::read(&mut reader)? {
        // A descriptor that came while the next message is here already belongs to that one.
        let fd = if reader.buffer().is_empty() { reader.get_mut().take_descriptor() } else { None };
        let answer = match Call::from_json(&bytes) {
            Err(error) => error,
            Ok(Call::Info) => info(),
            Ok(Call::Describe(interface)) => describe(&interface),
            Ok(call) => match ask(call, fd, peer, deliver) {
                Some(reply) => reply.to_json(),
                None => return Ok(()),
            },
        };
        let mut writer = stream;
        message::write(&mut writer, &answer)?;
    }
    Ok(())
}

fn ask(call: Call, fd: Option<OwnedFd>, peer: Peer, deliver: &dyn Fn(Served) -> bool) -> Option<Reply> {
    let (to, from) = std::sync::mpsc::sync_channel(1);
    let reply = Box::new(move |reply| drop(to.try_send(reply)));
    deliver(Served { call, fd, peer, reply }).then(|| from.recv().ok())?
}

fn info() -> serde_json::Value {
    json!({ "parameters": {
        "vendor": "Trestle",
        "product": "trestle",
        "version": env!("CARGO_PKG_VERSION"),
        "url": "",
        "interfaces": ["org.varlink.service", INTERFACE],
    }})
}

fn describe(interface: &str) -> serde_json::Value {
    if interface == INTERFACE {
        return json!({ "parameters": { "description": DESCRIPTION } });
    }
    json!({ "error": "org.varlink.service.InterfaceNotFound", "parameters": { "interface": interface } })
}

/// Why the control socket could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum ListenError {
    /// Another daemon holds it.
    Held {
        /// Where.
        path: PathBuf,
    },
    /// The system refused.
    System {
        /// Where.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
}

impl fmt::Display for ListenError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { path } => write!(
                out,
                "a daemon is running at {}; stop it, or set TRESTLE_SOCKET to another socket",
                path.display()
            ),
            Self::System { path, error } => write!(
                out,
                "cannot open the control socket {}: {error}; set TRESTLE_SOCKET to a path that can be written",
                path.display()
            ),
        }
    }
}

impl std::error::Error for ListenError {}

#[cfg(test)]
mod tests;
