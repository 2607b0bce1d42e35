//! What a command line asks for, typed.

use kernel_glue::admin::{Change, Which};

/// One command line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// To print this text, and ask nobody.
    Help(String),
    /// To apply a change, then print the name of a cloned interface and whatever `then` reads.
    Change {
        /// What to change.
        change: Change,
        /// What to show afterwards.
        then: Option<Read>,
        /// How to print.
        style: Style,
    },
    /// To show something.
    Read {
        /// What to show.
        read: Read,
        /// How to print.
        style: Style,
    },
}

/// What to show.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Read {
    /// Interfaces in full.
    Show {
        /// The interfaces.
        which: Which,
        /// How much of each.
        verbosity: Verbosity,
    },
    /// The names of interfaces, `-l`.
    Names {
        /// The interfaces.
        which: Which,
    },
    /// The address table of a bridge, `addr`.
    Addresses {
        /// The bridge.
        bridge: String,
    },
}

/// How much is shown of an interface.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verbosity {
    /// What FreeBSD shows.
    Brief,
    /// Counters, drops and the table's numbers as well, `-v`.
    Verbose,
}

/// How a reply is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// In FreeBSD's layout.
    Text,
    /// As JSON, `-j`.
    Json,
}
