//! Requests to the add-on, and its replies.

use super::interfaces::{Socket, c_name};
use super::{Argument, Calls, Status};
use alloc::vec;
use alloc::vec::Vec;
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

impl<C: Calls> Socket<C> {
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
        let mut exchange = Exchange {
            request: request.as_ptr(),
            request_bytes,
            reply_room: bytes(reply)?,
            reply: reply.as_mut_ptr(),
            reply_bytes: 0,
            reserved: 0,
        };
        let mut argument = ifdrv {
            ifd_name: c_name(interface)?,
            ifd_cmd: EXCHANGE_V1,
            ifd_len: size_of::<Exchange>(),
            ifd_data: (&raw mut exchange).cast(),
        };
        let request = match asked {
            Asked::Change => abi::SIOCSDRVSPEC,
            Asked::Question => abi::SIOCGDRVSPEC,
        };
        let result = self.0.ioctl(request, Argument::of(&mut argument)).map(drop);
        Ok((result, exchange.reply_bytes))
    }
}

/// Enough for a change, whose reply is short, and for what most systems have to show.
const FIRST_ROOM: u32 = 64 * 1024;
const _: () = assert!(FIRST_ROOM >= CHANGE_REPLY_BYTES);
const ATTEMPTS: usize = 4;

#[cfg(test)]
mod tests;
