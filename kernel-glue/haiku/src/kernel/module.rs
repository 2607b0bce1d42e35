//! Other modules of the kernel.

use super::Status;
use super::imports::get_module;
use core::ffi::CStr;
use core::ptr::NonNull;
use haiku_abi::module_info;

/// Gets a module, to be kept for good.
///
/// # Errors
/// There is none, or it refuses to start.
pub(crate) fn get(name: &CStr) -> Result<NonNull<module_info>, Status> {
    let mut info = core::ptr::null_mut();
    // SAFETY: the name ends with a zero; `info` outlives the call.
    Status::check(unsafe { get_module(name.as_ptr(), &raw mut info) })?;
    NonNull::new(info).ok_or(Status::B_ERROR)
}
