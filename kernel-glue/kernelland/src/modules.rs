//! The module manager: modules by name, loaded with their file, initialised at their first reference.
//!
//! One recursive lock is held over everything, a module's initialisation included, which may get other modules. At the last reference
//! a module goes, and its file with the last of its modules: the next one who asks gets a fresh copy of it.

mod image;
mod life;
mod list;
mod search;

pub use image::provide;
pub(crate) use image::{file_name, loaded};
pub(crate) use life::{get, put, references};
pub(crate) use list::{ModuleList, open_list};
pub(crate) use search::set_roots;

use crate::lock::RecursiveLock;
use haiku_abi::{mutex, recursive_lock};
use std::cell::UnsafeCell;
use std::sync::Once;

/// The lock over all modules, while it is held.
struct ModulesLock(RecursiveLock<'static>);

impl ModulesLock {
    fn lock() -> Self {
        // SAFETY: a static of the right type, changed only through the lock's own atomics.
        let lock = unsafe { RecursiveLock::at(LOCK.0.get()) };
        INITIALISED.call_once(|| lock.init(c"modules".as_ptr(), 0));
        lock.lock();
        Self(lock)
    }
}

impl Drop for ModulesLock {
    fn drop(&mut self) {
        self.0.unlock();
    }
}

struct Cell(UnsafeCell<recursive_lock>);

// SAFETY: only the lock's own functions touch it, by atomics.
unsafe impl Sync for Cell {}

static INITIALISED: Once = Once::new();
static LOCK: Cell = Cell(UnsafeCell::new(recursive_lock {
    lock: mutex { name: std::ptr::null(), waiters: std::ptr::null_mut(), lock: 0, count: 0, flags: 0 },
    holder: 0,
    recursion: 0,
}));

#[cfg(test)]
mod tests;
