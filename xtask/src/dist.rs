//! `cargo xtask haiku-dist`: everything that is carried to a machine with Haiku, in one folder.

use crate::failure::{Failure, at};
use crate::haiku::{place, remove, root, target_folder};
use crate::{haiku, userland};
use std::fs;
use std::path::{Path, PathBuf};

/// Builds add-on and program and puts them with the scripts and the guide into `out`, or into `haiku-dist` of the target
/// folder; returns where that is.
pub(crate) fn build(out: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let out = out.unwrap_or_else(|| target_folder().join("haiku-dist"));
    fs::create_dir_all(&out).map_err(at(&out))?;
    put(haiku::build(None).and_then(|add_on| Ok([add_on, userland::build(None)?])), &out)?;
    for file in FILES {
        let from = root().join(file);
        let name = from.file_name().unwrap_or_default();
        place(&from, &out.join(name))?;
    }
    Ok(out)
}

/// Puts what was built into `out`. If it was not, no older file passes for this build's.
fn put(built: Result<[PathBuf; 2], Failure>, out: &Path) -> Result<(), Failure> {
    let files = ["trestle-add-on", "trestle"].map(|name| out.join(name));
    let placed = built.and_then(|built| built.iter().zip(&files).try_for_each(|(from, to)| place(from, to)));
    if placed.is_err() {
        files.iter().try_for_each(|file| remove(file))?;
    }
    placed
}

/// The scripts, and the guide with what it refers to.
const FILES: [&str; 7] = [
    "packaging/haiku/install.sh",
    "packaging/haiku/make-package.sh",
    "packaging/haiku/PackageInfo.in",
    "docs/haiku.md",
    "docs/ifconfig.md",
    "docs/nodes.md",
    "docs/point-to-point.md",
];

#[cfg(test)]
mod tests;
