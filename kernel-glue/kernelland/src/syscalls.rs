//! Generic system calls: functions that modules register under a name, for programs to call.

use crate::depth::call_out;
use crate::thread::{Wait, WaitKind, current, locked};
use haiku_abi::{B_BAD_VALUE, B_NAME_IN_USE, B_NAME_NOT_FOUND, B_OK, status_t};
use std::collections::BTreeMap;
use std::ffi::{CString, c_char, c_void};
use std::sync::{Condvar, Mutex, PoisonError};

pub(crate) fn register(subsystem: &str, hook: usize, _version: u32, _flags: u32) -> status_t {
    if hook == 0 {
        return B_BAD_VALUE;
    }
    let mut hooks = locked(&HOOKS);
    if hooks.contains_key(subsystem) {
        return B_NAME_IN_USE;
    }
    hooks.insert(subsystem.to_owned(), Registered { hook, stage: Stage::Ready, calls: 0 });
    B_OK
}

/// Takes a hook back, once no call of it is under way.
pub(crate) fn unregister(subsystem: &str, _version: u32) -> status_t {
    let mut hooks = locked(&HOOKS);
    match hooks.get_mut(subsystem) {
        Some(registered) => registered.stage = Stage::Ending,
        None => return B_NAME_NOT_FOUND,
    }
    let wait = Wait { kind: WaitKind::ConditionVariable, object: 0, name: format!("calls of {subsystem}") };
    let _waiting = current().waiting_outside(wait);
    let is_called = |hooks: &mut Hooks| hooks.get(subsystem).is_some_and(|registered| registered.calls > 0);
    let mut hooks = RETURNED.wait_while(hooks, is_called).unwrap_or_else(PoisonError::into_inner);
    hooks.remove(subsystem).map_or(B_NAME_NOT_FOUND, |_| B_OK)
}

/// Calls a function of a subsystem, as a program does.
pub(crate) fn call(subsystem: &str, function: u32, buffer: *mut c_void, bytes: usize) -> status_t {
    let Ok(name) = CString::new(subsystem) else { return B_BAD_VALUE };
    let hook = match locked(&HOOKS).get_mut(subsystem) {
        Some(registered) if registered.stage == Stage::Ready => {
            registered.calls = registered.calls.saturating_add(1);
            registered.hook
        }
        Some(_) | None => return B_NAME_NOT_FOUND,
    };
    // SAFETY: a module registered this address as a hook, and takes it back before it goes.
    let hook = unsafe { std::mem::transmute::<*const c_void, Hook>(std::ptr::with_exposed_provenance(hook)) };
    // SAFETY: the module's function; it takes the buffer as a program's.
    let status = call_out(current(), || unsafe { hook(name.as_ptr(), function, buffer, bytes) });
    if let Some(registered) = locked(&HOOKS).get_mut(subsystem) {
        registered.calls = registered.calls.saturating_sub(1);
    }
    RETURNED.notify_all();
    status
}

/// Returns the names of all subsystems.
pub(crate) fn all() -> Vec<String> {
    locked(&HOOKS).keys().cloned().collect()
}

type Hook = unsafe extern "C" fn(*const c_char, u32, *mut c_void, usize) -> status_t;

/// A hook, and the calls of it that are under way.
#[derive(Debug)]
struct Registered {
    hook: usize,
    stage: Stage,
    calls: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Ready,
    /// It is being taken back, and not called any more.
    Ending,
}

type Hooks = BTreeMap<String, Registered>;

static HOOKS: Mutex<Hooks> = Mutex::new(BTreeMap::new());
/// A call has returned.
static RETURNED: Condvar = Condvar::new();

#[cfg(test)]
mod tests;
