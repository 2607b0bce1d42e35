//! Files that tests compare with exactly.
//!
//! `REGENERATE=1 cargo test -p trestle ifconfig` writes them anew.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Reads a file, by its path from the root of the repository.
pub(super) fn read(path: &str) -> String {
    fs::read_to_string(from_root(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Compares `text` with a file, or writes it.
pub(super) fn compare(path: &str, text: &str) {
    if env::var_os("REGENERATE").is_some() {
        return fs::write(from_root(path), text).unwrap();
    }
    assert_eq!(text, read(path), "{path} differs; see ifconfig/golden.rs");
}

/// Compares `text` with the part of a file between two lines, or writes it there.
pub(super) fn compare_part(path: &str, begin: &str, end: &str, text: &str) {
    let whole = read(path);
    let (before, rest) = whole.split_once(begin).expect(begin);
    let (_, after) = rest.split_once(end).expect(end);
    compare(path, &format!("{before}{begin}{text}{end}{after}"));
}

fn from_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
