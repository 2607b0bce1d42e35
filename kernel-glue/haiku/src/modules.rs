//! What the kernel finds in the file.

use crate::{face, identity};
use core::ffi::CStr;
use haiku_abi::net_device_module_info;
use haiku_abi::{B_BAD_VALUE, B_KEEP_LOADED, B_MODULE_INIT, B_MODULE_UNINIT, B_OK, module_info, status_t};

/// The module's name; its file is `add-ons/kernel/network/devices/trestle`.
pub(crate) const NAME: &CStr = c"network/devices/trestle/v1";

/// The device module. The kernel never unloads it: hooks of ours are in the hands of others for longer than it could
/// know, in nodes that are open and in packets that are under way.
static DEVICE: net_device_module_info = face::module(module_info {
    name: NAME.as_ptr(),
    flags: B_KEEP_LOADED,
    // SAFETY: the kernel passes one argument more than this function looks at, none of them in floating point; on x86_64
    // such a call is one of this function as well.
    std_ops: Some(unsafe { core::mem::transmute::<Operations, VariadicOperations>(std_ops) }),
});

/// The array that the kernel looks up, ended by a null pointer.
#[repr(transparent)]
pub struct Modules([*const net_device_module_info; 2]);

// SAFETY: it points to a table that never changes.
unsafe impl Sync for Modules {}

/// The modules of the file.
// SAFETY: the kernel expects this symbol to be what it is, and nothing else of ours has the name.
#[cfg_attr(target_os = "none", unsafe(no_mangle))]
#[cfg_attr(not(target_os = "none"), expect(non_upper_case_globals, reason = "the kernel's name for it"))]
pub static modules: Modules = Modules([&raw const DEVICE, core::ptr::null()]);

/// Returns the module, for a kernel that it is linked into.
#[cfg(feature = "linked")]
pub fn linked() -> &'static module_info {
    &DEVICE.info
}

type Operations = unsafe extern "C" fn(i32) -> status_t;
type VariadicOperations = unsafe extern "C" fn(i32, ...) -> status_t;

/// # Safety
/// None.
unsafe extern "C" fn std_ops(operation: i32) -> status_t {
    match operation {
        B_MODULE_INIT => {
            identity::learn();
            B_OK
        }
        B_MODULE_UNINIT => B_OK,
        _ => B_BAD_VALUE,
    }
}
