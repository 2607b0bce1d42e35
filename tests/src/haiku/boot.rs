//! A kernel with the add-on where Haiku would look for it.

use super::add_on::{add_on, target};
use crate::lab::skip;
use kernelland::{Config, Kernel};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Boots a kernel that finds the add-on, and starts its network; `None` where nothing can build the add-on.
///
/// # Panics
/// As where the add-on is not built and everything must run.
#[must_use]
pub fn boot(test: &str, config: Config) -> Option<Kernel> {
    match boot_by_hand(config) {
        Ok(kernel) => Some(kernel),
        Err(need) => {
            skip(test, &need);
            None
        }
    }
}

/// As [`boot`], outside of tests.
///
/// # Errors
/// What this machine lacks to build the add-on, in a line.
pub fn boot_by_hand(config: Config) -> Result<Kernel, String> {
    let root = root(&add_on()?);
    let kernel = Kernel::boot(Config { roots: vec![root], ..config });
    kernel.start_network().expect("the stack starts");
    Ok(kernel)
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
