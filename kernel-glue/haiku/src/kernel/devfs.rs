//! Nodes below `/dev`.

use super::Status;
use super::imports::{devfs_publish_device, devfs_unpublish_device};
use core::ffi::CStr;
use haiku_abi::device_hooks;

/// Publishes a node, whose path is told without `/dev/`.
///
/// # Errors
/// [`Status::EEXIST`] and others.
pub(crate) fn publish(path: &CStr, hooks: &'static device_hooks) -> Result<(), Status> {
    // SAFETY: the path is copied. The kernel keeps the table, which is static, in a file that is never unloaded.
    Status::check(unsafe { devfs_publish_device(path.as_ptr(), hooks) })
}

/// Takes a node away. Who has it open keeps the descriptor, whose hooks go on being called.
///
/// The kernel could cut descriptors off as well, and is not asked to: one that somebody waits for in `select` then is
/// never deselected, and the kernel follows a pointer to nowhere when it is closed.
///
/// # Errors
/// There is no such node.
pub(crate) fn unpublish(path: &CStr) -> Result<(), Status> {
    // SAFETY: the path ends with a zero, and is copied.
    Status::check(unsafe { devfs_unpublish_device(path.as_ptr(), false) })
}
