//! Administration, by ioctls on sockets.

use crate::kernel::Status;
use crate::kernel::user::UserMemory;
use crate::unit::Unit;

/// Answers an ioctl of a socket.
///
/// # Errors
/// [`Status::B_DEV_INVALID_IOCTL`] for one that is none of ours.
pub(crate) fn device(_unit: &Unit, _operation: u32, _memory: UserMemory) -> Result<(), Status> {
    Err(Status::B_DEV_INVALID_IOCTL)
}
