//! Why the add-on cannot be asked.

use crate::administer::Failure;
use kernel_glue::haiku_user::Status;
use std::fmt;

/// What keeps a command from the add-on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Trouble {
    /// There is no socket, or no list of interfaces.
    NoStack { status: Status },
    /// No driver makes such devices.
    NotInstalled { interface: String },
    /// The add-on is there, and makes no device of that name for now.
    NoDevice { interface: String },
    /// Somebody brings the interface up, or takes it away.
    Busy { interface: String },
    /// The stack does not make, or remove, the interface.
    Interface { interface: String, status: Status },
    /// The driver of the interface does not know the request.
    AnotherDriver { interface: String, status: Status },
    /// The driver of the interface did not answer.
    NoAnswer { interface: String, status: Status },
}

impl Trouble {
    /// Returns whether it says nothing of the add-on.
    pub(super) fn is_of_another_driver(&self) -> bool {
        matches!(self, Self::AnotherDriver { .. })
    }

    /// Returns whether it may go better with another name.
    pub(super) fn is_of_this_name(&self) -> bool {
        matches!(self, Self::NoDevice { .. } | Self::Busy { .. })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStack { status } => write!(out, "the network stack cannot be asked: {status}"),
            Self::NotInstalled { interface } => write!(
                out,
                "no kernel add-on makes {interface}: the file trestle belongs into add-ons/kernel/network/devices, where install.sh puts \
                 it; /var/log/syslog says why one that is there does not load"
            ),
            Self::NoDevice { interface } => write!(
                out,
                "the add-on makes no {interface} for now: memory is short, or the last {interface} is not gone yet; try again"
            ),
            Self::Busy { interface } => write!(out, "{interface} is being brought up, or taken away; try again"),
            Self::Interface { interface, status } => write!(out, "{interface}: {status}"),
            Self::AnotherDriver { interface, status } => write!(
                out,
                "the driver of {interface} did not answer: {status}; if it is not Trestle's, the name is free once nothing uses the \
                 interface and it is removed: /bin/ifconfig --delete {interface}; if it is, it is of another version: restart after an \
                 update"
            ),
            Self::NoAnswer { interface, status } => write!(out, "the driver of {interface} did not answer: {status}"),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::Unreachable(Box::new(trouble))
    }
}
