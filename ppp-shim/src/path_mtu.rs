//! A tunnel smaller than the link it is seen through: who is told, how, and how often.
//!
//! What [`exceeds`] the tunnel's MTU is cut by [`crate::fragment`] if its sender leaves that open; else the sender is told
//! what fits ([`too_big`]), as often as a [`Limiter`] admits, and the packet is dropped. A super-packet that may be cut is
//! cut into its segments first ([`frame::offload::Segments`]), and a checksum still to be summed is finished first.

mod error;
mod limit;

pub use error::{MAX_BYTES, too_big, unreachable};
pub use limit::Limiter;

use crate::ip::{TCP, UDP};
use crate::upper::Upper;
use frame::offload::Offload;

/// Returns whether a packet of `bytes` bytes, the first of which are `head`, is larger than the MTU.
///
/// A super-packet is as large as its segments will be. One whose headers do not say how large counts as too large.
/// The MTU counts the IP header. `head` is all of a packet shorter than 240 bytes and at least that many of a longer
/// one. No offset of `offload` is looked at, so it is the same whether they count from the frame or from the packet.
#[inline]
#[must_use]
pub fn exceeds(head: &[u8], bytes: usize, offload: &Offload, mtu_bytes: u32) -> bool {
    let mtu_bytes = mtu_bytes as usize;
    if bytes <= mtu_bytes {
        return false;
    }
    !offload.is_gso()
        || segment_header_bytes(head).is_none_or(|header| header + usize::from(offload.segment_bytes) > mtu_bytes)
}

/// Returns the bytes of all headers that each segment of a super-packet repeats.
fn segment_header_bytes(head: &[u8]) -> Option<usize> {
    let upper = Upper::find(head)?;
    let transport = match upper.protocol {
        // Data offset, in words of four octets (RFC 9293 §3.1).
        TCP => usize::from(upper.chunk::<13>(head)?[12] >> 4) * 4,
        UDP => 8,
        _ => return None,
    };
    Some(upper.start + transport)
}

#[cfg(test)]
mod tests;
