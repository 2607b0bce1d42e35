//! What a program may pass by the ioctl, before a byte of its memory is read.

use crate::kernel::Status;
use haiku_abi::admin::{CHANGE_REPLY_BYTES, EXCHANGE_V1, Exchange, MAX_REPLY_BYTES, MAX_REQUEST_BYTES, ifdrv};

/// Who may do what an ioctl asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Access {
    /// `SIOCSDRVSPEC`: root alone.
    Change,
    /// `SIOCGDRVSPEC`: everybody.
    Ask,
}

/// Checks the argument's length, which a program may leave at 0 for "as long as it has to be".
pub(super) const fn argument(length: usize) -> Result<(), Status> {
    match length {
        0 => Ok(()),
        length if length >= size_of::<ifdrv>() => Ok(()),
        _ => Err(Status::B_BAD_VALUE),
    }
}

/// Checks which protocol is spoken, and that what follows is of its size.
pub(super) const fn version(drv: &ifdrv) -> Result<(), Status> {
    match (drv.ifd_cmd, drv.ifd_len) {
        (EXCHANGE_V1, bytes) if bytes == size_of::<Exchange>() => Ok(()),
        (EXCHANGE_V1, _) => Err(Status::B_BAD_VALUE),
        _ => Err(Status::B_NOT_SUPPORTED),
    }
}

/// Checks a request's length, and that its reply has room: a change that cannot be answered is not made.
pub(super) const fn exchange(exchange: &Exchange, access: Access) -> Result<(), Status> {
    if exchange.reserved != 0 || exchange.request_bytes == 0 || exchange.request_bytes > MAX_REQUEST_BYTES {
        return Err(Status::B_BAD_VALUE);
    }
    match access {
        Access::Change if exchange.reply_room < CHANGE_REPLY_BYTES => Err(Status::B_BUFFER_OVERFLOW),
        Access::Change | Access::Ask => Ok(()),
    }
}

/// Returns how many bytes of a reply may be written, more than which fit nowhere.
pub(super) fn room(exchange: &Exchange) -> usize {
    exchange.reply_room.min(MAX_REPLY_BYTES) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::ptr;

    fn drv(cmd: u64, bytes: usize) -> ifdrv {
        ifdrv { ifd_name: [0; 32], ifd_cmd: cmd, ifd_len: bytes, ifd_data: ptr::null_mut() }
    }

    #[test]
    fn arguments_and_versions() {
        for (length, want) in
            [(0, Ok(())), (56, Ok(())), (88, Ok(())), (1, Err(Status::B_BAD_VALUE)), (55, Err(Status::B_BAD_VALUE))]
        {
            assert_eq!(argument(length), want, "{length}");
        }
        #[rustfmt::skip]
        let rows = [
            (EXCHANGE_V1,     32, Ok(())),
            (EXCHANGE_V1,     31, Err(Status::B_BAD_VALUE)),
            (EXCHANGE_V1,     0,  Err(Status::B_BAD_VALUE)),
            (EXCHANGE_V1,     usize::MAX, Err(Status::B_BAD_VALUE)),
            (EXCHANGE_V1 + 1, 32, Err(Status::B_NOT_SUPPORTED)),
            (0,               32, Err(Status::B_NOT_SUPPORTED)),
        ];
        for (cmd, bytes, want) in rows {
            assert_eq!(version(&drv(cmd, bytes)), want, "{cmd:#x} {bytes}");
        }
    }

    #[test]
    fn lengths_and_room() {
        use Access::{Ask, Change};
        #[rustfmt::skip]
        let rows = [
            (Ask,    0,        65536,    0, Err(Status::B_BAD_VALUE)),
            (Ask,    1,        0,        0, Ok(())),
            (Ask,    65536,    0,        0, Ok(())),
            (Ask,    65537,    0,        0, Err(Status::B_BAD_VALUE)),
            (Ask,    u32::MAX, 0,        0, Err(Status::B_BAD_VALUE)),
            (Ask,    1,        0,        1, Err(Status::B_BAD_VALUE)),
            (Change, 1,        4095,     0, Err(Status::B_BUFFER_OVERFLOW)),
            (Change, 1,        4096,     0, Ok(())),
            (Change, 65537,    u32::MAX, 0, Err(Status::B_BAD_VALUE)),
        ];
        for (access, request_bytes, reply_room, reserved, want) in rows {
            let one = Exchange {
                request: ptr::null(),
                request_bytes,
                reply_room,
                reply: ptr::null_mut(),
                reply_bytes: 0,
                reserved,
            };
            assert_eq!(exchange(&one, access), want, "{access:?} {request_bytes} {reply_room} {reserved}");
            assert!(room(&one) <= MAX_REPLY_BYTES as usize);
        }
    }
}
