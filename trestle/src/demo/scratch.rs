//! A directory of the demonstration's own, for the control socket.

use super::DemoError;
use std::fs;
use std::path::{Path, PathBuf};

/// A directory that goes with its value.
pub(super) struct Dir(PathBuf);

impl Dir {
    /// Makes a directory that nobody else has.
    pub(super) fn new() -> Result<Self, DemoError> {
        let base = std::env::temp_dir();
        let candidates = (0..100).map(|n| base.join(format!("trestle-demo-{}-{n}", std::process::id())));
        for path in candidates {
            if fs::create_dir(&path).is_ok() {
                return Ok(Self(path));
            }
        }
        Err(DemoError {
            action: format!("make a directory in {}", base.display()),
            why: "set TMPDIR to one that can be written".into(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        // Left behind only if somebody put something in it.
        let _ = fs::remove_dir_all(&self.0);
    }
}
