//! The tree of nodes. Publishing copies most of a driver's hooks; `open` and `select` are read through its table at each call, which
//! therefore has to stay where it is.

use crate::team;
use crate::thread::locked;
use haiku_abi::{B_BAD_TYPE, B_BAD_VALUE, B_ENTRY_NOT_FOUND, B_FILE_EXISTS, device_hooks, status_t};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// A node.
#[derive(Debug)]
pub(crate) struct Node {
    /// Without `/dev/`.
    pub(crate) path: String,
    /// Where the code is that published it.
    pub(crate) caller: usize,
    table: Hooks,
    copied: Copied,
}

/// The table of a driver's hooks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hooks(*const device_hooks);

// SAFETY: whoever publishes a table leaves it in place while the node can be opened, which is Haiku's contract.
unsafe impl Send for Hooks {}
// SAFETY: as above.
unsafe impl Sync for Hooks {}

struct Copied(device_hooks);

impl std::fmt::Debug for Copied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hooks")
    }
}

impl Hooks {
    /// # Safety
    ///
    /// The table stays in place as long as a node with it can be opened or selected.
    pub(crate) unsafe fn at(table: *const device_hooks) -> Self {
        Self(table)
    }

    fn read(self) -> device_hooks {
        // SAFETY: the table is in place, as `at` asks; a driver that was unloaded faults here, as in Haiku.
        unsafe { self.0.read() }
    }
}

impl Node {
    /// The hooks as they were when the node was published.
    pub(crate) fn copied(&self) -> device_hooks {
        self.copied.0
    }

    /// The hooks as the driver's table has them now.
    pub(crate) fn table(&self) -> device_hooks {
        self.table.read()
    }
}

/// Publishes a node, with the directories that lead to it.
pub(crate) fn publish(path: &str, table: Hooks, caller: usize) -> Result<(), status_t> {
    if path.is_empty() || path.starts_with('/') {
        return Err(B_BAD_VALUE);
    }
    let mut tree = locked(&TREE);
    make_directories(&mut tree, path)?;
    if tree.nodes.contains_key(path) || tree.directories.contains(path) {
        return Err(B_FILE_EXISTS);
    }
    let node = Node { path: path.to_owned(), caller, table, copied: Copied(table.read()) };
    tree.nodes.insert(path.to_owned(), Arc::new(node));
    Ok(())
}

/// Makes a directory.
pub(crate) fn directory(path: &str) -> Result<(), status_t> {
    if path.is_empty() || path.starts_with('/') {
        return Err(B_BAD_VALUE);
    }
    let mut tree = locked(&TREE);
    make_directories(&mut tree, path)?;
    if tree.nodes.contains_key(path) || !tree.directories.insert(path.to_owned()) {
        return Err(B_FILE_EXISTS);
    }
    Ok(())
}

/// Takes a node out; what is open goes on, or is cut off.
pub(crate) fn unpublish(path: &str, disconnect: Disconnect) -> Result<(), status_t> {
    let node = {
        let mut tree = locked(&TREE);
        if tree.directories.contains(path) {
            return Err(B_BAD_TYPE);
        }
        tree.nodes.remove(path).ok_or(B_ENTRY_NOT_FOUND)?
    };
    if disconnect == Disconnect::Yes {
        for descriptor in team::descriptors_of(&node) {
            descriptor.disconnect();
        }
    }
    Ok(())
}

/// Whether unpublishing cuts off what is open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Disconnect {
    Yes,
    No,
}

/// Returns the node of a path, with or without `/dev/`.
pub(crate) fn find(path: &str) -> Option<Arc<Node>> {
    let path = path.strip_prefix("/dev/").unwrap_or(path);
    locked(&TREE).nodes.get(path).cloned()
}

/// Returns all nodes, in the order of their paths.
pub(crate) fn nodes() -> Vec<Arc<Node>> {
    locked(&TREE).nodes.values().cloned().collect()
}

fn make_directories(tree: &mut Tree, path: &str) -> Result<(), status_t> {
    for (end, _) in path.match_indices('/') {
        let parent = path.get(..end).unwrap_or_default();
        if tree.nodes.contains_key(parent) {
            return Err(haiku_abi::B_NOT_A_DIRECTORY);
        }
        tree.directories.insert(parent.to_owned());
    }
    Ok(())
}

struct Tree {
    nodes: BTreeMap<String, Arc<Node>>,
    directories: BTreeSet<String>,
}

static TREE: Mutex<Tree> = Mutex::new(Tree { nodes: BTreeMap::new(), directories: BTreeSet::new() });
