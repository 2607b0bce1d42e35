//! Which paths name a node.

use crate::control::node_directory;
use std::path::{Component, Path, PathBuf};
use tap::Node;

/// The directories in which nodes are looked for.
#[derive(Clone, Debug)]
pub(crate) struct Nodes {
    served: PathBuf,
}

impl Nodes {
    /// Takes the directory where the daemon serves nodes; `/dev` is looked into besides.
    pub(crate) fn new(served: &Path) -> Self {
        Self { served: normal(served) }
    }

    /// Takes the directory that this user's daemon serves.
    pub(crate) fn of_environment() -> Self {
        Self::new(&node_directory())
    }

    /// Returns the node that a path names. `base` is asked only for a path that may, and is relative.
    ///
    /// Links are not followed: what the directory holds, and whether it exists, plays no part.
    pub(crate) fn find(&self, path: &[u8], base: impl FnOnce() -> Option<PathBuf>) -> Option<Node> {
        let path = std::str::from_utf8(path).ok()?;
        if !may_name(path.rsplit('/').next()?) {
            return None;
        }
        let path = if path.starts_with('/') { PathBuf::from(path) } else { base()?.join(path) };
        let path = normal(&path);
        let node = |directory: &Path| path.strip_prefix(directory).ok()?.to_str()?.parse().ok();
        // The daemon serves no `net/tun`.
        node(Path::new("/dev")).or_else(|| node(&self.served).filter(|&node| node != Node::Any))
    }
}

/// Returns whether a last component may belong to a node: all but one in a thousand paths are told by it.
fn may_name(last: &str) -> bool {
    let unit = ["tun", "tap"].iter().find_map(|kind| last.strip_prefix(kind));
    let digits = unit.unwrap_or(last);
    digits.bytes().all(|byte| byte.is_ascii_digit()) && !last.is_empty()
}

/// Resolves `.` and `..` by the words alone.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::Normal(name) => normal.push(name),
            Component::ParentDir => drop(normal.pop()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    normal
}

#[cfg(test)]
mod tests;
