//! Where modules are looked for: several directories laid out as `add-ons/kernel`, in order, then what is built in.

use super::image::built_in;
use crate::thread::locked;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Sets the directories, the one that is asked first first.
pub(crate) fn set_roots(roots: Vec<PathBuf>) {
    *locked(&ROOTS) = roots.iter().map(|root| std::path::absolute(root).unwrap_or_else(|_| root.clone())).collect();
}

/// Returns the directories.
pub(super) fn roots() -> Vec<PathBuf> {
    locked(&ROOTS).clone()
}

/// Returns the files that a module of this name can be in: in each directory the first part of the name that is a file.
pub(super) fn candidates(name: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> = roots().iter().filter_map(|root| file_below(root, name)).collect();
    found.extend(built_in().into_iter().filter(|path| Path::new(name).starts_with(path) && !overridden(path)));
    found
}

/// Whether a directory has a file in place of a built-in one.
pub(super) fn overridden(built_in: &Path) -> bool {
    roots().iter().any(|root| root.join(built_in).is_file())
}

fn file_below(root: &Path, name: &str) -> Option<PathBuf> {
    let mut path = root.to_owned();
    for part in name.split('/') {
        path.push(part);
        if path.is_file() {
            return Some(path);
        }
        if !path.is_dir() {
            return None;
        }
    }
    None
}

static ROOTS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
