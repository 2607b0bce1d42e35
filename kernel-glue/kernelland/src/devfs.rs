//! `/dev`: nodes that modules and wires publish, and what is open on them.

mod descriptor;
mod tree;

pub(crate) use descriptor::{Blocking, Descriptor};
pub(crate) use tree::{Disconnect, Hooks, Node, directory, find, nodes, publish, unpublish};

#[cfg(test)]
mod tests;
