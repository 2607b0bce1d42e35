//! Administration: one set of requests and replies, whatever carries them.
//!
//! A [`Change`] is one command line: it is applied as a whole, or nothing of it is.

mod error;
mod report;
mod request;

pub use error::{AdminError, Errno};
pub use report::{
    AddressEntry, AddressKind, BridgeReport, Counts, InterfaceFlag, InterfaceKind, InterfaceReport, MemberReport,
    TableReport,
};
pub use request::{Change, InetAddress, MemberFlag, StormClass, StpProtocol, Verb};
