//! `ifconfig`, from words to what is printed: parse, ask who administers, format.

use crate::ifconfig::{self, Command, Read, Style, UsageError, format};
use kernel_glue::admin::{AdminError, Question, Reply, Request};
use std::error::Error;
use std::ffi::OsString;
use std::fmt;

/// The way to whoever administers the interfaces: the daemon, or the add-on in the kernel.
pub trait Door {
    /// Says something and waits for the answer.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] or [`Failure::Foreign`]. A refusal is a reply.
    fn exchange(&mut self, request: &Request) -> Result<Reply, Failure>;
}

/// Runs one command line and returns what is to be printed.
///
/// # Errors
/// [`Failure`]. When a change fails, nothing of it was applied.
pub fn execute<D: Door>(arguments: &[OsString], open: impl FnOnce() -> Result<D, Failure>) -> Result<String, Failure> {
    match ifconfig::parse(arguments)? {
        Command::Help(text) => Ok(text),
        Command::Read { read, style } => answer(&mut open()?, read, style),
        Command::Change { change, then, style } => {
            let mut door = open()?;
            let cloned = change.interface.clone();
            let mut text = match door.exchange(&Request::Change(change))? {
                Reply::Changed { created: Some(name) } if name != cloned => format::created(&name, style)?,
                Reply::Changed { .. } => String::new(),
                other @ (Reply::Interfaces(_) | Reply::Addresses(_) | Reply::Neighbours(_) | Reply::Refused(_)) => {
                    return Err(Failure::unexpected(other));
                }
            };
            if let Some(read) = then {
                text.push_str(&answer(&mut door, read, style)?);
            }
            Ok(text)
        }
    }
}

fn answer(door: &mut impl Door, read: Read, style: Style) -> Result<String, Failure> {
    let question = match &read {
        Read::Show { which, .. } | Read::Names { which } => Question::Show(which.clone()),
        Read::Addresses { bridge } => Question::Addresses(bridge.clone()),
    };
    match (door.exchange(&Request::Ask(question))?, read) {
        (Reply::Interfaces(interfaces), Read::Show { verbosity, .. }) => {
            Ok(format::interfaces(&interfaces, verbosity, style)?)
        }
        (Reply::Interfaces(interfaces), Read::Names { .. }) => Ok(format::names(&interfaces, style)?),
        (Reply::Addresses(entries), Read::Addresses { .. }) => Ok(format::addresses(&entries, style)?),
        (other, _) => Err(Failure::unexpected(other)),
    }
}

/// Why a command line came to nothing.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// It cannot be understood.
    Usage(UsageError),
    /// Who administers cannot be asked.
    Unreachable(Box<dyn Error + Send + Sync>),
    /// Who administers refused.
    Refused(AdminError),
    /// The answer was something else: it is of another version, or has no place for this connection.
    Foreign(String),
}

impl Failure {
    /// Says why a reply is none to what was said.
    pub(crate) fn unexpected(reply: Reply) -> Self {
        match reply {
            Reply::Refused(error) => Self::Refused(error),
            Reply::Changed { .. } | Reply::Interfaces(_) | Reply::Addresses(_) | Reply::Neighbours(_) => {
                Self::Foreign("a reply to another call".into())
            }
        }
    }
}

impl From<UsageError> for Failure {
    fn from(error: UsageError) -> Self {
        Self::Usage(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Foreign(error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(error) => error.fmt(out),
            Self::Unreachable(error) => error.fmt(out),
            Self::Refused(error) => error.fmt(out),
            Self::Foreign(what) => write!(out, "the answer was {what}; is the other side of the same version?"),
        }
    }
}

impl Error for Failure {}
