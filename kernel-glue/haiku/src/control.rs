//! Administration, by ioctls on sockets: `SIOCSDRVSPEC` changes, `SIOCGDRVSPEC` asks.
//!
//! Here a request is fetched from the caller's memory, and its reply put there. What it asks for is done at the
//! [desk](crate::system), by a thread with a stack of its own: on this one are the frames of the system call, of the
//! socket and its protocols already.

mod bounds;
mod raw;

pub(crate) use bounds::Access;

use crate::kernel::Status;
use crate::kernel::user::{Syscall, UserMemory, effective_user};
use crate::stack;
use crate::system::{self, Answer};
use alloc::vec::Vec;
use core::mem::offset_of;
use haiku_abi::admin::{Exchange, ifdrv};
use haiku_abi::{SIOCGDRVSPEC, SIOCSDRVSPEC};

/// Answers an ioctl of a socket; `argument` is what the caller gave, as long as the caller said: often 0, which says
/// nothing.
///
/// # Errors
/// [`Status::B_DEV_INVALID_IOCTL`] for one that is none of ours; [`Status::B_BAD_VALUE`] and [`Status::B_NOT_SUPPORTED`]
/// for what is no exchange of a known version; [`Status::B_BAD_ADDRESS`]; [`Status::B_BUFFER_OVERFLOW`] where the reply
/// does not fit, whose length is written then; [`Status::B_NO_MEMORY`]. With a reply that says why:
/// [`Status::B_NOT_ALLOWED`] to all but root, [`Status::B_BAD_DATA`] for what can not be read.
pub(crate) fn device(operation: u32, argument: UserMemory) -> Result<(), Status> {
    let access = match operation {
        SIOCSDRVSPEC => Access::Change,
        SIOCGDRVSPEC => Access::Ask,
        _ => return Err(Status::B_DEV_INVALID_IOCTL),
    };
    bounds::argument(argument.bytes())?;
    let syscall = stack::syscall();
    let mut bytes = [0; size_of::<ifdrv>()];
    UserMemory::new(argument.address(), bytes.len(), syscall)?.read(&mut bytes)?;
    let drv = raw::drv(&bytes);
    bounds::version(&drv)?;
    let mut bytes = [0; size_of::<Exchange>()];
    UserMemory::new(drv.ifd_data, bytes.len(), syscall)?.read(&mut bytes)?;
    let exchange = raw::exchange(&bytes);
    bounds::exchange(&exchange, access)?;
    let reply = Reply::new(&drv, &exchange, syscall)?;
    if access == Access::Change {
        // What cannot be answered is not done.
        reply.probe()?;
    }
    let answer = system::ask(access, effective_user(), fetch(&exchange, syscall)?)?;
    reply.write(&answer)
}

/// Fetches the request.
fn fetch(exchange: &Exchange, syscall: Syscall) -> Result<Vec<u8>, Status> {
    let length = exchange.request_bytes as usize;
    let memory = UserMemory::new(exchange.request.cast_mut().cast(), length, syscall)?;
    // A permit is for what the kernel does by itself; others may ask at the same moment.
    let mut request = Vec::new();
    request.try_reserve_exact(length).map_err(|_| Status::B_NO_MEMORY)?;
    request.resize(length, 0);
    memory.read(&mut request)?;
    Ok(request)
}

/// Where a reply goes, and its length.
struct Reply {
    room: usize,
    bytes: UserMemory,
    length: UserMemory,
    syscall: Syscall,
}

impl Reply {
    fn new(drv: &ifdrv, exchange: &Exchange, syscall: Syscall) -> Result<Self, Status> {
        let room = bounds::room(exchange);
        let length = drv.ifd_data.wrapping_byte_add(offset_of!(Exchange, reply_bytes));
        Ok(Self {
            room,
            bytes: UserMemory::new(exchange.reply.cast(), room, syscall)?,
            length: UserMemory::new(length, size_of::<u32>(), syscall)?,
            syscall,
        })
    }

    /// Finds out whether a reply can be written, at its first byte and its last.
    fn probe(&self) -> Result<(), Status> {
        let last = self.bytes.address().wrapping_byte_add(self.room.saturating_sub(1));
        self.bytes.write(&[0])?;
        UserMemory::new(last, 1, self.syscall)?.write(&[0])
    }

    fn write(&self, answer: &Answer) -> Result<(), Status> {
        let length = u32::try_from(answer.json.len()).map_err(|_| Status::B_BUFFER_OVERFLOW)?;
        let fits = answer.json.len() <= self.room;
        if fits {
            self.bytes.write(&answer.json)?;
        }
        self.length.write(&length.to_ne_bytes())?;
        if fits { answer.status.map_or(Ok(()), Err) } else { Err(Status::B_BUFFER_OVERFLOW) }
    }
}
