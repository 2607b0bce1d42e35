//! ICMP errors about a packet (RFC 792, RFC 1191 §4, RFC 4443 §3).

use crate::ip::{ICMP, ICMPV6, Ip, V6_HEADER_BYTES, Version};
use crate::upper::{Piece, Upper};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use frame::checksum::Sum;
use frame::offload::Offload;

/// The largest error: the MTU that every IPv6 link has (RFC 8200 §5), past which no quote may lead (RFC 4443 §2.4 (c)).
pub const MAX_BYTES: usize = 1280;

/// Writes the packet that tells the sender of `packet` which MTU it has to keep, and returns its bytes.
///
/// `packet` starts with the IP header of what was too large; no more than its first [`MAX_BYTES`] are looked at. `from`
/// is the error's source. The MTU counts the IP header; IPv6 hears of none below 1,280 (RFC 8200 §5). A smaller `room`
/// than [`MAX_BYTES`] quotes less of the packet.
///
/// Returns `None` where no such error may be sent (RFC 1122 §3.2.2, RFC 1812 §4.3.2.7, RFC 4443 §2.4 (e)): about errors,
/// IPv4 fragments but the first, IPv4 broadcast and multicast, senders that are not one station; about IPv4 packets that
/// may be fragmented; and if `from` is of the other family. Frames to a link's groups are told by who saw their
/// addresses.
#[must_use]
pub fn too_big(packet: &[u8], mtu_bytes: u32, from: IpAddr, room: &mut [u8]) -> Option<usize> {
    write(packet, Complaint::TooBig { mtu_bytes }, from, room)
}

/// Writes the packet that tells the sender of `packet` that nobody answers for its destination, and returns its bytes.
///
/// Host unreachable (RFC 792) or address unreachable (RFC 4443 §3.1). What [`too_big`] says of the arguments holds.
/// `None` as there, and about IPv6 multicast.
#[must_use]
pub fn unreachable(packet: &[u8], from: IpAddr, room: &mut [u8]) -> Option<usize> {
    write(packet, Complaint::Unreachable, from, room)
}

#[derive(Clone, Copy)]
enum Complaint {
    TooBig { mtu_bytes: u32 },
    Unreachable,
}

fn write(packet: &[u8], what: Complaint, from: IpAddr, room: &mut [u8]) -> Option<usize> {
    let ip = Ip::read(packet, usize::MAX, &Offload::default()).ok()?;
    if is_error_or_hidden(packet, &ip) {
        return None;
    }
    let quote = packet.get(..ip.bytes).unwrap_or(packet);
    match (ip.source, from, ip.destination) {
        (IpAddr::V4(to), IpAddr::V4(from), IpAddr::V4(destination)) => {
            if !may_hear_v4(to, destination) || from.is_unspecified() {
                return None;
            }
            write_v4(quote, ip.header_bytes, what, from, to, room)
        }
        (IpAddr::V6(to), IpAddr::V6(from), IpAddr::V6(destination)) => {
            if !may_hear_v6(to, destination, what) || from.is_unspecified() {
                return None;
            }
            write_v6(quote, what, from, to, room)
        }
        (IpAddr::V4(_) | IpAddr::V6(_), _, _) => None,
    }
}

/// Returns whether a packet is an ICMP error or a redirect, or may be one for all that can be seen of it.
///
/// IPv6 leaves it open whether later fragments draw errors; those of ICMPv6 may be of an error.
fn is_error_or_hidden(packet: &[u8], ip: &Ip) -> bool {
    let Some(upper) = Upper::find(packet) else { return true };
    let kind = upper.chunk(packet);
    match (ip.version, upper.piece) {
        (Version::V4, Piece::Later) => true,
        (Version::V4, Piece::Whole | Piece::First) => {
            // Unreachable, source quench, redirect, time exceeded, parameter problem (RFC 1122 §3.2.2).
            upper.protocol == ICMP && matches!(kind, None | Some([3 | 4 | 5 | 11 | 12]))
        }
        (Version::V6, _) => {
            // Errors are below 128 (RFC 4443 §2.1); redirects are 137 (RFC 4861 §4.5).
            upper.protocol == ICMPV6 && matches!(kind, None | Some([..128 | 137]))
        }
    }
}

/// Returns whether an IPv4 sender is one station that may be told about a packet to that destination.
fn may_hear_v4(sender: Ipv4Addr, destination: Ipv4Addr) -> bool {
    let [network, ..] = sender.octets();
    let group = destination.is_multicast() || destination.is_broadcast();
    // Network zero, loopback, groups and class E are no sources (RFC 1812 §5.3.7).
    !(group || network == 0 || sender.is_loopback() || network >= 224)
}

/// Returns whether an IPv6 sender is one station that may be told so about a packet to that destination.
fn may_hear_v6(sender: Ipv6Addr, destination: Ipv6Addr, what: Complaint) -> bool {
    let group = match what {
        // Path MTU discovery works for groups (RFC 4443 §2.4 (e.3)).
        Complaint::TooBig { .. } => false,
        Complaint::Unreachable => destination.is_multicast(),
    };
    !(group || sender.is_unspecified() || sender.is_loopback() || sender.is_multicast())
}

fn write_v4(
    packet: &[u8],
    header_bytes: usize,
    what: Complaint,
    from: Ipv4Addr,
    to: Ipv4Addr,
    room: &mut [u8],
) -> Option<usize> {
    let (code, mtu_bytes) = match what {
        Complaint::TooBig { .. } if packet.get(6)? & DONT_FRAGMENT == 0 => return None,
        Complaint::TooBig { mtu_bytes } => (4, u16::try_from(mtu_bytes).unwrap_or(u16::MAX)),
        Complaint::Unreachable => (1, 0),
    };
    // At least the header and the first 64 bits of what it carries (RFC 792), or all there is of them.
    let least = packet.len().min(header_bytes + 8);
    let (out, quote) = split(packet, room, V4_HEAD_BYTES, V4_MAX_BYTES, least)?;
    let bytes = out.len();
    let (head, body) = out.split_first_chunk_mut::<V4_HEAD_BYTES>()?;
    body.copy_from_slice(quote);
    let ([b0, b1], [m0, m1]) = (u16::try_from(bytes).ok()?.to_be_bytes(), mtu_bytes.to_be_bytes());
    let ([f0, f1, f2, f3], [t0, t1, t2, t3]) = (from.octets(), to.octets());
    // Not to be fragmented, so that the identification may be any (RFC 6864 §4.1).
    let unsummed = [0x45, INTERNETWORK_CONTROL, b0, b1, 0, 0, DONT_FRAGMENT, 0, HOPS, ICMP, 0, 0];
    let [i0, i1] = Sum::default().bytes(&unsummed).bytes(&from.octets()).bytes(&to.octets()).checksum();
    let [c0, c1] = Sum::default().bytes(&[3, code, 0, 0, 0, 0, m0, m1]).bytes(quote).checksum();
    *head = [
        0x45,
        INTERNETWORK_CONTROL,
        b0,
        b1,
        0,
        0,
        DONT_FRAGMENT,
        0,
        HOPS,
        ICMP,
        i0,
        i1,
        f0,
        f1,
        f2,
        f3,
        t0,
        t1,
        t2,
        t3,
        3,
        code,
        c0,
        c1,
        0,
        0,
        m0,
        m1,
    ];
    Some(bytes)
}

fn write_v6(packet: &[u8], what: Complaint, from: Ipv6Addr, to: Ipv6Addr, room: &mut [u8]) -> Option<usize> {
    let (kind, code, mtu_bytes) = match what {
        Complaint::TooBig { mtu_bytes } => (2, 0, mtu_bytes.max(MAX_BYTES as u32)),
        Complaint::Unreachable => (1, 3, 0),
    };
    let least = packet.len().min(V6_HEADER_BYTES + 8);
    let (out, quote) = split(packet, room, V6_HEADER_BYTES + 8, MAX_BYTES, least)?;
    let bytes = out.len();
    let payload = u16::try_from(bytes - V6_HEADER_BYTES).ok()?;
    let [b0, b1] = payload.to_be_bytes();
    let [m0, m1, m2, m3] = mtu_bytes.to_be_bytes();
    // The pseudo header of RFC 8200 §8.1.
    let pseudo = Sum::default().bytes(&from.octets()).bytes(&to.octets()).word(payload).word(u16::from(ICMPV6));
    let [c0, c1] = pseudo.bytes(&[kind, code, 0, 0, m0, m1, m2, m3]).bytes(quote).checksum();
    let (fixed, rest) = out.split_first_chunk_mut::<8>()?;
    *fixed = [0x60, 0, 0, 0, b0, b1, ICMPV6, HOPS];
    let (source, rest) = rest.split_first_chunk_mut()?;
    *source = from.octets();
    let (destination, rest) = rest.split_first_chunk_mut()?;
    *destination = to.octets();
    let (icmp, body) = rest.split_first_chunk_mut()?;
    *icmp = [kind, code, c0, c1, m0, m1, m2, m3];
    body.copy_from_slice(quote);
    Some(bytes)
}

/// Returns the part of the room that the error takes, and the part of the packet that it quotes.
fn split<'r, 'p>(
    packet: &'p [u8],
    room: &'r mut [u8],
    head_bytes: usize,
    max_bytes: usize,
    least: usize,
) -> Option<(&'r mut [u8], &'p [u8])> {
    let quote_bytes = room.len().min(max_bytes).checked_sub(head_bytes)?.min(packet.len());
    if quote_bytes < least {
        return None;
    }
    Some((room.get_mut(..head_bytes + quote_bytes)?, packet.get(..quote_bytes)?))
}

/// A header of IPv4 without options, and that of ICMP.
const V4_HEAD_BYTES: usize = 28;
/// The largest error of IPv4 (RFC 1812 §4.3.2.3).
const V4_MAX_BYTES: usize = 576;
/// The flag in the first octet of its field (RFC 791 §3.1).
const DONT_FRAGMENT: u8 = 0x40;
/// The precedence of errors (RFC 1812 §4.3.2.5).
const INTERNETWORK_CONTROL: u8 = 0xc0;
/// How far an error may go: the default of RFC 1700, which Linux has too.
const HOPS: u8 = 64;

#[cfg(test)]
mod tests;
