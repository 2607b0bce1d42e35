//! Where a checksum is to be finished, when the kernel says that it is but not where.

use frame::offload::Offload;
use frame::{EtherType, HEADER_BYTES, TAG_BYTES};

/// Returns the state of a frame whose checksum is only summed over its pseudo header; `None` if it is not plain TCP
/// or UDP, whole in one IPv4 packet or directly behind an IPv6 header.
///
/// A packet socket without virtio-net header marks such frames (`TP_STATUS_CSUMNOTREADY`): they come from this very
/// machine, where the card would have finished them.
pub(super) fn checksum_place(frame: &[u8]) -> Option<Offload> {
    let mut network = HEADER_BYTES;
    while ether_type(frame, network)?.is_tag() {
        network += TAG_BYTES;
    }
    let packet = frame.get(network..)?;
    let (protocol, header_bytes) = match ether_type(frame, network)? {
        EtherType::IPV4 => (*packet.get(9)?, usize::from(packet.first()? & 0x0f) * 4),
        EtherType::IPV6 => (*packet.get(6)?, 40),
        _ => return None,
    };
    let csum_offset = match i32::from(protocol) {
        libc::IPPROTO_TCP => 16,
        libc::IPPROTO_UDP => 6,
        _ => return None,
    };
    let csum_start = u16::try_from(network + header_bytes).ok()?;
    Some(Offload { needs_checksum: true, csum_start, csum_offset, ..Offload::default() })
}

/// Returns the type that stands before `network`.
fn ether_type(frame: &[u8], network: usize) -> Option<EtherType> {
    let octets = frame.get(network.checked_sub(2)?..)?.first_chunk()?;
    Some(EtherType(u16::from_be_bytes(*octets)))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row<'a> = (&'a str, &'a [u8], &'a [(usize, u8)], Option<(u16, u16)>);

    #[test]
    fn places() {
        #[rustfmt::skip]
        let rows: &[Row] = &[
            // name              after the addresses            octets of the packet      start, offset
            ("tcp",              &[8, 0],                       &[(0, 0x45), (9, 6)],     Some((34, 16))),
            ("udp",              &[8, 0],                       &[(0, 0x45), (9, 17)],    Some((34, 6))),
            ("tcp, IP options",  &[8, 0],                       &[(0, 0x48), (9, 6)],     Some((46, 16))),
            ("tcp, tagged",      &[0x81, 0, 0, 1, 8, 0],        &[(0, 0x45), (9, 6)],     Some((38, 16))),
            ("tcp over IPv6",    &[0x86, 0xdd],                 &[(0, 0x60), (6, 6)],     Some((54, 16))),
            ("IPv6 extension",   &[0x86, 0xdd],                 &[(0, 0x60), (6, 0)],     None),
            ("icmp",             &[8, 0],                       &[(0, 0x45), (9, 1)],     None),
            ("arp",              &[8, 6],                       &[],                      None),
        ];
        for &(name, types, octets, want) in rows {
            let mut packet = [0; 60];
            for &(place, octet) in octets {
                packet[place] = octet;
            }
            let frame = [&[2; 12], types, &packet].concat();
            let got = checksum_place(&frame).map(|state| (state.csum_start, state.csum_offset));
            assert_eq!(got, want, "{name}");
            for bytes in 0..frame.len() {
                let _ = checksum_place(&frame[..bytes]);
            }
        }
    }
}
