//! C's structures, as bytes that were fetched from a program.

use core::mem::offset_of;
use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};
use haiku_abi::admin::{Exchange, ifdrv};

/// Reads the ioctl's argument; the name, by which the stack found the interface, is left out.
pub(super) fn drv(bytes: &[u8; size_of::<ifdrv>()]) -> ifdrv {
    ifdrv {
        ifd_name: [0; 32],
        ifd_cmd: u64_at(bytes, offset_of!(ifdrv, ifd_cmd)),
        ifd_len: u64_at(bytes, offset_of!(ifdrv, ifd_len)) as usize,
        ifd_data: with_exposed_provenance_mut(u64_at(bytes, offset_of!(ifdrv, ifd_data)) as usize),
    }
}

/// Reads an exchange.
pub(super) fn exchange(bytes: &[u8; size_of::<Exchange>()]) -> Exchange {
    Exchange {
        request: with_exposed_provenance(u64_at(bytes, offset_of!(Exchange, request)) as usize),
        request_bytes: u32_at(bytes, offset_of!(Exchange, request_bytes)),
        reply_room: u32_at(bytes, offset_of!(Exchange, reply_room)),
        reply: with_exposed_provenance_mut(u64_at(bytes, offset_of!(Exchange, reply)) as usize),
        reply_bytes: u32_at(bytes, offset_of!(Exchange, reply_bytes)),
        reserved: u32_at(bytes, offset_of!(Exchange, reserved)),
    }
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u64::from_ne_bytes(*chunk))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u32::from_ne_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_is_read_from_its_own_place() {
        let bytes: [u8; 32] = core::array::from_fn(|at| at as u8);
        let read = exchange(&bytes);
        assert_eq!(read.request.addr(), 0x0706_0504_0302_0100);
        assert_eq!((read.request_bytes, read.reply_room), (0x0b0a_0908, 0x0f0e_0d0c));
        assert_eq!(read.reply.addr(), 0x1716_1514_1312_1110);
        assert_eq!((read.reply_bytes, read.reserved), (0x1b1a_1918, 0x1f1e_1d1c));
        let bytes: [u8; 56] = core::array::from_fn(|at| at as u8);
        let read = drv(&bytes);
        assert_eq!((read.ifd_cmd, read.ifd_len), (0x2726_2524_2322_2120, 0x2f2e_2d2c_2b2a_2928));
        assert_eq!(read.ifd_data.addr(), 0x3736_3534_3332_3130);
    }
}
