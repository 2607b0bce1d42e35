//! Nodes that programs open, `$TRESTLE_DEV/tap0`: a FUSE file system that this process serves.
//!
//! A [`NodeServer`] mounts a directory with two nodes that clone a device, `tap` and `tun`, and one for each device
//! that is [published](NodeServer::publish). What a program does with an open node comes as requests of the kernel: one
//! thread or a few take them, and answer from the queues of `tap` or leave a token there. Whoever changes what a token
//! waits for answers the program himself, so that a packet takes no thread more than it must. Opens, ioctls and closes
//! are the [`Clerk`]'s; the packets of a device go to the data plane by its [`NodeDevice`].

mod channel;
mod clerk;
mod device;
mod farewell;
mod flights;
mod helpers;
mod ioctl;
mod mount;
mod open;
mod packet;
mod protocol;
mod remote;
mod serve;
mod server;
mod service;
mod tree;
mod wakeup;

pub use clerk::{Clerk, Done, Opened};
pub use device::{Descriptor, NodeDevice, Queues, Waiter};
pub use mount::{MountError, MountStep};
pub use packet::{Packet, Pool};
pub use protocol::request::Caller;
pub use server::{NodeOptions, NodeServer};
pub use tree::Owner;

pub(in crate::linux) use channel::{Channel, Received, RequestBuffer};
pub(in crate::linux) use farewell::{Farewell, Farewells};
pub(in crate::linux) use mount::{detach, errno};
pub(in crate::linux) use protocol::request::{Operation, Request};

#[cfg(test)]
mod tests;
