//! What the add-on imports from the kernel, with the signatures of its headers.

use core::ffi::{c_char, c_void};
use haiku_abi::{bigtime_t, device_hooks, module_info, recursive_lock, selectsync, sem_id, status_t, thread_func};
use haiku_abi::{team_id, thread_id};

/// Declares functions of the kernel. In a program on another system they go by the names that a kernelland gives them,
/// for some are the C library's as well.
macro_rules! imports {
    ($($name:ident $arguments:tt $(-> $result:ty)?;)*) => {
        unsafe extern "C" {
            $(
                #[cfg_attr(feature = "linked", link_name = concat!("trestle_kernelland_", stringify!($name)))]
                pub(super) fn $name $arguments $(-> $result)?;
            )*
        }
    };
}

imports! {
    acquire_sem_etc(sem: sem_id, count: i32, flags: u32, timeout: bigtime_t) -> status_t;
    create_sem(count: i32, name: *const c_char) -> sem_id;
    delete_sem(sem: sem_id) -> status_t;
    devfs_publish_device(path: *const c_char, hooks: *const device_hooks) -> status_t;
    devfs_unpublish_device(path: *const c_char, disconnect: bool) -> status_t;
    dprintf(format: *const c_char, ...);
    free(memory: *mut c_void);
    get_driver_parameter(settings: *mut c_void, name: *const c_char, missing: *const c_char, alone: *const c_char) -> *const c_char;
    get_module(path: *const c_char, info: *mut *mut module_info) -> status_t;
    geteuid() -> u32;
    load_driver_settings(name: *const c_char) -> *mut c_void;
    malloc(bytes: usize) -> *mut c_void;
    memalign(alignment: usize, bytes: usize) -> *mut c_void;
    notify_select_event(sync: *mut selectsync, event: u8) -> status_t;
    panic(format: *const c_char, ...);
    recursive_lock_destroy(lock: *mut recursive_lock);
    recursive_lock_init(lock: *mut recursive_lock, name: *const c_char);
    recursive_lock_lock(lock: *mut recursive_lock) -> status_t;
    recursive_lock_unlock(lock: *mut recursive_lock);
    release_sem_etc(sem: sem_id, count: i32, flags: u32) -> status_t;
    resume_thread(thread: thread_id) -> status_t;
    secure_random_value() -> u32;
    snooze(timeout: bigtime_t) -> status_t;
    spawn_kernel_thread(function: thread_func, name: *const c_char, priority: i32, data: *mut c_void) -> thread_id;
    system_time() -> bigtime_t;
    team_get_current_team_id() -> team_id;
    unload_driver_settings(settings: *mut c_void) -> status_t;
    user_memcpy(to: *mut c_void, from: *const c_void, bytes: usize) -> status_t;
    wait_for_thread(thread: thread_id, result: *mut status_t) -> status_t;
}
