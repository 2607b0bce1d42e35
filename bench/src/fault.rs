//! Why something could not be measured.

use std::io;

/// What kept a figure from being taken. None is a verdict on a bridge: a slow one gives a low figure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Not root.
    #[error("it makes network namespaces: run it as root")]
    Rights,
    /// Nobody of that name is compared; who is.
    #[error("--only {0}: there is none of that name; use {1}")]
    Unknown(String, String),
    /// A program that this machine does not have.
    #[error("{0} is not installed")]
    Missing(String),
    /// A program that failed, with its command line and what it said.
    #[error("{line}: {said}")]
    Failed {
        /// The command line.
        line: String,
        /// Its standard error, or how it ended.
        said: String,
    },
    /// Output without the figure that was looked for.
    #[error("no figure in the output of {of}: {text}")]
    Output {
        /// The program.
        of: &'static str,
        /// What it printed.
        text: String,
    },
    /// Something that did not happen within its time.
    #[error("{0} took too long")]
    Late(&'static str),
    /// A refused system call, with what it was for.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        error: io::Error,
    },
}

impl Fault {
    /// Returns a closure that makes a fault of what the system said.
    pub(crate) fn system<E: Into<io::Error>>(what: &'static str) -> impl Fn(E) -> Self {
        move |error| Self::System { what, error: error.into() }
    }

    /// Returns a closure that makes a fault of what the system said through the platform.
    pub(crate) fn refused<E: std::error::Error + Send + Sync + 'static>(what: &'static str) -> impl Fn(E) -> Self {
        move |error| Self::System { what, error: io::Error::other(error) }
    }
}
