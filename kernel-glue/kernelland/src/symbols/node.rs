//! Nodes in `/dev`, and those who wait for them (`fs/devfs.h`, `fs/select_sync_pool.h`).

use super::{status, text};
use crate::devfs::{self, Disconnect, Hooks};
use crate::select::{self, Pool};
use crate::thread::current;
use haiku_abi::{
    B_BAD_VALUE, B_ENTRY_NOT_FOUND, B_NO_MEMORY, B_OK, device_hooks, select_sync_pool, selectsync, status_t,
};
use std::ffi::c_char;

exports_with_caller! {
    fn devfs_publish_device(*const c_char, *mut device_hooks) -> status_t = "rdx" publish;
    fn add_select_sync_pool_entry(*mut *mut select_sync_pool, *mut selectsync, u8) -> status_t = "rcx" add_to_pool;
}

extern "C" fn publish(path: *const c_char, hooks: *mut device_hooks, caller: usize) -> status_t {
    crate::depth::check(current());
    if path.is_null() || hooks.is_null() {
        return B_BAD_VALUE;
    }
    if crate::inject::fails(caller) {
        return B_NO_MEMORY;
    }
    // SAFETY: the caller of `devfs_publish_device` leaves the table where it is, as Haiku asks.
    let hooks = unsafe { Hooks::at(hooks) };
    status(devfs::publish(&text(path), hooks, caller))
}

extern "C" fn add_to_pool(
    pool: *mut *mut select_sync_pool,
    sync: *mut selectsync,
    event: u8,
    caller: usize,
) -> status_t {
    crate::depth::check(current());
    if crate::inject::fails(caller) {
        return B_NO_MEMORY;
    }
    // SAFETY: the caller gives its pointer to the pool, under its lock.
    let slot = unsafe { &mut *pool.cast::<*mut Pool>() };
    if slot.is_null() {
        *slot = Box::into_raw(Box::default());
    }
    // SAFETY: the pool that the pointer leads to, under the same lock.
    unsafe { &mut **slot }.add(sync.cast(), event);
    B_OK
}

exports! {
    fn devfs_unpublish_device(path: *const c_char, disconnect: bool) -> status_t {
        crate::depth::check(current());
        let disconnect = if disconnect { Disconnect::Yes } else { Disconnect::No };
        status(devfs::unpublish(&text(path), disconnect))
    }

    fn devfs_publish_directory(path: *const c_char) -> status_t {
        status(devfs::directory(&text(path)))
    }

    fn notify_select_event(sync: *mut selectsync, event: u8) -> status_t {
        crate::depth::check(current());
        status(select::notify(sync.cast(), event))
    }

    fn remove_select_sync_pool_entry(pool: *mut *mut select_sync_pool, sync: *mut selectsync, event: u8) -> status_t {
        // SAFETY: the caller gives its pointer to the pool, under its lock.
        let slot = unsafe { &mut *pool.cast::<*mut Pool>() };
        if slot.is_null() {
            return B_ENTRY_NOT_FOUND;
        }
        // SAFETY: the pool that the pointer leads to, under the same lock.
        let pool = unsafe { &mut **slot };
        if !pool.remove(sync.cast(), event) {
            return B_ENTRY_NOT_FOUND;
        }
        if pool.is_empty() {
            // SAFETY: the pool was made by `Box::into_raw`, and the pointer to it goes.
            drop(unsafe { Box::from_raw(std::mem::replace(slot, std::ptr::null_mut())) });
        }
        B_OK
    }

    fn delete_select_sync_pool(pool: *mut select_sync_pool) {
        if !pool.is_null() {
            // SAFETY: the caller gives a pool of `add_select_sync_pool_entry` that nobody uses any more.
            drop(unsafe { Box::from_raw(pool.cast::<Pool>()) });
        }
    }

    fn notify_select_event_pool(pool: *mut select_sync_pool, event: u8) {
        crate::depth::check(current());
        if !pool.is_null() {
            // SAFETY: the caller gives its pool, under its lock.
            unsafe { &*pool.cast::<Pool>() }.notify(event);
        }
    }
}
