//! Why a change was refused: the operation, the system's word for it, and what to do about it.

use super::name::Name;
use alloc::format;
use alloc::string::String;
use core::fmt;
use serde::{Deserialize, Serialize};

/// The classes of refusal that `ifconfig` knows, printed in FreeBSD's words.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Errno {
    /// No such thing.
    NotFound,
    /// It is there already.
    Exists,
    /// In use elsewhere.
    Busy,
    /// Out of range or of the wrong kind.
    Invalid,
    /// The caller or the mode does not allow it.
    NotPermitted,
    /// A table is full.
    NoSpace,
    /// No such inet address.
    NotAvailable,
    /// Not built into this program.
    NotSupported,
    /// The system failed.
    Io,
}

impl fmt::Display for Errno {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NotFound => "No such file or directory",
            Self::Exists => "File exists",
            Self::Busy => "Device busy",
            Self::Invalid => "Invalid argument",
            Self::NotPermitted => "Operation not permitted",
            Self::NoSpace => "No space left on device",
            Self::NotAvailable => "Can't assign requested address",
            Self::NotSupported => "Operation not supported",
            Self::Io => "Input/output error",
        })
    }
}

/// A refusal, complete enough to mend its cause.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct AdminError {
    /// What was tried: `BRDGADD eth1`, or a whole sentence such as `interface eth9 does not exist`.
    pub operation: String,
    /// The class; `None` where the operation says it all.
    pub errno: Option<Errno>,
    /// Reason and remedy, `eth1 is a member of bridge1; remove it there first: ifconfig bridge1 deletem eth1`.
    pub detail: String,
}

impl AdminError {
    /// Says that there is no interface of ours of that name, where one is asked about.
    pub fn no_interface(name: &str) -> Self {
        Self { operation: absent(name), errno: None, detail: "ifconfig -l lists those that do".into() }
    }

    /// Says that there is no interface of ours of that name, where one is to be changed.
    pub fn not_created(name: &str) -> Self {
        let detail = match Name::parse(name) {
            Ok(Name::Unit(..)) => format!("create it first: ifconfig {name} create"),
            Ok(Name::Any(_)) => format!("name a unit, {name}0, or create one: ifconfig {name} create"),
            Err(_) => String::new(),
        };
        Self { operation: absent(name), errno: None, detail }
    }

    /// Says that there is an interface of that name, where one is to be created.
    pub fn exists(name: &str, detail: String) -> Self {
        Self { operation: taken(name), errno: None, detail }
    }

    /// Returns whether that is said: [`Verb::Create`](super::Verb::Create) found the name taken.
    pub fn is_taken(&self, name: &str) -> bool {
        self.operation == taken(name)
    }
}

fn absent(name: &str) -> String {
    format!("interface {name} does not exist")
}

fn taken(name: &str) -> String {
    format!("interface {name} already exists")
}

impl fmt::Display for AdminError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.operation)?;
        if let Some(errno) = self.errno {
            write!(out, ": {errno}")?;
        }
        if !self.detail.is_empty() {
            write!(out, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl core::error::Error for AdminError {}
