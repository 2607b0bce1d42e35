//! The loader of add-ons: by the rules of Haiku's kernel, not those of the C library.

use crate::symbols::Kind;
use haiku_abi::{B_NOT_AN_EXECUTABLE, status_t};
use std::path::Path;
use std::sync::Arc;

/// A file that is mapped.
#[derive(Debug)]
pub(crate) struct Image {}

impl Image {
    pub(crate) fn symbol(&self, _name: &str, _kind: Kind) -> Option<*const u8> {
        None
    }
}

/// Why a file is not loaded.
#[derive(Debug)]
pub(crate) struct LoadError;

impl LoadError {
    pub(crate) fn status(&self) -> status_t {
        B_NOT_AN_EXECUTABLE
    }
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not an add-on")
    }
}

pub(crate) fn load(_path: &Path) -> Result<Arc<Image>, LoadError> {
    Err(LoadError)
}

pub(crate) fn unload(_image: &Arc<Image>) {}

/// Whether an address lies in a loaded image.
pub(crate) fn contains(_address: usize) -> bool {
    false
}

/// Says which image and symbol an address lies in.
pub(crate) fn place(_address: usize) -> Option<String> {
    None
}

/// Returns the name of an unloaded image in whose range an address lies.
pub(crate) fn unloaded(_address: usize) -> Option<String> {
    None
}
