//! The maximum segment size that TCP connections agree on, lowered to what a tunnel carries (RFC 9293 §3.7.1).
//!
//! It helps where errors about the path's MTU do not arrive.

use crate::ip::{Ip, TCP, V6_HEADER_BYTES, Version};
use crate::upper::Upper;
use frame::checksum::changed;
use frame::offload::Offload;

/// What became of a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Clamped {
    /// It opens a connection with larger segments, and states the smaller size.
    Lowered,
    /// It is as it was.
    Left,
}

/// Returns the largest segment for an MTU that counts the IP header: what its fixed headers leave (RFC 9293 §3.7.1).
#[inline]
#[must_use]
pub fn of_mtu(mtu_bytes: u32, version: Version) -> u16 {
    let headers = match version {
        Version::V4 => 20 + TCP_HEADER_BYTES,
        Version::V6 => V6_HEADER_BYTES + TCP_HEADER_BYTES,
    };
    u16::try_from(mtu_bytes.saturating_sub(headers as u32)).unwrap_or(u16::MAX)
}

/// Lowers the maximum segment size that a TCP SYN states to `mss_bytes`, where it is larger, and keeps its checksum.
///
/// `packet` starts with the IP header and may be no more than the first 240 bytes. Only what shows whole headers is
/// touched; a later fragment and what is encrypted or authenticated never. A SYN that states no size stays so: its
/// connection uses the default of RFC 9293 §3.7.1.
///
/// A checksum that is still to be summed stays as well. What is stored is the sum of the pseudo header, which options are
/// no part of; they are summed when it is finished, as they then stand. No offset of `offload` is looked at, so it is the
/// same whether they count from the frame or from the packet.
#[inline]
pub fn clamp(packet: &mut [u8], offload: &Offload, mss_bytes: u16) -> Clamped {
    match syn(packet) {
        Some(start) => lower(packet, start, offload, mss_bytes).unwrap_or(Clamped::Left),
        None => Clamped::Left,
    }
}

/// Returns whether [`clamp`] looks at a packet: whether it opens a TCP connection.
#[inline]
#[must_use]
pub fn is_syn(packet: &[u8]) -> bool {
    syn(packet).is_some()
}

/// Returns where the TCP header of a SYN starts.
#[inline]
fn syn(packet: &[u8]) -> Option<usize> {
    let upper = Upper::find(packet)?;
    if upper.protocol != TCP {
        return None;
    }
    let header: &[u8; TCP_HEADER_BYTES] = upper.chunk(packet)?;
    (header[FLAGS] & SYN != 0).then_some(upper.start)
}

/// Rewrites every statement of the size in a header: receivers differ in which one they take.
fn lower(packet: &mut [u8], start: usize, offload: &Offload, mss_bytes: u16) -> Option<Clamped> {
    let ip = Ip::read(packet, usize::MAX, offload).ok()?;
    let end = ip.bytes.min(packet.len());
    let tcp = packet.get_mut(start..end)?;
    let header_bytes = usize::from(tcp.get(DATA_OFFSET)? >> 4) * 4;
    let tcp = tcp.get_mut(..header_bytes)?;
    let mut clamped = Clamped::Left;
    let mut at = TCP_HEADER_BYTES;
    while let Some(&[kind, length]) = tcp.get(at..).and_then(<[u8]>::first_chunk) {
        let length = match kind {
            END_OF_OPTIONS => break,
            NO_OPERATION => 1,
            // An option that states less than its own two octets would never end.
            _ if length < 2 => break,
            _ => usize::from(length),
        };
        if kind == MAXIMUM_SEGMENT_SIZE && length == 4 {
            // What goes past the header ends them too, and does not undo what those before it were lowered to.
            let Some(field) = tcp.get_mut(at + 2..).and_then(<[u8]>::first_chunk_mut::<2>) else { break };
            let stated = u16::from_be_bytes(*field);
            if stated > mss_bytes {
                *field = mss_bytes.to_be_bytes();
                if !offload.needs_checksum {
                    patch_checksum(tcp, at, stated, mss_bytes)?;
                }
                clamped = Clamped::Lowered;
            }
        }
        at += length;
    }
    Some(clamped)
}

/// Keeps the checksum when the number in the option at `at` has changed.
fn patch_checksum(tcp: &mut [u8], at: usize, old: u16, new: u16) -> Option<()> {
    let field: &mut [u8; 2] = tcp.get_mut(CHECKSUM..)?.first_chunk_mut()?;
    // A number at an odd place lies in the low half of one word and the high half of the next: it counts with its
    // octets swapped.
    *field = if at.is_multiple_of(2) {
        changed(*field, old, new)
    } else {
        changed(*field, old.swap_bytes(), new.swap_bytes())
    };
    Some(())
}

/// The TCP header without options, and its fields (RFC 9293 §3.1).
const TCP_HEADER_BYTES: usize = 20;
const DATA_OFFSET: usize = 12;
const FLAGS: usize = 13;
const SYN: u8 = 0x02;
const CHECKSUM: usize = 16;
/// Option kinds (RFC 9293 §3.2).
const END_OF_OPTIONS: u8 = 0;
const NO_OPERATION: u8 = 1;
const MAXIMUM_SEGMENT_SIZE: u8 = 2;

#[cfg(test)]
mod tests;
