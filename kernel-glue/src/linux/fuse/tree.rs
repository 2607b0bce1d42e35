//! The directory of nodes: two that clone, and one for each published device.

use super::protocol::ROOT;
use super::protocol::answer::{self, Attributes, Listed};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tap::{DeviceName, Kind, Node};

/// Who may open a node: the kernel checks it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Owner {
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permissions, `0o600` for instance.
    pub mode: u16,
}

/// All nodes, by the number that the kernel knows them by. No number is used again, so what is created once more under
/// a name is another node.
#[derive(Debug)]
pub(super) struct Tree(Mutex<Nodes>);

#[derive(Debug)]
struct Nodes {
    by_number: BTreeMap<u64, Entry>,
    next_number: u64,
}

#[derive(Debug)]
struct Entry {
    node: Node,
    owner: Owner,
    listed: bool,
    /// How often the kernel looked it up and did not forget it. A node that is gone is known as long as that.
    lookups: u64,
}

impl Tree {
    /// Makes a directory with the nodes that clone, which `clones` may open.
    pub(super) fn new(clones: Owner) -> Self {
        let mut nodes = Nodes { by_number: BTreeMap::new(), next_number: FIRST_NUMBER };
        [Kind::Tap, Kind::Tun].into_iter().for_each(|kind| nodes.add(Node::Clone(kind), clones));
        Self(Mutex::new(nodes))
    }

    /// Lists a device, or changes the owner of one that is listed.
    pub(super) fn publish(&self, name: DeviceName, owner: Owner) {
        let mut nodes = self.nodes();
        match nodes.listed(Node::Unit(name)) {
            Some((_, entry)) => entry.owner = owner,
            None => nodes.add(Node::Unit(name), owner),
        }
    }

    /// Lists a device no more; files that are open stay so.
    pub(super) fn withdraw(&self, name: DeviceName) {
        let mut nodes = self.nodes();
        if let Some((number, entry)) = nodes.listed(Node::Unit(name)) {
            entry.listed = false;
            nodes.forget(number, 0);
        }
    }

    /// Returns what has a name, and counts that the kernel knows it.
    pub(super) fn look_up(&self, name: &[u8]) -> Option<Attributes> {
        let name = core::str::from_utf8(name).ok()?;
        let node = name.parse::<Node>().ok()?;
        // The name as it is listed: no other spelling, and none with a slash comes from the kernel.
        let mut nodes = self.nodes();
        let (number, entry) = nodes.listed(node).filter(|_| node.to_string() == name)?;
        entry.lookups = entry.lookups.saturating_add(1);
        Some(entry.attributes(number))
    }

    /// Returns the attributes of a node, or of the directory.
    pub(super) fn attributes(&self, number: u64) -> Option<Attributes> {
        if number == ROOT {
            return Some(DIRECTORY);
        }
        Some(self.nodes().by_number.get(&number)?.attributes(number))
    }

    /// Returns what an open of a node opens, unless it is gone.
    pub(super) fn node(&self, number: u64) -> Option<Node> {
        self.nodes().by_number.get(&number).filter(|entry| entry.listed).map(|entry| entry.node)
    }

    /// The kernel forgets some lookups of a node.
    pub(super) fn forget(&self, number: u64, lookups: u64) {
        self.nodes().forget(number, lookups);
    }

    /// Returns the directory from a position on, as much of it as fits.
    pub(super) fn list(&self, from: u64, bytes: usize) -> Vec<u8> {
        let mut listing = Vec::new();
        // A position is the number of the entry before it, so that it stays true when nodes come and go.
        for (position, name) in [(1, &b"."[..]), (2, b"..")] {
            if position > from && answer::list(&mut listing, bytes, DIRECTORY, position, name) == Listed::Full {
                return listing;
            }
        }
        let nodes = self.nodes();
        for (&number, entry) in nodes.by_number.range(from.saturating_add(1)..).filter(|(_, entry)| entry.listed) {
            let name = entry.node.to_string();
            if answer::list(&mut listing, bytes, entry.attributes(number), number, name.as_bytes()) == Listed::Full {
                break;
            }
        }
        listing
    }

    /// Returns how many nodes are listed.
    pub(super) fn count(&self) -> u64 {
        self.nodes().by_number.values().filter(|entry| entry.listed).count() as u64
    }

    fn nodes(&self) -> MutexGuard<'_, Nodes> {
        // No step between lock and unlock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Nodes {
    fn add(&mut self, node: Node, owner: Owner) {
        self.by_number.insert(self.next_number, Entry { node, owner, listed: true, lookups: 0 });
        self.next_number += 1;
    }

    fn listed(&mut self, node: Node) -> Option<(u64, &mut Entry)> {
        let mut found = self.by_number.iter_mut().filter(|(_, entry)| entry.listed && entry.node == node);
        found.next().map(|(&number, entry)| (number, entry))
    }

    fn forget(&mut self, number: u64, lookups: u64) {
        let Some(entry) = self.by_number.get_mut(&number) else { return };
        entry.lookups = entry.lookups.saturating_sub(lookups);
        if !entry.listed && entry.lookups == 0 {
            self.by_number.remove(&number);
        }
    }
}

impl Entry {
    /// A regular file: a device file would open the kernel's driver of that number, a FIFO the kernel's pipe.
    fn attributes(&self, node: u64) -> Attributes {
        let mode = libc::S_IFREG | u32::from(self.owner.mode & 0o777);
        Attributes { node, mode, uid: self.owner.uid, gid: self.owner.gid }
    }
}

/// Read by all, changed by the daemon alone.
const DIRECTORY: Attributes = Attributes { node: ROOT, mode: libc::S_IFDIR | 0o755, uid: 0, gid: 0 };
/// After the directory and the positions of its two own entries.
const FIRST_NUMBER: u64 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner = Owner { uid: 1000, gid: 1001, mode: 0o640 };

    fn tap(unit: u16) -> DeviceName {
        DeviceName { kind: Kind::Tap, unit }
    }

    fn names(tree: &Tree) -> Vec<String> {
        let (mut names, mut from) = (Vec::new(), 0);
        loop {
            // Room for one entry at a time.
            let listing = tree.list(from, 32);
            if listing.is_empty() {
                return names;
            }
            from = u64::from_ne_bytes(listing[8..16].try_into().unwrap());
            let length = u32::from_ne_bytes(listing[16..20].try_into().unwrap()) as usize;
            names.push(String::from_utf8(listing[24..24 + length].to_vec()).unwrap());
        }
    }

    #[test]
    fn what_is_published_is_listed_and_found() {
        let tree = Tree::new(OWNER);
        tree.publish(tap(0), OWNER);
        tree.publish(tap(7), OWNER);
        tree.publish(tap(7), Owner { mode: 0o666, ..OWNER });
        assert_eq!(names(&tree), [".", "..", "tap", "tun", "tap0", "tap7"]);
        assert_eq!(tree.count(), 4);
        let found = tree.look_up(b"tap7").unwrap();
        assert_eq!((found.mode, found.uid, found.gid), (0o100_666, 1000, 1001));
        assert_eq!(tree.node(found.node), Some(Node::Unit(tap(7))));
        for name in [&b"tap1"[..], b"tap/7", b"tap07", b"net/tun", b".", b"\xff", b""] {
            assert!(tree.look_up(name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn a_withdrawn_node_is_known_until_forgotten() {
        let tree = Tree::new(OWNER);
        tree.publish(tap(0), OWNER);
        let before = tree.look_up(b"tap0").unwrap();
        tree.withdraw(tap(0));
        assert!(tree.look_up(b"tap0").is_none());
        assert_eq!(tree.node(before.node), None, "no more opens");
        assert_eq!(tree.attributes(before.node), Some(before), "fstat of an open file");
        tree.publish(tap(0), OWNER);
        assert_ne!(tree.look_up(b"tap0").unwrap().node, before.node);
        tree.forget(before.node, 1);
        assert_eq!(tree.attributes(before.node), None);
        assert_eq!(names(&tree), [".", "..", "tap", "tun", "tap0"]);
    }
}
