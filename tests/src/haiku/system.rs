//! A folder laid out as Haiku's `add-ons/kernel`, with the add-on in it.

use super::add_on;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

/// The folder. It stays until it is dropped, which does not happen in a process that ends with a kernel.
#[derive(Debug)]
pub struct System {
    root: PathBuf,
}

impl System {
    /// Lays the folder out; `None`, with a line that says why, where the add-on cannot be built.
    #[track_caller]
    pub fn found(test: &str) -> Option<Self> {
        match add_on() {
            Ok(file) => Some(Self::with(&file, test)),
            Err(lacking) => {
                assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{test}: {lacking}");
                // Past the harness, which shows only what failed.
                let _ = writeln!(std::io::stderr(), "skipped: {test}: {lacking}");
                None
            }
        }
    }

    /// Returns the folder, as a root of modules.
    pub fn root(&self) -> PathBuf {
        self.root.clone()
    }

    fn with(file: &std::path::Path, test: &str) -> Self {
        let root = std::env::temp_dir().join(format!("trestle-{}-{test}", std::process::id()));
        let devices = root.join("network/devices");
        fs::create_dir_all(&devices).expect("the temporary folder can be written");
        let file = fs::canonicalize(file).expect("the add-on was found");
        symlink(file, devices.join("trestle")).expect("the folder is new");
        Self { root }
    }
}

impl Drop for System {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}
