//! Ioctls on nodes: Haiku's own, and FreeBSD's where nobody here has the numbers.

use super::books;
use super::cookie::Cookie;
use crate::kernel::user::UserMemory;
use crate::kernel::{Status, heap};
use crate::stack;
use crate::unit::MTU_BYTES;
use core::ffi::c_void;
use tap::ioctl::{Dialect, Request, Shape, Unsupported, decode, encode, shape};

impl Cookie {
    /// Carries out an ioctl. `bytes` is what the caller says of the argument, or zero.
    ///
    /// # Errors
    /// [`Status::B_DEV_INVALID_IOCTL`] for a number of nobody, and as the request says.
    pub(super) fn control(&self, operation: u32, argument: *mut c_void, bytes: usize) -> Result<(), Status> {
        heap::permit()?;
        let shaped = DIALECTS.into_iter().find_map(|dialect| Some((dialect, shape(dialect, operation)?)));
        let (dialect, Shape { read, write }) = shaped.ok_or(Status::B_DEV_INVALID_IOCTL)?;
        let mut room = [0; ARGUMENT_BYTES];
        let most = read.max(write);
        let room = room.get_mut(..most).ok_or(Status::B_DEV_INVALID_IOCTL)?;
        // Many programs give no length; one who gives too little is taken at his word.
        if bytes != 0 && bytes < most {
            return Err(Status::B_BAD_VALUE);
        }
        let memory = match most {
            0 => None,
            _ => Some(UserMemory::new(argument, most, stack::syscall())?),
        };
        if let (Some(memory), Some(room)) = (memory, room.get_mut(..read)) {
            memory.read(room)?;
        }
        let request = decode(dialect, operation, argument.addr() as u64, room).map_err(undone)?;
        if matches!(request, Request::Vnet(Some(_))) {
            // Packets with work left to do are no one's here: the stack does it all, and drivers as well.
            return Err(Status::B_BAD_VALUE);
        }
        if let Request::SetMtu(bytes) = request
            && !MTU_BYTES.contains(&(bytes as usize))
        {
            // The interface takes no other.
            return Err(Status::B_BAD_VALUE);
        }
        let answer = books::control(self.id(), request)?;
        let written = encode(dialect, operation, &answer, room);
        match (memory, room.get(..written)) {
            (Some(memory), Some(room)) if written > 0 => memory.write(room),
            (_, _) => Ok(()),
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, and may grow")]
fn undone(why: Unsupported) -> Status {
    match why {
        Unsupported::Unknown(_) => Status::B_DEV_INVALID_IOCTL,
        Unsupported::Short(_) => Status::B_BAD_ADDRESS,
        // Refused, or of no meaning.
        _ => Status::B_BAD_VALUE,
    }
}

const DIALECTS: [Dialect; 2] = [Dialect::Haiku, Dialect::FreeBsd];
/// The largest argument, Haiku's `struct ifreq`.
const ARGUMENT_BYTES: usize = 88;
