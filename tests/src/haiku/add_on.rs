//! The add-on's file.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Returns the file of the kernel add-on: `$TRESTLE_ADD_ON`, or the one that `cargo xtask haiku` builds, once a process.
///
/// # Errors
/// What this machine lacks to build it, in a line.
pub fn add_on() -> Result<PathBuf, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FOUND.get_or_init(|| std::env::var_os("TRESTLE_ADD_ON").map_or_else(build, |path| Ok(path.into()))).clone()
}

/// Builds it into the target directory of the running test. Several processes wait for one another, and those that
/// come later find nothing left to do.
fn build() -> Result<PathBuf, String> {
    let target = target();
    let lock = File::create(target.join("haiku.lock")).expect("the target directory can be written");
    lock.lock().expect("a file can be locked");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["run", "--quiet", "--package", "xtask", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .args(["--", "haiku"])
        .env("CARGO_TARGET_DIR", &target)
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&built.stderr);
    if built.status.success() {
        return Ok(target.join("haiku/trestle"));
    }
    let lacking = ["no Rust toolchain here", "no lld"];
    match said.lines().find(|line| lacking.iter().any(|what| line.contains(what))) {
        Some(line) => Err(line.trim_start_matches("xtask: ").to_owned()),
        None => panic!("cargo xtask haiku: {}\n{said}", built.status),
    }
}

/// Returns the folder that cargo has built this program into.
pub(super) fn target() -> PathBuf {
    let program = std::env::current_exe().expect("/proc is there");
    // The first is only in a folder that cargo has made itself.
    let marks = ["CACHEDIR.TAG", ".rustc_info.json"];
    let is_target = |folder: &&Path| marks.iter().any(|mark| folder.join(mark).exists());
    program.ancestors().find(is_target).expect("cargo marks the folder").to_owned()
}
