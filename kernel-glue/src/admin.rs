//! Administration: one set of requests and replies, whatever carries them.
//!
//! A [`Change`] is one command line: it is applied as a whole, or nothing of it is.

mod apply;
mod error;
mod facts;
mod limits;
mod name;
mod refusal;
mod report;
mod request;
mod state;

pub use apply::{Outcome, TableAction};
pub use error::{AdminError, Errno};
pub use facts::{Facts, SystemInterface, SystemKind};
pub use report::{
    AddressEntry, AddressKind, BridgeReport, Counts, InterfaceFlag, InterfaceKind, InterfaceReport, MemberReport,
    TableReport,
};
pub use request::{Change, InetAddress, MemberFlag, StormClass, StpProtocol, Verb};
pub use state::{BridgeState, MemberState, Role, SpanState, State, StaticAddress, VportState};
