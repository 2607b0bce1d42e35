//! Which reader gets a packet.

use frame::{EtherType, HEADER_BYTES, TAG_BYTES};
use tap::Kind;

/// Returns a number that all packets of a connection share, in both directions.
///
/// Addresses and ports decide, or the Ethernet addresses where there is no IP; fragments go by their addresses, so that
/// all of a packet's go the same way.
pub(super) fn flow(kind: Kind, head: &[u8]) -> u32 {
    let words = match kind {
        Kind::Tun => ip(head),
        Kind::Tap => network(head).and_then(ip).or_else(|| fold(head.get(..12)?)),
    };
    // Fibonacci hashing: the golden ratio of 2^32 spreads what differs in few bits.
    words.unwrap_or(0).wrapping_mul(0x9e37_79b1).rotate_left(16)
}

/// Returns the packet behind an Ethernet header and its tags.
fn network(frame: &[u8]) -> Option<&[u8]> {
    let mut at = HEADER_BYTES;
    loop {
        let kind = frame.get(at - 2..)?.first_chunk::<2>()?;
        match EtherType(u16::from_be_bytes(*kind)) {
            EtherType::IPV4 | EtherType::IPV6 => return frame.get(at..),
            tag if tag.is_tag() => at += TAG_BYTES,
            _ => return None,
        }
    }
}

fn ip(packet: &[u8]) -> Option<u32> {
    let first = packet.first()?;
    let (addresses, protocol, transport) = match first >> 4 {
        4 => {
            // More fragments, or not the first (RFC 791 §3.1): the ports are not in every one.
            let fragment = packet.get(6..8)? != [0, 0] && packet.get(6..8)? != [0x40, 0];
            let transport = if fragment { None } else { packet.get(usize::from(first & 0x0f) * 4..) };
            (packet.get(12..20)?, *packet.get(9)?, transport)
        }
        6 => (packet.get(8..40)?, *packet.get(6)?, packet.get(40..)),
        _ => return None,
    };
    let ports = match i32::from(protocol) {
        libc::IPPROTO_TCP | libc::IPPROTO_UDP => transport.and_then(|transport| fold(transport.get(..4)?)),
        _ => None,
    };
    Some(fold(addresses)? ^ ports.unwrap_or(0))
}

/// Folds two halves onto each other, so that their order does not matter.
fn fold(halves: &[u8]) -> Option<u32> {
    let (one, other) = halves.split_at_checked(halves.len() / 2)?;
    let sum = |half: &[u8]| half.iter().fold(0_u32, |sum, &byte| sum.rotate_left(8) ^ u32::from(byte));
    Some(sum(one) ^ sum(other))
}

#[cfg(test)]
mod tests;
