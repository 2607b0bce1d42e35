//! Cutting a packet that is larger than the MTU into those it stands for.

use super::headers::{Headers, Ip, Transport};
use super::{Offload, OffloadError};
use crate::checksum::{Sum, never_zero};

/// The packets that a frame with segmentation state stands for, written one at a time.
///
/// Each repeats the headers, VLAN tags and options included, with its own lengths, sequence number, IPv4
/// identification and checksums. Padding behind the packet is not repeated.
#[derive(Clone, Debug)]
pub struct Segments<'a> {
    headers: &'a [u8],
    payload: &'a [u8],
    layout: Headers,
    segment_bytes: usize,
    /// Payload bytes already written: what the sequence number is ahead by.
    written: u32,
    /// Segments already written: what the identification is ahead by.
    index: u16,
    left: usize,
}

impl<'a> Segments<'a> {
    /// Reads the headers of a frame that is to be cut.
    ///
    /// `header_bytes` is a hint that senders get wrong, and is not looked at.
    ///
    /// # Errors
    /// [`OffloadError::Unsupported`] for a packet that is not of the state's kind or not whole, tunnels among them,
    /// and for [`Gso::UdpFragment`](super::Gso::UdpFragment) and [`Gso::None`](super::Gso::None). The others when
    /// the headers contradict the frame or the state.
    pub fn new(frame: &'a [u8], state: &Offload) -> Result<Self, OffloadError> {
        let layout = Headers::find(frame, state)?;
        let refused = OffloadError::SegmentBytes(state.segment_bytes);
        let segment_bytes = usize::from(state.segment_bytes);
        let truncated = OffloadError::Truncated { need: layout.end, have: frame.len() };
        let packet = frame.get(..layout.end).ok_or(truncated)?;
        let (headers, payload) = packet.split_at_checked(layout.payload).ok_or(truncated)?;
        if segment_bytes == 0 {
            return Err(refused);
        }
        let left = payload.len().div_ceil(segment_bytes).max(1);
        let segments = Self { headers, payload, layout, segment_bytes, written: 0, index: 0, left };
        let length_field = segments.largest() - layout.length_from();
        if left > MAX_SEGMENTS || u16::try_from(length_field).is_err() {
            return Err(refused);
        }
        Ok(segments)
    }

    /// Returns how many segments are still to be written.
    #[inline]
    pub fn count(&self) -> usize {
        self.left
    }

    /// Returns the bytes of the largest segment still to be written, with its Ethernet header and tags.
    ///
    /// Whoever knows the MTU compares this before anything is sent.
    #[inline]
    pub fn largest(&self) -> usize {
        self.headers.len() + self.segment_bytes.min(self.payload.len())
    }

    /// Writes the next segment to the front of `out` and returns its bytes; `None` after the last.
    ///
    /// An `out` shorter than [`Self::largest`] also answers `None`, and [`Self::count`] then is not zero.
    #[inline]
    pub fn next_into(&mut self, out: &mut [u8]) -> Option<usize> {
        let left = self.left.checked_sub(1)?;
        let out = out.get_mut(..self.largest())?;
        let (chunk, rest) = self.payload.split_at_checked(self.segment_bytes.min(self.payload.len()))?;
        let (headers, payload) = out.split_at_mut_checked(self.headers.len())?;
        headers.copy_from_slice(self.headers);
        payload.copy_from_slice(chunk);
        let bytes = out.len();
        self.patch(out, if left == 0 { Place::Last } else { Place::Inner })?;
        self.payload = rest;
        self.left = left;
        self.index = self.index.wrapping_add(1);
        self.written = self.written.wrapping_add(chunk.len() as u32);
        Some(bytes)
    }

    /// Turns the copied headers into those of this segment.
    fn patch(&self, out: &mut [u8], place: Place) -> Option<()> {
        let Headers { ip, network, transport, start, pseudo, .. } = self.layout;
        let length_field = u16::try_from(out.len() - self.layout.length_from()).ok()?;
        let (link_and_ip, packet) = out.split_at_mut_checked(start)?;
        let header = link_and_ip.get_mut(network..)?;
        match ip {
            Ip::V4 => patch_ipv4(header, length_field, self.index)?,
            Ip::V6 => *header.get_mut(4..)?.first_chunk_mut()? = length_field.to_be_bytes(),
        }
        let bytes = u32::try_from(packet.len()).ok()?;
        match transport {
            Transport::Tcp => self.patch_tcp(packet, place)?,
            Transport::Udp => *packet.get_mut(4..)?.first_chunk_mut()? = u16::try_from(bytes).ok()?.to_be_bytes(),
        }
        let at = transport.checksum_offset();
        packet.get_mut(at..)?.first_chunk_mut::<2>()?.fill(0);
        let checksum = pseudo.length(bytes).bytes(packet).checksum();
        *packet.get_mut(at..)?.first_chunk_mut()? = match transport {
            Transport::Tcp => checksum,
            Transport::Udp => never_zero(checksum),
        };
        Some(())
    }

    /// Sets sequence number and flags (RFC 9293 §3.1).
    fn patch_tcp(&self, packet: &mut [u8], place: Place) -> Option<()> {
        let header: &mut [u8; 20] = packet.first_chunk_mut()?;
        let [_, _, _, _, a, b, c, d, ..] = *header;
        let sequence = u32::from_be_bytes([a, b, c, d]).wrapping_add(self.written);
        [header[4], header[5], header[6], header[7]] = sequence.to_be_bytes();
        match place {
            Place::Inner => header[13] &= !(FIN | PSH),
            Place::Last => {}
        }
        // The window is reduced once, so it is said once (RFC 3168 §6.1.2): with or without the ECN state, as Linux.
        if self.index != 0 {
            header[13] &= !CWR;
        }
        Some(())
    }
}

impl Headers {
    /// Returns where the octets start that the length field of the IP header counts.
    const fn length_from(&self) -> usize {
        match self.ip {
            Ip::V4 => self.network,
            Ip::V6 => self.network + 40,
        }
    }
}

/// Where in the packet a segment lies, as FIN and PSH see it: they belong to its last octet.
#[derive(Clone, Copy)]
enum Place {
    Inner,
    Last,
}

/// Sets total length, identification and header checksum (RFC 791 §3.1).
fn patch_ipv4(header: &mut [u8], total: u16, ahead: u16) -> Option<()> {
    let fixed: &mut [u8; 20] = header.first_chunk_mut()?;
    let identification = u16::from_be_bytes([fixed[4], fixed[5]]).wrapping_add(ahead);
    [fixed[2], fixed[3]] = total.to_be_bytes();
    [fixed[4], fixed[5]] = identification.to_be_bytes();
    [fixed[10], fixed[11]] = [0, 0];
    let checksum = Sum::default().bytes(header).checksum();
    *header.get_mut(10..)?.first_chunk_mut()? = checksum;
    Some(())
}

/// The most segments that a frame may become: 64 KiB at the smallest segment Linux sends (48 bytes, its
/// `TCP_MIN_SND_MSS`) are 1,366. It bounds what one frame of a hostile sender can multiply into; a guess above that.
const MAX_SEGMENTS: usize = 2048;

const FIN: u8 = 0x01;
const PSH: u8 = 0x08;
const CWR: u8 = 0x80;

#[cfg(test)]
mod tests;
