//! Generic system calls: functions that modules register under a name, for programs to call.

use crate::depth::call_out;
use crate::thread::{current, locked};
use haiku_abi::{B_BAD_VALUE, B_ENTRY_NOT_FOUND, B_NAME_IN_USE, B_OK, status_t};
use std::collections::BTreeMap;
use std::ffi::{CString, c_char, c_void};
use std::sync::Mutex;

pub(crate) fn register(subsystem: &str, hook: usize, version: u32, _flags: u32) -> status_t {
    if hook == 0 {
        return B_BAD_VALUE;
    }
    let mut hooks = locked(&HOOKS);
    if hooks.contains_key(subsystem) {
        return B_NAME_IN_USE;
    }
    hooks.insert(subsystem.to_owned(), (hook, version));
    B_OK
}

pub(crate) fn unregister(subsystem: &str, _version: u32) -> status_t {
    locked(&HOOKS).remove(subsystem).map_or(B_ENTRY_NOT_FOUND, |_| B_OK)
}

/// Calls a function of a subsystem, as a program does.
pub(crate) fn call(subsystem: &str, function: u32, buffer: *mut c_void, bytes: usize) -> status_t {
    let Some((hook, _)) = locked(&HOOKS).get(subsystem).copied() else { return B_BAD_VALUE };
    let Ok(name) = CString::new(subsystem) else { return B_BAD_VALUE };
    // SAFETY: a module registered this address as a hook, and takes it back before it goes.
    let hook = unsafe { std::mem::transmute::<*const c_void, Hook>(std::ptr::with_exposed_provenance(hook)) };
    // SAFETY: the module's function; it takes the buffer as a program's.
    call_out(current(), || unsafe { hook(name.as_ptr(), function, buffer, bytes) })
}

/// Returns the names of all subsystems.
pub(crate) fn all() -> Vec<String> {
    locked(&HOOKS).keys().cloned().collect()
}

type Hook = unsafe extern "C" fn(*const c_char, u32, *mut c_void, usize) -> status_t;

static HOOKS: Mutex<BTreeMap<String, (usize, u32)>> = Mutex::new(BTreeMap::new());

#[cfg(test)]
mod tests;
