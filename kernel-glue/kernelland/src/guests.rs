//! Modules of Haiku's own, which `TRESTLE_KERNELLAND_MODULES` puts in the places of ours: their faults are theirs.

use crate::loader;
use std::path::PathBuf;
use std::sync::OnceLock;

/// Sets the directory that they are in.
pub(crate) fn come_from(directory: PathBuf) {
    // A process has one kernel, which says so once.
    let _ = DIRECTORY.set(directory);
}

/// Whether the code at an address is theirs, or was.
pub(crate) fn are_at(address: usize) -> bool {
    let theirs = |directory: &PathBuf| loader::path(address).is_some_and(|path| path.starts_with(directory));
    DIRECTORY.get().is_some_and(theirs)
}

/// Whether they alone did what these return addresses say, the innermost first, whoever called them in the end.
pub(crate) fn alone(addresses: &[usize]) -> bool {
    let modules =
        || addresses.iter().filter(|address| loader::path(**address).is_some()).map(|address| are_at(*address));
    modules().next() == Some(true) && !modules().skip_while(|theirs| *theirs).any(|theirs| theirs)
}

static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
