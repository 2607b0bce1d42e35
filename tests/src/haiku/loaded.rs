//! The add-on as a file that the kernel finds and loads.

use super::add_on::{add_on, target};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Returns the directories where the kernel looks for add-ons.
///
/// # Errors
/// What this machine lacks to build the add-on, in a line.
pub(super) fn roots() -> Result<Vec<PathBuf>, String> {
    Ok(vec![root(&add_on()?)])
}

/// Returns a directory as Haiku's `add-ons/kernel`, with the add-on in it; it lies with what is built.
fn root(file: &Path) -> PathBuf {
    let root = target().join("haiku-root");
    let devices = root.join("network/devices");
    std::fs::create_dir_all(&devices).expect("the target directory can be written");
    // Others may be looking for it at this moment: it is never missing.
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("{}.{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let new = root.join(name);
    std::os::unix::fs::symlink(file, &new).expect("a link to it");
    std::fs::rename(&new, devices.join("trestle")).expect("a link in its place");
    root
}
