//! Where the program under test is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Returns the path of `trestle`: `$TRESTLE_PROGRAM`, or the one built, once a process, beside the running test.
pub fn trestle() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| std::env::var_os("TRESTLE_PROGRAM").map_or_else(build, PathBuf::from))
}

/// Returns the path of another's program: in `TARGET/peers/bin`, where `cargo install --root TARGET/peers` puts one, or
/// along `$PATH`.
pub fn peer(name: &str) -> Option<PathBuf> {
    let test = std::env::current_exe().expect("/proc is there");
    let built = test.ancestors().nth(3).expect("cargo puts tests into TARGET/PROFILE/deps").join("peers/bin");
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = [built, ours].into_iter().chain(std::env::split_paths(&path));
    places.map(|place| place.join(name)).find(|program| program.is_file())
}

/// Builds the program into the target directory and in the profile of the running test, `TARGET/PROFILE/deps/NAME`.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("/proc is there");
    let profile = test.parent().and_then(Path::parent).expect("cargo puts tests into TARGET/PROFILE/deps");
    let name = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--package", "trestle", "--profile", name, "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .arg("--target-dir")
        .arg(profile.parent().expect("a profile's directory lies in the target directory"))
        .status()
        .expect("cargo runs");
    assert!(built.success(), "cargo build --package trestle: {built}");
    profile.join("trestle")
}
