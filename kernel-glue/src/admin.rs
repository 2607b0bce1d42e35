//! Administration: one set of requests and replies, whatever carries them.
//!
//! A [`Change`] is one command line: it is applied as a whole, or nothing of it is.

mod apply;
mod blank;
mod engine_config;
mod error;
mod exchange;
mod facts;
mod limits;
mod linked;
mod live;
mod name;
mod octal;
mod picture;
mod plan;
mod platform;
mod refusal;
mod report;
mod request;
mod settings;
mod show;
mod state;
mod table;
mod text;

pub use apply::{Outcome, TableAction};
pub use blank::Blank;
pub use engine_config::{PortRun, engine_config};
pub use error::{AdminError, Errno};
pub use exchange::{Question, Reply, Request, Which};
pub use facts::{Facts, SystemInterface, SystemKind};
pub use linked::report_link;
pub use live::{Condition, Live, OwnLink, answer};
pub use name::{MAX_UNIT, Name, NameError};
pub use picture::{AdminStatus, Attached, Device, Interface, Life, LinkWish, Mtu, Picture};
pub use plan::{Failed, Perform, Plan, Step, SystemError, Undo, attempt, follow, plan};
pub use platform::Platform;
pub use report::{
    AddressEntry, AddressKind, BridgeReport, Counts, InterfaceFlag, InterfaceKind, InterfaceReport, LeaseReport,
    MemberReport, NeighbourEntry, NeighbourKind, NeighbourState, OpenBy, OpenReport, TableReport, TapReport, TunReport,
};
pub use request::{Carrier, Change, InetAddress, MemberFlag, Mss, StormClass, StpProtocol, Topology, Verb};
pub use show::{
    BridgeLive, InterfaceLive, Link, Location, PortLive, TapLive, TunLive, header_text, named, report_addresses,
    report_bindings, report_bridge, report_tap, report_vport,
};
pub use state::{
    BridgeState, LinkState, MemberState, Role, Side, SpanState, StandsFor, State, StaticAddress, TapState, VportState,
};
pub use table::{enter_statics, flush_stopped};
