//! The loader of add-ons: by the rules of Haiku's kernel (`load_kernel_add_on`), not those of the C library.
//!
//! A file is mapped once, however many names lead to it. Constructors do not run. Unloading really unmaps, and a file that is
//! loaded again begins with fresh statics; unless [`reuse_ranges`] was said, the range of an unloaded image stays inaccessible, so
//! that a late call into it is a fault which names it.

#[cfg(test)]
pub(crate) mod built;
mod elf;
mod link;
mod memory;
mod names;

use crate::fault::demangle;
use crate::symbols::Kind;
use crate::thread::locked;
use haiku_abi::{B_BAD_DATA, B_ENTRY_NOT_FOUND, B_ERROR, B_MISSING_SYMBOL, B_NO_MEMORY, B_NOT_AN_EXECUTABLE, status_t};
use memory::Mapping;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex, RwLock};

/// A file that is mapped.
#[derive(Debug)]
pub(crate) struct Image {
    path: PathBuf,
    /// Device and number of the file.
    file: (u64, u64),
    range: Range<usize>,
    mapping: Mutex<Option<Mapping>>,
    exports: link::Exports,
    references: AtomicU32,
}

/// Why a file is not loaded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum LoadError {
    Unreadable,
    /// The headers are not those of an add-on.
    Headers(&'static str),
    /// A real kernel would fault over such a file.
    Fatal(&'static str),
    Missing(String),
    WrongType(String),
    Relocation(u32),
    NoMemory,
}

impl LoadError {
    pub(crate) fn status(&self) -> status_t {
        match self {
            Self::Unreadable => B_ENTRY_NOT_FOUND,
            Self::Headers(_) => B_NOT_AN_EXECUTABLE,
            Self::Fatal(_) => B_ERROR,
            Self::Missing(_) | Self::WrongType(_) => B_MISSING_SYMBOL,
            Self::Relocation(_) => B_BAD_DATA,
            Self::NoMemory => B_NO_MEMORY,
        }
    }
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable => f.write_str("cannot be read"),
            Self::Headers(what) => write!(f, "is no add-on: {what}"),
            Self::Fatal(what) => write!(f, "would crash a kernel: {what}"),
            Self::Missing(name) => write!(f, "could not resolve symbol {name}"),
            Self::WrongType(name) => write!(f, "symbol {name} has another type in the kernel"),
            Self::Relocation(kind) => write!(f, "relocation of type {kind}"),
            Self::NoMemory => f.write_str("no memory to map it"),
        }
    }
}

impl Image {
    /// Returns the address of a symbol that the file exports.
    pub(crate) fn symbol(&self, name: &str, kind: Kind) -> Option<*const u8> {
        let symbol = self.exports.get(name).filter(|symbol| symbol.kind == Some(kind))?;
        Some(std::ptr::with_exposed_provenance(symbol.value))
    }
}

/// Loads a file, or refers once more to one that is loaded.
pub(crate) fn load(path: &Path) -> Result<Arc<Image>, LoadError> {
    let _one_at_a_time = locked(&LOADING);
    let metadata = std::fs::metadata(path).map_err(|_| LoadError::Unreadable)?;
    let file = (metadata.dev(), metadata.ino());
    let known = images().iter().find(|image| image.file == file).cloned();
    if let Some(image) = known {
        image.references.fetch_add(1, SeqCst);
        return Ok(image);
    }
    let bytes = std::fs::read(path).map_err(|_| LoadError::Unreadable)?;
    let layout = elf::Layout::read(&bytes)?;
    let mapping = Mapping::reserve(layout.span).ok_or(LoadError::NoMemory)?;
    let base = mapping.base();
    let mut contents = layout.contents(&bytes);
    let exports = match link::link(&layout, &mut contents, base) {
        Ok(exports) => exports,
        Err(error) => {
            mapping.release();
            return Err(error);
        }
    };
    mapping.fill(&contents, &layout.text, &layout.data, layout.text_is_writable);
    let image = Arc::new(Image {
        path: path.to_owned(),
        file,
        range: base..base.saturating_add(layout.span),
        mapping: Mutex::new(Some(mapping)),
        exports,
        references: AtomicU32::new(1),
    });
    IMAGES.write().unwrap_or_else(std::sync::PoisonError::into_inner).push(Arc::clone(&image));
    Ok(image)
}

/// Gives a reference back; the last one unmaps the file.
pub(crate) fn unload(image: &Arc<Image>) {
    let _one_at_a_time = locked(&LOADING);
    if image.references.fetch_sub(1, SeqCst) != 1 {
        return;
    }
    IMAGES.write().unwrap_or_else(std::sync::PoisonError::into_inner).retain(|other| !Arc::ptr_eq(other, image));
    if let Some(mapping) = locked(&image.mapping).take() {
        if REUSE.load(SeqCst) {
            mapping.release();
        } else {
            locked(&UNLOADED).push((image.range.clone(), image.path.clone()));
            mapping.seal();
        }
    }
}

/// Lets the ranges of unloaded images be used again, instead of keeping them inaccessible.
pub(crate) fn reuse_ranges() {
    REUSE.store(true, SeqCst);
}

/// Returns the paths of all images that are mapped.
pub(crate) fn mapped() -> Vec<PathBuf> {
    images().iter().map(|image| image.path.clone()).collect()
}

/// Whether an address lies in a loaded image.
pub(crate) fn contains(address: usize) -> bool {
    find(address).is_some()
}

/// Returns the name of the file in whose image an address lies, or lay before it was unloaded.
pub(crate) fn file_name(address: usize) -> Option<String> {
    path(address)?.file_name().map(|name| name.to_string_lossy().into_owned())
}

/// Returns the path of that file.
pub(crate) fn path(address: usize) -> Option<PathBuf> {
    let path = find(address).map(|image| image.path.clone());
    path.or_else(|| was_here(address).map(|(_, path)| path))
}

/// Says which image and symbol an address lies in, of loaded images and unloaded ones.
pub(crate) fn place(address: usize) -> Option<String> {
    if let Some(image) = find(address) {
        return Some(describe(&image.path, image.range.start, address));
    }
    let (start, path) = was_here(address)?;
    Some(format!("{} (unloaded)", describe(&path, start, address)))
}

/// Says what lies at an address of a file that is mapped from `base` on.
pub(crate) fn describe(path: &Path, base: usize, address: usize) -> String {
    let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let offset = address.wrapping_sub(base);
    match names::nearest(path, offset) {
        Some((symbol, start)) => format!("{file} {}+{:#x}", demangle(&symbol), offset.wrapping_sub(start)),
        None => format!("{file}+{offset:#x}"),
    }
}

/// Returns the function at an offset of a file.
pub(crate) fn function(path: &Path, offset: usize) -> Option<String> {
    names::nearest(path, offset).map(|(symbol, _)| demangle(&symbol))
}

/// Returns the path of an unloaded image in whose range an address lies.
pub(crate) fn unloaded(address: usize) -> Option<String> {
    was_here(address).map(|(_, path)| path.display().to_string())
}

fn was_here(address: usize) -> Option<(usize, PathBuf)> {
    let unloaded = UNLOADED.try_lock().ok()?;
    let (range, path) = unloaded.iter().find(|(range, _)| range.contains(&address))?;
    Some((range.start, path.clone()))
}

/// Finds without waiting: the one who asks may be a signal handler.
fn find(address: usize) -> Option<Arc<Image>> {
    IMAGES.try_read().ok()?.iter().find(|image| image.range.contains(&address)).cloned()
}

fn images() -> Vec<Arc<Image>> {
    IMAGES.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
}

static LOADING: Mutex<()> = Mutex::new(());
static IMAGES: RwLock<Vec<Arc<Image>>> = RwLock::new(Vec::new());
static UNLOADED: Mutex<Vec<(Range<usize>, PathBuf)>> = Mutex::new(Vec::new());
static REUSE: AtomicBool = AtomicBool::new(false);

#[cfg(test)]
mod tests;
