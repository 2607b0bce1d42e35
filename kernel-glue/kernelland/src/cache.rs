//! Object caches: allocators of one size. Every object is poisoned when it comes and when it goes, and counted.

use crate::heap::{FREED, FRESH, fill, is_filled};
use crate::thread::locked;
use std::alloc::{Layout, alloc, dealloc};
use std::collections::{HashSet, VecDeque};
use std::sync::Mutex;

/// An object cache.
#[derive(Debug)]
pub(crate) struct Cache {
    name: String,
    size: usize,
    /// Where the code is that asked for it.
    caller: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    live: HashSet<usize>,
    /// Freed objects, the one to use next first.
    free: VecDeque<usize>,
}

impl Cache {
    /// Makes a cache, which lives until it is deleted.
    pub(crate) fn create(name: &str, size: usize, caller: usize) -> *mut Self {
        let cache = Self { name: name.to_owned(), size, caller, state: Mutex::default() };
        let cache = Box::into_raw(Box::new(cache));
        locked(&CACHES).push(cache.expose_provenance());
        cache
    }

    /// Ends the cache; objects that are still in use are a fault.
    ///
    /// # Safety
    ///
    /// The cache was made by [`Self::create`], and nobody uses it any more.
    pub(crate) unsafe fn delete(this: *mut Self) {
        locked(&CACHES).retain(|cache| *cache != this as usize);
        // SAFETY: the caller's.
        let cache = unsafe { Box::from_raw(this) };
        let state = locked(&cache.state);
        if !state.live.is_empty() {
            crate::fault::report(&format!("object cache \"{}\" ends with {} objects", cache.name, state.live.len()));
        }
        for object in &state.free {
            cache.check_freed(*object);
            cache.give_back(*object);
        }
    }

    pub(crate) fn allocate(&self) -> Option<*mut u8> {
        if crate::inject::fails(self.caller) {
            return None;
        }
        let mut state = locked(&self.state);
        // Objects rest before they are used again, so that a late write shows.
        let reused = if state.free.len() > RESTING { state.free.pop_front() } else { None };
        let object = match reused {
            Some(object) => {
                self.check_freed(object);
                std::ptr::with_exposed_provenance_mut::<u8>(object)
            }
            None => {
                // SAFETY: the layout is not empty.
                let memory = unsafe { alloc(self.layout()) };
                if memory.is_null() {
                    return None;
                }
                memory
            }
        };
        state.live.insert(object.expose_provenance());
        drop(state);
        fill(object, self.size, FRESH);
        Some(object)
    }

    pub(crate) fn free(&self, object: *mut u8) {
        let mut state = locked(&self.state);
        if !state.live.remove(&(object as usize)) {
            drop(state);
            crate::fault::fail(&format!("object cache \"{}\": {object:p} is no object in use", self.name));
        }
        fill(object, self.size, FREED);
        state.free.push_back(object as usize);
    }

    fn check_freed(&self, object: usize) {
        if !is_filled(std::ptr::with_exposed_provenance_mut(object), self.size, FREED) {
            crate::fault::fail(&format!("object cache \"{}\": freed object {object:#x} was written to", self.name));
        }
    }

    fn give_back(&self, object: usize) {
        // SAFETY: the object came from `alloc` with this layout, and is in no list any more.
        unsafe { dealloc(std::ptr::with_exposed_provenance_mut(object), self.layout()) };
    }

    fn layout(&self) -> Layout {
        Layout::from_size_align(self.size.max(1), ALIGN).unwrap_or(Layout::new::<[u64; 2]>())
    }
}

/// Looks for late writes into freed objects of every cache.
pub(crate) fn check() {
    for cache in locked(&CACHES).iter() {
        // SAFETY: a cache leaves the list, whose lock is held, before it ends.
        let cache = unsafe { &*std::ptr::with_exposed_provenance::<Cache>(*cache) };
        for object in &locked(&cache.state).free {
            cache.check_freed(*object);
        }
    }
}

/// Returns name, objects in use and origin of every cache.
pub(crate) fn all() -> Vec<(String, usize, usize)> {
    let caches = locked(&CACHES);
    let caches = caches.iter().map(|cache| {
        // SAFETY: a cache leaves the list, whose lock is held, before it ends.
        let cache = unsafe { &*std::ptr::with_exposed_provenance::<Cache>(*cache) };
        (cache.name.clone(), locked(&cache.state).live.len(), cache.caller)
    });
    caches.collect()
}

static CACHES: Mutex<Vec<usize>> = Mutex::new(Vec::new());
/// More than any network structure asks for.
const ALIGN: usize = 64;
/// How many freed objects rest at least.
const RESTING: usize = 64;

#[cfg(test)]
mod tests;
