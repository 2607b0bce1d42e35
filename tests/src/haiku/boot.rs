//! A kernel with the add-on where Haiku would look for it.

use super::add_on;
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
    let file = match add_on() {
        Ok(file) => file,
        Err(need) => {
            skip(test, &need);
            return None;
        }
    };
    let kernel = Kernel::boot(Config { roots: vec![root(&file)], ..config });
    kernel.start_network().expect("the stack starts");
    Some(kernel)
}

/// Returns a directory as Haiku's `add-ons/kernel`, with the add-on in it; it lies with what is built.
fn root(file: &Path) -> PathBuf {
    let test = std::env::current_exe().expect("/proc is there");
    let root = test.ancestors().nth(3).expect("cargo puts tests into TARGET/PROFILE/deps").join("haiku-root");
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
