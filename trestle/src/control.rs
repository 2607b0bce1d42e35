//! The control protocol: Varlink over a Unix stream socket.
//!
//! A message is a JSON object ended by a NUL octet (<https://varlink.org/Method-Call>). Requests and replies are the
//! types of [`kernel_glue::admin`]; [`DESCRIPTION`] describes them to any Varlink client.
//! A call may carry one descriptor (SCM_RIGHTS) with its first octet.

mod address;
mod client;
pub(crate) mod descriptor;
mod hex;
mod message;
mod peer;
mod server;

pub(crate) use address::is_system_root;
pub use address::{node_directory, socket_path};
pub use client::{CallError, Client};
pub use message::{Call, Ioctl, IoctlAnswer, MAX_MESSAGE_BYTES, Open, Reply};
pub use peer::Peer;
pub use server::{ListenError, Listener, Served};

/// The name of the interface, which prefixes its methods and errors.
pub const INTERFACE: &str = "org.trestle.Control";

/// The interface in Varlink's definition language.
pub const DESCRIPTION: &str = include_str!("control/org.trestle.Control.varlink");
