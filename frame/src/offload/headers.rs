//! Finding the headers of a packet that is to be cut.
//!
//! The packet's own headers decide; what the sender says of them has to agree. `header_bytes` is not looked at.

use super::{Gso, Offload, OffloadError};
use crate::checksum::Sum;
use crate::{EtherType, HEADER_BYTES, TAG_BYTES};

/// Where the headers of a TCP or UDP packet lie, in bytes from the first octet of the frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Headers {
    /// Which IP header.
    pub(super) ip: Ip,
    /// Where the IP header starts.
    pub(super) network: usize,
    /// Which transport header.
    pub(super) transport: Transport,
    /// Where the transport header starts.
    pub(super) start: usize,
    /// Where the payload starts.
    pub(super) payload: usize,
    /// Where the packet ends; padding of the frame may follow.
    pub(super) end: usize,
    /// The pseudo header's sum, its length left out.
    pub(super) pseudo: Sum,
}

/// The IP version of a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ip {
    /// RFC 791.
    V4,
    /// RFC 8200.
    V6,
}

/// The transport protocol of a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Transport {
    /// RFC 9293.
    Tcp,
    /// RFC 768.
    Udp,
}

impl Headers {
    /// Finds the headers that the kind of segmentation implies.
    pub(super) fn find(frame: &[u8], state: &Offload) -> Result<Self, OffloadError> {
        let unsupported = OffloadError::Unsupported(state.gso);
        let transport = match state.gso {
            Gso::TcpV4 | Gso::TcpV6 => Transport::Tcp,
            Gso::UdpSegment => Transport::Udp,
            Gso::None | Gso::UdpFragment => return Err(unsupported),
        };
        let (ether_type, network) = link_end(frame)?;
        let packet = match (ether_type, state.gso) {
            (EtherType::IPV4, Gso::TcpV4 | Gso::UdpSegment) => ipv4(frame, network)?,
            (EtherType::IPV6, Gso::TcpV6 | Gso::UdpSegment) => ipv6(frame, network)?,
            (_, Gso::None | Gso::TcpV4 | Gso::UdpFragment | Gso::TcpV6 | Gso::UdpSegment) => return Err(unsupported),
        };
        let Packet { ip, protocol, start, end, .. } = packet;
        if protocol != transport.protocol() || packet.extent == Extent::NotWhole {
            return Err(unsupported);
        }
        let payload = start + transport.header_bytes(frame, start)?;
        if payload > end || end > frame.len() {
            return Err(OffloadError::Truncated { need: payload.max(end), have: end.min(frame.len()) });
        }
        let pseudo = if state.needs_checksum {
            transport.pseudo_left_by_sender(frame, &packet, state)?
        } else {
            packet.pseudo.ok_or(unsupported)?
        };
        Ok(Self { ip, network, transport, start, payload, end, pseudo })
    }
}

impl Transport {
    /// Returns where the checksum lies in the header.
    pub(super) const fn checksum_offset(self) -> usize {
        match self {
            Self::Tcp => TCP_CHECKSUM,
            Self::Udp => UDP_CHECKSUM,
        }
    }

    /// Returns the number in the IP header.
    const fn protocol(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
        }
    }

    fn header_bytes(self, frame: &[u8], start: usize) -> Result<usize, OffloadError> {
        match self {
            Self::Tcp => {
                let header: &[u8; 20] = chunk(frame, start)?;
                // Data offset, in words of four octets (RFC 9293 §3.1).
                let bytes = usize::from(header[12] >> 4) * 4;
                if bytes < header.len() { Err(OffloadError::Header(start)) } else { Ok(bytes) }
            }
            Self::Udp => chunk::<8>(frame, start).map(|header| header.len()),
        }
    }

    /// Returns the pseudo header's sum as the sender left it in the checksum field, the packet's length taken out.
    ///
    /// Only the sender knows the final destination behind source routes of either IP version; Linux relies on the
    /// field likewise.
    fn pseudo_left_by_sender(self, frame: &[u8], packet: &Packet, state: &Offload) -> Result<Sum, OffloadError> {
        let (start, offset) = (usize::from(state.csum_start), usize::from(state.csum_offset));
        if start != packet.start || offset != self.checksum_offset() {
            return Err(OffloadError::ChecksumPlace { start: state.csum_start, offset: state.csum_offset });
        }
        let field: &[u8; 2] = chunk(frame, start + offset)?;
        let bytes = u32::try_from(packet.end.saturating_sub(start)).map_err(|_| OffloadError::Header(packet.start))?;
        Ok(Sum::default().bytes(field).without_length(bytes))
    }
}

/// What an IP header says of the packet.
struct Packet {
    ip: Ip,
    protocol: u8,
    extent: Extent,
    start: usize,
    end: usize,
    /// `None` where the destination in the header is not the final one.
    pseudo: Option<Sum>,
}

/// Whether a packet is all of its datagram.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Extent {
    Whole,
    /// A fragment, or longer than any segment may say it is.
    NotWhole,
}

/// Returns the EtherType behind the tags, and where what it names starts.
pub(super) fn link_end(frame: &[u8]) -> Result<(EtherType, usize), OffloadError> {
    let mut network = HEADER_BYTES;
    for _ in 0..=MAX_TAGS {
        let ether_type = EtherType(u16::from_be_bytes(*chunk(frame, network - 2)?));
        if !ether_type.is_tag() {
            return Ok((ether_type, network));
        }
        network += TAG_BYTES;
    }
    Err(OffloadError::Header(network))
}

/// Reads an IPv4 header (RFC 791 §3.1).
fn ipv4(frame: &[u8], network: usize) -> Result<Packet, OffloadError> {
    let header: &[u8; 20] = chunk(frame, network)?;
    let [version, _, total_hi, total_lo, _, _, fragment_hi, fragment_lo, _, protocol, _, _, addresses @ ..] = *header;
    let header_bytes = usize::from(version & 0xf) * 4;
    if version >> 4 != 4 || header_bytes < header.len() {
        return Err(OffloadError::Header(network));
    }
    // More fragments, or an offset; don't-fragment and the reserved bit do not matter.
    let fragment = u16::from_be_bytes([fragment_hi, fragment_lo]) & 0x3fff != 0;
    let routed = header_bytes > header.len();
    Ok(Packet {
        ip: Ip::V4,
        protocol,
        extent: if fragment { Extent::NotWhole } else { Extent::Whole },
        start: network + header_bytes,
        end: packet_end(frame, network, u16::from_be_bytes([total_hi, total_lo])),
        // Options may hold a source route; hardware that merges packets leaves those with options alone.
        pseudo: (!routed).then(|| Sum::pseudo(&addresses, protocol)),
    })
}

/// Reads an IPv6 header and walks the extension headers that TCP and UDP may follow (RFC 8200 §3, §4).
fn ipv6(frame: &[u8], network: usize) -> Result<Packet, OffloadError> {
    let header: &[u8; 40] = chunk(frame, network)?;
    let [version, _, _, _, bytes_hi, bytes_lo, first, _, addresses @ ..] = header;
    if version >> 4 != 6 {
        return Err(OffloadError::Header(network));
    }
    let bytes = u16::from_be_bytes([*bytes_hi, *bytes_lo]);
    let (mut protocol, mut start, mut routed) = (*first, network + header.len(), false);
    for _ in 0..MAX_EXTENSIONS {
        if !matches!(protocol, HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS) {
            break;
        }
        let &[next, units, _, segments_left] = chunk(frame, start)?;
        routed |= protocol == ROUTING && segments_left != 0;
        // Units of eight octets, the first not counted (RFC 8200 §4.3).
        start += (usize::from(units) + 1) * 8;
        protocol = next;
    }
    Ok(Packet {
        ip: Ip::V6,
        protocol,
        // A jumbogram's segments may not carry its option (RFC 2675 §3).
        extent: if bytes == 0 && *first == HOP_BY_HOP { Extent::NotWhole } else { Extent::Whole },
        start,
        end: packet_end(frame, network + header.len(), bytes),
        pseudo: (!routed).then(|| Sum::pseudo(addresses, protocol)),
    })
}

/// Returns where the packet ends, from the place and the value of its length.
///
/// Zero is how Linux writes a length past 65535 ("BIG TCP"): the packet then takes the rest of the frame.
fn packet_end(frame: &[u8], from: usize, bytes: u16) -> usize {
    if bytes == 0 { frame.len() } else { from + usize::from(bytes) }
}

/// Returns the octets at an offset.
fn chunk<const N: usize>(frame: &[u8], at: usize) -> Result<&[u8; N], OffloadError> {
    let truncated = OffloadError::Truncated { need: at.saturating_add(N), have: frame.len() };
    frame.get(at..).and_then(<[u8]>::first_chunk).ok_or(truncated)
}

/// Where UDP has its checksum (RFC 768).
pub(super) const UDP_CHECKSUM: usize = 6;
/// Where TCP has its checksum (RFC 9293 §3.1).
const TCP_CHECKSUM: usize = 16;
/// Tags in a row that are looked through; a guess, two are what provider bridges stack.
const MAX_TAGS: usize = 4;
/// Extension headers in a row that are looked through: each once, and destination options twice (RFC 8200 §4.1),
/// leave room for as many again.
const MAX_EXTENSIONS: usize = 8;
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const DESTINATION_OPTIONS: u8 = 60;
