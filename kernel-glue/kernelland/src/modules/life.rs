//! The life of a module: found, initialised at the first reference, ended at the last.

use super::image::{self, ModuleImage, ModuleInfo};
use super::{ModulesLock, search};
use crate::depth::call_out;
use crate::syslog;
use crate::thread::{current, locked};
use haiku_abi::{
    B_BAD_VALUE, B_ENTRY_NOT_FOUND, B_ERROR, B_KEEP_LOADED, B_MODULE_INIT, B_MODULE_UNINIT, B_OK, module_info, status_t,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What the manager knows under a name.
#[derive(Clone, Debug)]
struct Module {
    info: ModuleInfo,
    image: Option<Arc<ModuleImage>>,
    state: State,
    references: u32,
    keep_loaded: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Known, or ended again.
    Loaded,
    Initialising,
    Ready,
    Ending,
    /// It refused to end.
    Broken,
}

/// Returns the module of a name with one reference more.
pub(crate) fn get(name: &str) -> Result<*const module_info, status_t> {
    let _lock = ModulesLock::lock();
    let module = with(name, |module| module.clone());
    if module.as_ref().is_none_or(|module| module.image.is_none()) {
        find(name).ok_or(B_ENTRY_NOT_FOUND)?;
    }
    let module = with(name, |module| module.clone()).ok_or(B_ENTRY_NOT_FOUND)?;
    if module.references == 0 {
        let result = initialise(name, &module);
        if let Err(status) = result {
            // Whoever is at work on it keeps the file.
            let unused = |module: &mut Module| if module.state == State::Loaded { module.image.take() } else { None };
            if let Some(image) = with(name, unused).flatten() {
                image::put(&image);
            }
            return Err(status);
        }
    }
    with(name, |module| {
        module.references = module.references.saturating_add(1);
        if module.references == 1 && module.keep_loaded {
            module.references = 2;
        }
        module.info.0
    })
    .ok_or(B_ERROR)
}

/// Gives a reference back.
pub(crate) fn put(name: &str) -> Result<(), status_t> {
    let _lock = ModulesLock::lock();
    let Some(module) = with(name, |module| module.clone()) else {
        syslog::line(&format!("module: put of {name}, which nobody knows"));
        return Err(B_BAD_VALUE);
    };
    if module.references == 0 {
        crate::fault::fail(&format!("module {name} has no references"));
    }
    let left = module.references.saturating_sub(1);
    with(name, |module| module.references = left);
    if left == 0 {
        if module.keep_loaded {
            crate::fault::fail(&format!("module {name} is to stay loaded, and its last reference was given back"));
        }
        end(name, &module);
    }
    Ok(())
}

/// Returns the references of every module that has some.
pub(crate) fn references() -> Vec<(String, u32)> {
    let table = locked(&TABLE);
    table
        .iter()
        .filter(|(_, module)| module.references > 0)
        .map(|(name, module)| (name.clone(), module.references))
        .collect()
}

/// Loads the file that has the module, and enters all of the file's modules.
fn find(name: &str) -> Option<()> {
    for path in search::candidates(name) {
        let Ok(image) = image::get(&path) else { continue };
        if enter(&image, name) {
            with(name, |module| module.image = Some(Arc::clone(&image)));
            return Some(());
        }
        image::put(&image);
    }
    None
}

/// Enters the modules of a file; says whether the wanted one is among those that it could enter.
fn enter(image: &ModuleImage, wanted: &str) -> bool {
    let mut table = locked(&TABLE);
    let mut found = false;
    for info in image.modules() {
        let name = info.name();
        let known = table.get(&name);
        if known.is_some_and(|module| module.image.is_some() || module.references > 0) {
            continue;
        }
        found |= name == wanted;
        let keep_loaded = info.read().flags & B_KEEP_LOADED != 0;
        let module = Module { info: *info, image: None, state: State::Loaded, references: 0, keep_loaded };
        table.insert(name, module);
    }
    found
}

fn initialise(name: &str, module: &Module) -> Result<(), status_t> {
    match module.state {
        State::Loaded => {}
        State::Ready => return Ok(()),
        State::Initialising | State::Ending | State::Broken => {
            syslog::line(&format!("module: {name} is asked for while it is {:?}", module.state));
            return Err(B_ERROR);
        }
    }
    set_state(name, State::Initialising);
    // Haiku keeps those that it got before one of them fails.
    let result = get_dependencies(name, module).and_then(|()| {
        let status = run(module, B_MODULE_INIT);
        if status < B_OK {
            put_dependencies(module);
            return Err(status);
        }
        Ok(())
    });
    set_state(name, if result.is_ok() { State::Ready } else { State::Loaded });
    result
}

fn end(name: &str, module: &Module) {
    if module.state != State::Ready {
        crate::fault::fail(&format!("module {name} is put while it is {:?}", module.state));
    }
    set_state(name, State::Ending);
    let status = run(module, B_MODULE_UNINIT);
    if status == B_OK {
        put_dependencies(module);
        let image = with(name, |module| {
            module.state = State::Loaded;
            module.image.take()
        });
        if let Some(image) = image.flatten() {
            image::put(&image);
        }
        return;
    }
    syslog::line(&format!("module: {name} refuses to end: {status:#x}"));
    with(name, |module| {
        module.state = State::Broken;
        module.keep_loaded = true;
        module.references = 1;
    });
}

fn run(module: &Module, operation: i32) -> status_t {
    let Some(std_ops) = module.info.read().std_ops else { return B_OK };
    call_out(current(), || {
        // SAFETY: the module's own function, of an image that is loaded while the module is referred to.
        unsafe { std_ops(operation) }
    })
}

fn get_dependencies(name: &str, module: &Module) -> Result<(), status_t> {
    for dependency in module.image.iter().flat_map(|image| image.dependencies()) {
        let info = get(&dependency.name).inspect_err(|status| {
            syslog::line(&format!("module: {name} needs {}: {status:#x}", dependency.name));
        })?;
        // SAFETY: the file names the place, in its own image, for this pointer.
        unsafe { dependency.slot.write(info.cast_mut()) };
    }
    Ok(())
}

fn put_dependencies(module: &Module) {
    for dependency in module.image.iter().flat_map(|image| image.dependencies()) {
        if put(&dependency.name).is_err() {
            return;
        }
    }
}

fn set_state(name: &str, state: State) {
    with(name, |module| module.state = state);
}

fn with<R>(name: &str, change: impl FnOnce(&mut Module) -> R) -> Option<R> {
    locked(&TABLE).get_mut(name).map(change)
}

static TABLE: Mutex<BTreeMap<String, Module>> = Mutex::new(BTreeMap::new());
