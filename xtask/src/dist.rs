//! `cargo xtask haiku-dist`: everything that is carried to a machine with Haiku, in one folder.

use crate::failure::{Failure, at};
use crate::haiku::{place, root, target_folder};
use crate::{haiku, userland};
use std::fs;
use std::path::PathBuf;

/// Builds add-on and program and puts them with the scripts and the guide into `out`, or into `haiku-dist` of the target
/// folder; returns where that is.
pub(crate) fn build(out: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let out = out.unwrap_or_else(|| target_folder().join("haiku-dist"));
    fs::create_dir_all(&out).map_err(at(&out))?;
    place(&haiku::build(None)?, &out.join("trestle-add-on"))?;
    place(&userland::build(None)?, &out.join("trestle"))?;
    for file in FILES {
        let from = root().join(file);
        let name = from.file_name().unwrap_or_default();
        place(&from, &out.join(name))?;
    }
    Ok(out)
}

const FILES: [&str; 4] = [
    "packaging/haiku/install.sh",
    "packaging/haiku/make-package.sh",
    "packaging/haiku/PackageInfo.in",
    "docs/haiku.md",
];
