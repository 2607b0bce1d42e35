//! Settings of the add-on: the file `trestle` among those of drivers.

use super::imports::{get_driver_parameter, load_driver_settings, unload_driver_settings};
use core::ffi::CStr;
use core::ptr::NonNull;

/// Reads a parameter, if there is one that has a value.
///
/// It may read a file: not to be called under locks of ours.
pub(crate) fn read<R>(parameter: &CStr, read: impl FnOnce(&CStr) -> R) -> Option<R> {
    // SAFETY: the name is a string; the kernel makes a copy of what the file says.
    let settings = NonNull::new(unsafe { load_driver_settings(FILE.as_ptr()) })?;
    let none = core::ptr::null();
    // SAFETY: the settings are loaded; a parameter that is missing, or stands alone, has no value.
    let value = unsafe { get_driver_parameter(settings.as_ptr(), parameter.as_ptr(), none, none) };
    // SAFETY: a value is a string that stays while the settings are loaded.
    let done = NonNull::new(value.cast_mut()).map(|value| read(unsafe { CStr::from_ptr(value.as_ptr()) }));
    // SAFETY: they were loaded above, and nothing of them is used any more.
    let _ = unsafe { unload_driver_settings(settings.as_ptr()) };
    done
}

const FILE: &CStr = c"trestle";
