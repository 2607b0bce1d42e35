//! Files of modules: an ELF file, or modules that are built into the kernel and act like a file.

use crate::fault::crate_name;
use crate::loader;
use crate::symbols::Kind;
use crate::thread::locked;
use haiku_abi::{B_BAD_DATA, B_BAD_TYPE, B_ENTRY_NOT_FOUND, module_dependency, module_info, status_t};
use std::collections::HashMap;
use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// A file that is loaded, as the module manager counts it.
#[derive(Debug)]
pub(super) struct ModuleImage {
    pub(super) path: PathBuf,
    modules: Vec<ModuleInfo>,
    dependencies: Vec<Dependency>,
    file: Option<Arc<loader::Image>>,
    references: AtomicU32,
}

/// A module in its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct ModuleInfo(pub(super) *const module_info);

/// A module that those of a file need, and where its address goes.
#[derive(Clone, Debug)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) slot: *mut *mut module_info,
}

// SAFETY: addresses in an image, which stays while something refers to it; what is there, module code shares between threads.
unsafe impl Send for ModuleInfo {}
// SAFETY: as above.
unsafe impl Sync for ModuleInfo {}
// SAFETY: as above.
unsafe impl Send for Dependency {}
// SAFETY: as above.
unsafe impl Sync for Dependency {}

impl ModuleInfo {
    pub(super) fn read(self) -> module_info {
        // SAFETY: the image of the module is loaded, and begins each module with this structure.
        unsafe { self.0.read() }
    }

    pub(super) fn name(self) -> String {
        text(self.read().name)
    }
}

impl ModuleImage {
    pub(super) fn modules(&self) -> &[ModuleInfo] {
        &self.modules
    }

    pub(super) fn dependencies(&self) -> &[Dependency] {
        &self.dependencies
    }
}

/// Makes modules act like a file at `path` below `add-ons/kernel`, as long as no directory of add-ons has that file.
///
/// Reports take the code of the crate that has the first module's operations for the file's.
pub fn provide(path: &str, modules: &[&'static module_info]) {
    let modules = modules.iter().map(|info| ModuleInfo(std::ptr::from_ref(*info))).collect::<Vec<_>>();
    let operations = modules.first().and_then(|module| module.read().std_ops);
    let own = env!("CARGO_PKG_NAME");
    if let Some(name) = operations.and_then(|operations| crate_name(operations as usize)).filter(|name| name != own) {
        locked(&LINKED).push((name, PathBuf::from(path)));
    }
    locked(&BUILT_IN).push((PathBuf::from(path), modules));
}

/// Returns the name of the file in whose image an address lies or lay, or whose modules are of the crate that has the code there.
pub(crate) fn file_name(address: usize) -> Option<String> {
    loader::file_name(address).or_else(|| {
        let linked = locked(&LINKED).clone();
        if linked.is_empty() {
            return None;
        }
        let name = crate_name(address)?;
        let (_, path) = linked.iter().find(|(linked, _)| *linked == name)?;
        path.file_name().map(|name| name.to_string_lossy().into_owned())
    })
}

/// Returns the paths of all built-in files.
pub(super) fn built_in() -> Vec<PathBuf> {
    locked(&BUILT_IN).iter().map(|(path, _)| path.clone()).collect()
}

/// Returns the file, loaded if need be, with one reference more.
pub(super) fn get(path: &Path) -> Result<Arc<ModuleImage>, status_t> {
    let known = locked(&IMAGES).get_or_insert_default().get(path).cloned();
    let image = match known {
        Some(image) => image,
        None => {
            let image = Arc::new(load(path)?);
            locked(&IMAGES).get_or_insert_default().insert(path.to_owned(), Arc::clone(&image));
            image
        }
    };
    image.references.fetch_add(1, SeqCst);
    Ok(image)
}

/// Gives a reference back; the last one unloads the file, at once.
pub(super) fn put(image: &Arc<ModuleImage>) {
    if image.references.fetch_sub(1, SeqCst) == 1 {
        locked(&IMAGES).get_or_insert_default().remove(&image.path);
        if let Some(file) = &image.file {
            loader::unload(file);
        }
    }
}

/// Returns the paths of the files that are loaded now.
pub(crate) fn loaded() -> Vec<PathBuf> {
    let mut paths: Vec<_> = locked(&IMAGES).iter().flatten().map(|(path, _)| path.clone()).collect();
    paths.sort();
    paths
}

fn load(path: &Path) -> Result<ModuleImage, status_t> {
    let references = AtomicU32::new(0);
    let path = path.to_owned();
    if path.is_relative() {
        let built_in = locked(&BUILT_IN);
        let (_, modules) = built_in.iter().find(|(built_in, _)| *built_in == path).ok_or(B_ENTRY_NOT_FOUND)?;
        return Ok(ModuleImage { path, modules: modules.clone(), dependencies: Vec::new(), file: None, references });
    }
    let file = loader::load(&path).map_err(|error| {
        crate::syslog::line(&format!("kernelland: {}: {error}", path.display()));
        error.status()
    })?;
    let Some(list) = file.symbol("modules", Kind::Object) else {
        loader::unload(&file);
        return Err(B_BAD_TYPE);
    };
    let modules = pointers(list).into_iter().map(ModuleInfo).collect::<Vec<_>>();
    if modules.is_empty() {
        loader::unload(&file);
        return Err(B_BAD_DATA);
    }
    let dependencies = file.symbol("module_dependencies", Kind::Object).map_or_else(Vec::new, dependencies);
    Ok(ModuleImage { path, modules, dependencies, file: Some(file), references })
}

/// Reads a list of pointers that null ends.
fn pointers(list: *const u8) -> Vec<*const module_info> {
    let list = list.cast::<*const module_info>();
    let mut modules = Vec::new();
    for at in 0..MOST_ENTRIES {
        // SAFETY: the file's list lies in its image, which is loaded, and goes to its end at least.
        let info = unsafe { list.wrapping_add(at).read() };
        if info.is_null() {
            break;
        }
        modules.push(info);
    }
    modules
}

fn dependencies(list: *const u8) -> Vec<Dependency> {
    let list = list.cast::<module_dependency>();
    let mut dependencies = Vec::new();
    for at in 0..MOST_ENTRIES {
        // SAFETY: as for the list of modules.
        let module_dependency { name, info } = unsafe { list.wrapping_add(at).read() };
        if name.is_null() {
            break;
        }
        dependencies.push(Dependency { name: text(name), slot: info });
    }
    dependencies
}

fn text(name: *const std::ffi::c_char) -> String {
    if name.is_null() {
        return String::new();
    }
    // SAFETY: a name in an image that is loaded.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

static IMAGES: Mutex<Option<HashMap<PathBuf, Arc<ModuleImage>>>> = Mutex::new(None);
/// Crates of this program, with the file that the code of each is taken for.
static LINKED: Mutex<Vec<(String, PathBuf)>> = Mutex::new(Vec::new());
static BUILT_IN: Mutex<Vec<(PathBuf, Vec<ModuleInfo>)>> = Mutex::new(Vec::new());
/// Lists longer than this are taken to be no lists.
const MOST_ENTRIES: usize = 1024;
