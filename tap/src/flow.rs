//! Which descriptor of several gets a packet: the same for all packets of a connection, in both directions.

use crate::Kind;
use crate::header::Version;

/// Hashes what a packet belongs to: addresses and ports of TCP and UDP, else the addresses, else those of Ethernet.
///
/// Both directions of a connection give the same. Fragments go by addresses alone, because only the first has ports.
/// It is no defence against a sender who chooses ports to meet in one queue; that costs no one but him.
#[must_use]
pub fn flow(kind: Kind, packet: &[u8]) -> u32 {
    match kind {
        Kind::Tun => of_ip(packet).unwrap_or(0),
        Kind::Tap => of_frame(packet),
    }
}

fn of_frame(frame: &[u8]) -> u32 {
    let mut at = frame::HEADER_BYTES - 2;
    for _ in 0..2 {
        if matches!(chunk(frame, at), Some([0x81, 0x00] | [0x88, 0xa8])) {
            at += frame::TAG_BYTES;
        }
    }
    let ip = match chunk(frame, at) {
        Some([0x08, 0x00] | [0x86, 0xdd]) => frame.get(at + 2..).and_then(of_ip),
        Some(_) | None => None,
    };
    let stations = || {
        let (to, from) = (chunk::<6>(frame, 0)?, chunk::<6>(frame, 6)?);
        Some(meet(end(&to, [0; 2]), end(&from, [0; 2])))
    };
    ip.or_else(stations).unwrap_or(0)
}

fn of_ip(packet: &[u8]) -> Option<u32> {
    match Version::of(packet)? {
        Version::V4 => {
            let header_bytes = usize::from(packet.first()? & 0x0f) * 4;
            let [flags, offset] = chunk(packet, 6)?;
            let whole = flags & 0x3f == 0 && offset == 0;
            let protocol = *packet.get(9)?;
            let (from, to) = (chunk::<4>(packet, 12)?, chunk::<4>(packet, 16)?);
            let [source, destination] = if whole { ports(packet, protocol, header_bytes) } else { [[0; 2]; 2] };
            Some(meet(end(&from, source), end(&to, destination)))
        }
        Version::V6 => {
            let next = *packet.get(6)?;
            let (from, to) = (chunk::<16>(packet, 8)?, chunk::<16>(packet, 24)?);
            let [source, destination] = ports(packet, next, Version::V6.header_bytes());
            Some(meet(end(&from, source), end(&to, destination)))
        }
    }
}

fn ports(packet: &[u8], protocol: u8, at: usize) -> [[u8; 2]; 2] {
    match (protocol, chunk(packet, at)) {
        (TCP | UDP, Some([a, b, c, d])) => [[a, b], [c, d]],
        (_, _) => [[0; 2]; 2],
    }
}

/// Hashes one end of a connection.
fn end(address: &[u8], port: [u8; 2]) -> u64 {
    address.iter().chain(&port).fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

/// Joins both ends so that neither is the first.
fn meet(one: u64, other: u64) -> u32 {
    let sum = one.wrapping_add(other);
    let mixed = (sum ^ sum >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}

fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// FNV-1a's, of 64 bits.
const PRIME: u64 = 0x0000_0100_0000_01b3;
const TCP: u8 = 6;
const UDP: u8 = 17;

#[cfg(test)]
#[cfg(not(loom))]
mod tests;
