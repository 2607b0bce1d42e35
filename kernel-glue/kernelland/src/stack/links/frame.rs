//! Ethernet frames: their header goes on and comes off.

use crate::stack::buffer::{Borrowed, Buffer, Sent};
use crate::stack::interfaces::Interface;
use crate::stack::member::member;
use crate::stack::sockaddr::Sockaddr;
use haiku_abi::*;

const BROADCAST: [u8; 6] = [0xff; 6];

/// Takes a frame's header off, and writes down what it said: who sent it to whom, and what it carries.
///
/// # Safety
/// `device` and `raw` are the stack's, for this call.
pub(super) unsafe extern "C" fn take_off(device: *mut net_device, raw: *mut net_buffer) -> status_t {
    // SAFETY: the packet is lent.
    let Some(mut buffer) = (unsafe { Borrowed::new(raw) }) else { return B_BAD_VALUE };
    // SAFETY: the device is the stack's.
    let index = unsafe { member!(device => net_device, index).read() };
    let Some(header) = buffer.header::<ETHER_HEADER_LENGTH>() else { return B_BAD_VALUE };
    let [d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1] = header;
    let (destination, ethertype) = ([d0, d1, d2, d3, d4, d5], u16::from_be_bytes([t0, t1]));
    buffer.set_source(&Sockaddr::ether(index, ethertype, [s0, s1, s2, s3, s4, s5]));
    buffer.set_destination(&Sockaddr::ether(index, ethertype, destination));
    if destination == BROADCAST {
        buffer.add_flag(MSG_BCAST);
    } else if d0 & 1 != 0 {
        buffer.add_flag(MSG_MCAST);
    }
    buffer.set_index(match u32::from(ethertype) {
        ETHER_TYPE_IP => B_NET_FRAME_TYPE_IPV4.cast_unsigned(),
        ETHER_TYPE_IPV6 => B_NET_FRAME_TYPE_IPV6.cast_unsigned(),
        other => net_frame_type(IFT_ETHER, other).cast_unsigned(),
    });
    match buffer.remove_header(ETHER_HEADER_LENGTH) {
        Ok(()) => B_OK,
        Err(failed) => failed,
    }
}

/// For devices whose packets have no header.
///
/// # Safety
/// Uses neither.
pub(super) unsafe extern "C" fn take_nothing_off(_device: *mut net_device, _raw: *mut net_buffer) -> status_t {
    B_OK
}

/// Puts the header on, by the packet's link addresses, and sends the frame.
pub(super) fn send(interface: &Interface, mut buffer: Buffer) -> Sent {
    let (source, destination) = (buffer.source(), buffer.destination());
    if source.family() != AF_LINK || u32::from(source.link_type()) != IFT_ETHER {
        return Err((buffer, B_ERROR));
    }
    let to = if buffer.flags() & MSG_BCAST as u32 != 0 { BROADCAST } else { destination.mac() };
    let mut header = [0; ETHER_HEADER_LENGTH];
    let fields = to.into_iter().chain(source.mac()).chain(source.ethertype().to_be_bytes());
    header.iter_mut().zip(fields).for_each(|(place, byte)| *place = byte);
    match buffer.prepend(&header) {
        Ok(()) => interface.transmit(buffer),
        Err(failed) => Err((buffer, failed)),
    }
}
