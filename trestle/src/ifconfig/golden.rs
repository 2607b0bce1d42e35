//! Files that tests compare with exactly.
//!
//! `REGENERATE=1 cargo test -p trestle ifconfig` writes them anew.

use std::path::Path;
use std::{env, fs};

/// Compares `text` with a file, by its path from the root of the repository, or writes it.
pub(super) fn compare(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if env::var_os("REGENERATE").is_some() {
        return fs::write(&path, text).unwrap();
    }
    let want = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(text, want, "{} differs; see ifconfig/golden.rs", path.display());
}

/// Compares `text` with the part of a file between two lines, or writes it there.
pub(super) fn compare_part(path: &str, begin: &str, end: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let whole = fs::read_to_string(&file).unwrap();
    let (before, rest) = whole.split_once(begin).expect(begin);
    let (_, after) = rest.split_once(end).expect(end);
    compare(path, &format!("{before}{begin}{text}{end}{after}"));
}
