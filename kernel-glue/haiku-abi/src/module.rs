//! Modules: named tables of functions, in files that the kernel loads (`module.h`).

use crate::layout::layout;
use crate::status_t;
use core::ffi::c_char;

/// The header of every module. Its address is the module's identity.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct module_info {
    /// Path below `add-ons/kernel`, ended by NUL; its first components name the file.
    pub name: *const c_char,
    /// [`B_KEEP_LOADED`](crate::B_KEEP_LOADED) or 0.
    pub flags: u32,
    /// `B_MODULE_INIT`, `B_MODULE_UNINIT`; variadic in C, which makes no difference to this function.
    pub std_ops: Option<unsafe extern "C" fn(i32, ...) -> status_t>,
}

// SAFETY: plain data; the name it points to never changes.
unsafe impl Sync for module_info {}
// SAFETY: as above.
unsafe impl Send for module_info {}

/// A module that another needs, and where its address is to be stored.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct module_dependency {
    /// The name; NULL ends the list.
    pub name: *const c_char,
    pub info: *mut *mut module_info,
}

// SAFETY: plain data; what it points to is written by the kernel before the module runs.
unsafe impl Sync for module_dependency {}

layout! { LAYOUT:
    module_info 24 / 8 { name 0, flags 8, std_ops 16, }
    module_dependency 16 / 8 { name 0, info 8, }
}
