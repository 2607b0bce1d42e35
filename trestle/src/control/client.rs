//! The caller's side.

use super::descriptor;
use super::message::{self, Call, Reply};
use crate::administer::{Door, Failure};
use kernel_glue::admin::{self, Request};
use kernel_glue::linux::supervise::credentials;
use rustix::fd::BorrowedFd;
use std::fmt;
use std::io::{self, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a daemon may take to answer; it works on one change at a time.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to a daemon.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
    path: PathBuf,
}

impl Client {
    /// Connects to the daemon at `path`.
    ///
    /// # Errors
    /// [`CallError::Unreachable`] when nobody listens there.
    pub fn connect(path: &Path) -> Result<Self, CallError> {
        let unreachable = |error| CallError::Unreachable { path: path.to_owned(), error };
        let stream = UnixStream::connect(path).map_err(unreachable)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(unreachable)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(unreachable)?;
        Ok(Self { stream: BufReader::new(stream), path: path.to_owned() })
    }

    /// Calls a method and waits for its reply.
    ///
    /// # Errors
    /// [`CallError`] when the connection fails or what comes back is no reply to the call.
    pub fn call(&mut self, call: &Call) -> Result<Reply, CallError> {
        message::write(self.stream.get_mut(), &call.to_json()).map_err(|error| self.broken(error))?;
        self.answer(call)
    }

    /// Calls a method that takes a descriptor along, and waits for its reply. The descriptor stays the caller's too.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub fn call_with(&mut self, call: &Call, descriptor: BorrowedFd<'_>) -> Result<Reply, CallError> {
        let mut bytes = call.to_json().to_string().into_bytes();
        bytes.push(0);
        let stream = self.stream.get_mut();
        descriptor::send(&*stream, &bytes, Some(descriptor))
            .and_then(|sent| stream.write_all(bytes.get(sent..).unwrap_or_default()))
            .map_err(|error| self.broken(error))?;
        self.answer(call)
    }

    /// Returns the process that serves the connection, `None` when it is in no process namespace of this one.
    pub fn server(&self) -> Option<u32> {
        credentials(self.stream.get_ref()).ok()?.pid
    }

    fn broken(&self, error: io::Error) -> CallError {
        CallError::Broken { path: self.path.clone(), error }
    }

    fn answer(&mut self, call: &Call) -> Result<Reply, CallError> {
        let broken = |error| CallError::Broken { path: self.path.clone(), error };
        let answer = message::read(&mut self.stream).map_err(broken)?;
        let Some(answer) = answer else {
            return Err(broken(io::ErrorKind::UnexpectedEof.into()));
        };
        Reply::from_json(call, &answer).map_err(|error| broken(error.into()))
    }
}

impl Door for Client {
    fn exchange(&mut self, request: &Request) -> Result<admin::Reply, Failure> {
        match self.call(&Call::Admin(request.clone()))? {
            Reply::Admin(reply) => Ok(reply),
            other @ (Reply::Opened { .. } | Reply::Ioctl(_) | Reply::Closed | Reply::Raw(_)) => other
                .unexpected()
                .map_or_else(|what| Err(Failure::Foreign(what)), |error| Ok(admin::Reply::Refused(error))),
        }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::Unreachable(Box::new(error))
    }
}

/// Why a call got no reply.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError {
    /// Nobody listens.
    Unreachable {
        /// Where.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
    /// The connection ended or carried something else.
    Broken {
        /// Where.
        path: PathBuf,
        /// What happened.
        error: io::Error,
    },
}

impl fmt::Display for CallError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { path, error } => write!(
                out,
                "no daemon answers at {}: {error}; start one with 'trestle run', or set TRESTLE_SOCKET to its socket",
                path.display()
            ),
            Self::Broken { path, error } => {
                write!(out, "the daemon at {} did not answer: {error}; its log says more", path.display())
            }
        }
    }
}

impl std::error::Error for CallError {}
