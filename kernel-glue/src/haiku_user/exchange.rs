//! Requests to the add-on, and its replies.

use super::interfaces::{Socket, about};
use super::{Descriptor, Status, get, put};
use alloc::vec;
use alloc::vec::Vec;
use core::mem::offset_of;
use haiku_abi as abi;
use haiku_abi::admin::{CHANGE_REPLY_BYTES, EXCHANGE_V1, Exchange, MAX_REPLY_BYTES, MAX_REQUEST_BYTES, ifdrv};

/// What a request does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Asked {
    /// It changes something, and is never made twice.
    Change,
    /// It changes nothing. When the reply does not fit it is made again, with more room.
    Question,
}

impl<D: Descriptor> Socket<D> {
    /// Sends a request to the driver of an interface and returns its reply.
    ///
    /// # Errors
    /// The kernel's: `B_BAD_VALUE` where there is no such interface, or its driver is another; [`Status::NO_ROOM`] for a
    /// request, or a reply, over the protocol's bounds.
    pub fn exchange(&self, interface: &str, asked: Asked, request: &[u8]) -> Result<Vec<u8>, Status> {
        let mut room = FIRST_ROOM;
        // Twice the size needed last time is enough the next time, unless interfaces come faster than they are listed.
        for _ in 0..ATTEMPTS {
            let mut reply = vec![0; room as usize];
            let (result, needed) = self.once(interface, asked, request, &mut reply)?;
            match (result, asked) {
                (Ok(()), _) => {
                    reply.truncate(needed as usize);
                    return Ok(reply);
                }
                (Err(Status::NO_ROOM), Asked::Question) if needed > room && needed <= MAX_REPLY_BYTES => {
                    room = needed.saturating_mul(2).min(MAX_REPLY_BYTES);
                }
                // A refusal may come with a reply that says why.
                (Err(status), _) if status != Status::NO_ROOM && (1..=room).contains(&needed) => {
                    reply.truncate(needed as usize);
                    return Ok(reply);
                }
                (Err(status), Asked::Change | Asked::Question) => return Err(status),
            }
        }
        Err(Status::NO_ROOM)
    }

    /// Makes a request once; returns what the kernel said, and how long the reply is or would be.
    fn once(
        &self,
        interface: &str,
        asked: Asked,
        request: &[u8],
        reply: &mut [u8],
    ) -> Result<(Result<(), Status>, u32), Status> {
        let bytes = |slice: &[u8]| u32::try_from(slice.len()).map_err(|_| Status::NO_ROOM);
        let request_bytes = bytes(request).ok().filter(|&bytes| bytes <= MAX_REQUEST_BYTES).ok_or(Status::NO_ROOM)?;
        let mut exchange = [0; size_of::<Exchange>()];
        put(&mut exchange, offset_of!(Exchange, request), &request.as_ptr().expose_provenance().to_ne_bytes());
        put(&mut exchange, offset_of!(Exchange, request_bytes), &request_bytes.to_ne_bytes());
        put(&mut exchange, offset_of!(Exchange, reply_room), &bytes(reply)?.to_ne_bytes());
        put(&mut exchange, offset_of!(Exchange, reply), &reply.as_mut_ptr().expose_provenance().to_ne_bytes());
        let mut argument = about::<{ size_of::<ifdrv>() }>(interface)?;
        put(&mut argument, offset_of!(ifdrv, ifd_cmd), &EXCHANGE_V1.to_ne_bytes());
        put(&mut argument, offset_of!(ifdrv, ifd_len), &size_of::<Exchange>().to_ne_bytes());
        let address = exchange.as_mut_ptr().expose_provenance();
        put(&mut argument, offset_of!(ifdrv, ifd_data), &address.to_ne_bytes());
        let request = match asked {
            Asked::Change => abi::SIOCSDRVSPEC,
            Asked::Question => abi::SIOCGDRVSPEC,
        };
        let result = self.0.ioctl(request, &mut argument);
        Ok((result, get(&exchange, offset_of!(Exchange, reply_bytes))))
    }
}

/// Enough for a change, whose reply is short, and for what most systems have to show.
const FIRST_ROOM: u32 = 64 * 1024;
const _: () = assert!(FIRST_ROOM >= CHANGE_REPLY_BYTES && offset_of!(ifdrv, ifd_name) == 0);
const ATTEMPTS: usize = 4;

#[cfg(test)]
mod tests;
