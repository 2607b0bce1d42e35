//! `ifconfig`, from words to what is printed: parse, call the daemon, format.

use crate::control::{Call, CallError, Client, Reply, socket_path};
use crate::ifconfig::{self, Command, Read, Style, UsageError, format};
use crate::output;
use kernel_glue::admin::AdminError;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::process::ExitCode;

/// Runs one command line against the daemon of this user and prints what comes of it.
pub fn main(arguments: &[OsString]) -> ExitCode {
    let text = execute(arguments, &socket_path()).map_err(|error| error.to_string());
    match text.and_then(|text| output::print(&text)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ifconfig: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one command line against the daemon at `socket` and returns what is to be printed.
///
/// # Errors
/// [`Failure`]. When a change fails, the daemon has applied nothing of it.
pub fn execute(arguments: &[OsString], socket: &Path) -> Result<String, Failure> {
    match ifconfig::parse(arguments)? {
        Command::Help(text) => Ok(text),
        Command::Read { read, style } => answer(&mut Client::connect(socket)?, read, style),
        Command::Change { change, then, style } => {
            let mut client = Client::connect(socket)?;
            let cloned = change.interface.clone();
            let mut text = match client.call(&Call::Change(change))? {
                Reply::Changed { created: Some(name) } if name != cloned => format::created(&name, style)?,
                Reply::Changed { .. } => String::new(),
                other @ (Reply::Interfaces(_)
                | Reply::Addresses(_)
                | Reply::Neighbours(_)
                | Reply::Opened { .. }
                | Reply::Ioctl(_)
                | Reply::Closed
                | Reply::Refused(_)
                | Reply::Raw(_)) => {
                    return Err(Failure::unexpected(other));
                }
            };
            if let Some(read) = then {
                text.push_str(&answer(&mut client, read, style)?);
            }
            Ok(text)
        }
    }
}

fn answer(client: &mut Client, read: Read, style: Style) -> Result<String, Failure> {
    let call = match &read {
        Read::Show { which, .. } | Read::Names { which } => Call::Show(which.clone()),
        Read::Addresses { bridge } => Call::Addresses(bridge.clone()),
    };
    match (client.call(&call)?, read) {
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
    /// The daemon cannot be asked.
    Call(CallError),
    /// The daemon refused.
    Refused(AdminError),
    /// The daemon answered something else: it is of another version, or has no place for this connection.
    Foreign(String),
}

impl Failure {
    pub(crate) fn unexpected(reply: Reply) -> Self {
        reply.unexpected().map_or_else(Self::Foreign, Self::Refused)
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

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(error) => error.fmt(out),
            Self::Call(error) => error.fmt(out),
            Self::Refused(error) => error.fmt(out),
            Self::Foreign(what) => write!(out, "the daemon answered {what}; is it of the same version?"),
        }
    }
}

impl std::error::Error for Failure {}
