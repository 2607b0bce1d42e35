//! Joining TCP segments that follow each other, for a kernel that takes them as one.
//!
//! What the receiving kernel does for each packet costs more than the packet's bytes. A network card's driver has it
//! done once for many (GRO); a TAP has no such driver, so segments of one burst are joined here and handed over as the
//! sender with segmentation offload would have: the kernel cuts them again wherever they leave it. Only what cutting
//! restores to the octet is joined, and only segments whose checksums hold, for the kernel no longer looks at them.

use frame::HEADER_BYTES;
use frame::offload::{Gso, Offload, VNET_BYTES};

/// Room for the headers of joined segments: virtio-net, Ethernet, IP without options, TCP with as many as there can be.
pub(super) type Head = [u8; VNET_BYTES + HEADER_BYTES + IPV6_BYTES + MAX_TCP_BYTES];

/// A TCP segment, whole and plain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'f> {
    /// From the Ethernet header on.
    frame: &'f [u8],
    version: Version,
    /// Where the TCP header begins.
    transport: usize,
    /// Where the payload begins.
    payload: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Version {
    V4,
    V6,
}

/// Segments that are one to the kernel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run<'f> {
    first: Segment<'f>,
    last: Segment<'f>,
    pub(super) segments: usize,
    payload_bytes: usize,
}

impl<'f> Segment<'f> {
    /// Finds the segment in a stored frame, `None` if it is anything that cannot be joined.
    #[inline]
    pub(super) fn parse(stored: &'f [u8]) -> Option<Self> {
        let (state, frame) = stored.split_first_chunk::<VNET_BYTES>()?;
        let packet = frame.get(HEADER_BYTES..)?;
        let (version, header_bytes) = match (*packet.first()?, number(frame, LINK_TYPE)?) {
            // Without options; neither a fragment nor reserved bits (RFC 791 §3.1).
            (0x45, IPV4) if packet.get(6)? & 0xbf == 0 && *packet.get(7)? == 0 => (Version::V4, IPV4_BYTES),
            (0x60..=0x6f, IPV6) => (Version::V6, IPV6_BYTES),
            _ => return None,
        };
        let (protocol, bytes) = match version {
            Version::V4 => (*packet.get(9)?, usize::from(number(packet, 2)?)),
            Version::V6 => (*packet.get(6)?, IPV6_BYTES + usize::from(number(packet, 4)?)),
        };
        if protocol != TCP || bytes != packet.len() || *state != [0; VNET_BYTES] {
            return None;
        }
        let transport = HEADER_BYTES + header_bytes;
        let tcp = frame.get(transport..)?;
        let payload = transport + usize::from(tcp.get(12)? >> 4) * 4;
        let flags = *tcp.get(13)?;
        let whole = payload >= transport + TCP_BYTES && payload < frame.len();
        (whole && flags & !PSH == ACK).then_some(Self { frame, version, transport, payload })
    }

    /// Returns the bytes that the sender wrote.
    #[inline]
    pub(super) fn payload(&self) -> &'f [u8] {
        self.frame.get(self.payload..).unwrap_or_default()
    }

    #[inline]
    fn part(&self, from: usize, to: usize) -> &'f [u8] {
        self.frame.get(from..to).unwrap_or_default()
    }

    fn ip(&self) -> &'f [u8] {
        self.part(HEADER_BYTES, self.transport)
    }

    fn tcp(&self) -> &'f [u8] {
        self.part(self.transport, self.payload)
    }

    fn sequence(&self) -> Option<u32> {
        self.tcp().get(4..8)?.first_chunk().map(|octets| u32::from_be_bytes(*octets))
    }

    fn pushes(&self) -> bool {
        self.tcp().get(13).is_some_and(|flags| flags & PSH != 0)
    }

    fn addresses(&self) -> &'f [u8] {
        match self.version {
            Version::V4 => self.ip().get(12..20),
            Version::V6 => self.ip().get(8..40),
        }
        .unwrap_or_default()
    }

    /// Sums the pseudo header of so many bytes (RFC 9293 §3.1, RFC 8200 §8.1).
    fn pseudo(&self, bytes: usize) -> u64 {
        sum(self.addresses()) + u64::from(u16::from(TCP).to_be()) + sum(&(bytes as u32).to_be_bytes())
    }

    /// Returns whether its checksums hold.
    fn holds(&self) -> bool {
        let segment = self.frame.get(self.transport..).unwrap_or_default();
        let header = match self.version {
            Version::V4 => fold(sum(self.ip())),
            Version::V6 => 0xffff,
        };
        header == 0xffff && fold(self.pseudo(segment.len()) + sum(segment)) == 0xffff
    }

    /// Returns whether all is the same but what cutting counts up, as the receiving side of a card has it.
    #[inline]
    fn is_like(&self, other: &Self) -> bool {
        let places = (self.version, self.transport, self.payload) == (other.version, other.transport, other.payload);
        places
            && self.part(0, HEADER_BYTES) == other.part(0, HEADER_BYTES)
            && self.alike_ip(other)
            && [(0, 4), (8, 13), (14, 16), (18, self.tcp().len())]
                .iter()
                .all(|&(from, to)| self.tcp().get(from..to) == other.tcp().get(from..to))
    }

    fn alike_ip(&self, other: &Self) -> bool {
        let same = |from: usize, to: usize| self.ip().get(from..to) == other.ip().get(from..to);
        match self.version {
            // Length, identification and checksum differ.
            Version::V4 => same(0, 2) && same(6, 10) && same(12, 20),
            Version::V6 => same(0, 4) && same(6, 40),
        }
    }

    /// Returns the identification, which cutting counts up by one.
    fn identification(&self) -> Option<u16> {
        match self.version {
            Version::V4 => number(self.ip(), 4),
            Version::V6 => None,
        }
    }
}

impl<'f> Run<'f> {
    /// Joins what follows a segment, `None` if nothing can be.
    #[inline]
    pub(super) fn gather(first: Segment<'f>, mut others: impl Iterator<Item = Segment<'f>>) -> Option<Self> {
        let mut run = Self { first, last: first, segments: 1, payload_bytes: first.payload().len() };
        while others.next().and_then(|next| run.join(next)).is_some() {}
        (run.segments > 1).then_some(run)
    }

    /// Adds a segment that comes next, or leaves the run as it is and returns `None`.
    #[inline]
    fn join(&mut self, next: Segment<'f>) -> Option<()> {
        let size = self.first.payload().len();
        let bytes = self.payload_bytes + next.payload().len();
        let follows = next.is_like(&self.first)
            && next.sequence()? == self.first.sequence()?.wrapping_add(self.payload_bytes as u32)
            && next.identification() == self.last.identification().map(|number| number.wrapping_add(1));
        // The last alone may be shorter and may push: cutting has it so.
        let open = self.last.payload().len() == size && !self.last.pushes() && next.payload().len() <= size;
        let fits = self.first.payload - HEADER_BYTES + bytes <= MAX_PACKET_BYTES;
        // Checksums last: they touch every byte.
        if !(follows && open && fits && (self.segments > 1 || self.first.holds()) && next.holds()) {
            return None;
        }
        (self.last, self.segments, self.payload_bytes) = (next, self.segments + 1, bytes);
        Some(())
    }

    /// Writes the headers of the whole, the virtio-net header first, and returns their bytes.
    pub(super) fn head<'h>(&self, room: &'h mut Head) -> Option<&'h [u8]> {
        let Segment { frame, version, transport, payload } = self.first;
        let headers = room.get_mut(..VNET_BYTES + payload)?;
        let (state, out) = headers.split_first_chunk_mut::<VNET_BYTES>()?;
        let gso = match version {
            Version::V4 => Gso::TcpV4,
            Version::V6 => Gso::TcpV6,
        };
        *state = Offload {
            needs_checksum: true,
            gso,
            header_bytes: payload as u16,
            segment_bytes: self.first.payload().len() as u16,
            csum_start: transport as u16,
            csum_offset: TCP_CHECKSUM as u16,
            ..Offload::default()
        }
        .to_vnet();
        out.copy_from_slice(frame.get(..payload)?);
        let (before, tcp) = out.split_at_mut_checked(transport)?;
        let ip = before.get_mut(HEADER_BYTES..)?;
        let tcp_bytes = tcp.len() + self.payload_bytes;
        match version {
            Version::V4 => {
                put(ip, 2, (IPV4_BYTES + tcp_bytes) as u16)?;
                put(ip, 10, 0)?;
                let checksum = !fold(sum(ip));
                *ip.get_mut(10..)?.first_chunk_mut()? = checksum.to_ne_bytes();
            }
            Version::V6 => put(ip, 4, tcp_bytes as u16)?,
        }
        *tcp.get_mut(13)? |= if self.last.pushes() { PSH } else { 0 };
        let pseudo = fold(self.first.pseudo(tcp_bytes));
        *tcp.get_mut(TCP_CHECKSUM..)?.first_chunk_mut()? = pseudo.to_ne_bytes();
        Some(headers)
    }
}

fn number(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..)?.first_chunk().map(|octets| u16::from_be_bytes(*octets))
}

fn put(octets: &mut [u8], at: usize, number: u16) -> Option<()> {
    *octets.get_mut(at..)?.first_chunk_mut()? = number.to_be_bytes();
    Some(())
}

/// Adds up octets as they lie, in the byte order of this machine (RFC 1071 §2 (B)).
#[inline]
fn sum(octets: &[u8]) -> u64 {
    let (words, tail) = octets.as_chunks::<4>();
    let mut last = [0; 4];
    for (to, from) in last.iter_mut().zip(tail) {
        *to = *from;
    }
    words.iter().fold(u64::from(u32::from_ne_bytes(last)), |sum, word| sum + u64::from(u32::from_ne_bytes(*word)))
}

/// Folds the carries of a sum; what holds folds to all ones.
fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// Where an Ethernet header says what follows it.
const LINK_TYPE: usize = 12;
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const IPV4_BYTES: usize = 20;
const IPV6_BYTES: usize = 40;
/// The length field of an IP header counts no further.
const MAX_PACKET_BYTES: usize = 65_535;
const TCP: u8 = 6;
const TCP_BYTES: usize = 20;
const MAX_TCP_BYTES: usize = 60;
const TCP_CHECKSUM: usize = 16;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

#[cfg(test)]
mod tests;
