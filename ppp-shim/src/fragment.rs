//! IPv4 fragmentation, for tunnels smaller than the packets (RFC 791 §3.2).

use crate::ip::{Ip, Version};
use core::fmt;
use frame::checksum::Sum;
use frame::offload::Offload;

/// The fragments of an IPv4 packet, written one at a time.
///
/// A packet that fits is its own only fragment. A fragment is cut as any packet is, and keeps its place in the datagram.
#[derive(Clone, Debug)]
pub struct Fragments<'a> {
    /// The header of the fragment that comes next, its fragment field and its lengths to be filled in.
    header: Header,
    /// The header of all but the first: the options that each fragment repeats.
    later: Header,
    payload: &'a [u8],
    mtu_bytes: usize,
    /// Where the payload lies in the datagram, in units of eight octets.
    offset: u16,
    /// Flags of the packet itself: its last fragment has what it had.
    flags: u16,
    /// What its sender has left to finish.
    unfinished: Option<Checksum>,
}

/// A finished checksum that the packet does not hold.
#[derive(Clone, Copy, Debug)]
struct Checksum {
    /// Where it belongs in the payload of the next fragment.
    at: usize,
    octets: [u8; 2],
}

impl<'a> Fragments<'a> {
    /// Starts to cut a packet, which has no padding behind it, to an MTU that counts the IP header.
    ///
    /// # Errors
    /// [`FragmentError`] for a packet that may not be cut so.
    pub fn new(packet: &'a [u8], offload: &Offload, mtu_bytes: u32) -> Result<Self, FragmentError> {
        if offload.is_gso() || offload.needs_checksum {
            return Err(FragmentError::Offload);
        }
        let ip = Ip::read(packet, packet.len(), offload).map_err(|_| FragmentError::Malformed)?;
        match ip.version {
            Version::V4 => {}
            Version::V6 => return Err(FragmentError::Version6),
        }
        let packet = packet.get(..ip.bytes).ok_or(FragmentError::Malformed)?;
        let (head, payload) = packet.split_at_checked(ip.header_bytes).ok_or(FragmentError::Malformed)?;
        let field = head.get(6..).and_then(<[u8]>::first_chunk).ok_or(FragmentError::Malformed)?;
        let field = u16::from_be_bytes(*field);
        let (flags, offset) = (field & !OFFSET, field & OFFSET);
        // A wrong checksum would be mended by the fragments (RFC 1812 §5.2.2); the rest no receiver could put together.
        let end = usize::from(offset) * 8 + payload.len();
        if Sum::default().bytes(head).checksum() != [0, 0]
            || end > usize::from(u16::MAX)
            || flags & MORE_FRAGMENTS != 0 && payload.len() % 8 != 0
        {
            return Err(FragmentError::Malformed);
        }
        let whole = Header::whole(head).ok_or(FragmentError::Malformed)?;
        let later = Header::repeated(head).ok_or(FragmentError::Malformed)?;
        let mtu = mtu_bytes as usize;
        if packet.len() > mtu {
            if flags & DONT_FRAGMENT != 0 {
                return Err(FragmentError::DontFragment);
            }
            if mtu < whole.bytes + 8 {
                return Err(FragmentError::Mtu(mtu_bytes));
            }
        }
        Ok(Self { header: whole, later, payload, mtu_bytes: mtu, offset, flags, unfinished: None })
    }

    /// Starts to cut a packet whose sender may have left its checksum to be finished, the offsets counting from the
    /// packet. The fragments hold it finished; the packet stays as it is.
    ///
    /// # Errors
    /// As [`Self::new`], and [`FragmentError::Checksum`] where it does not lie in the first fragment's payload.
    pub fn finishing(packet: &'a [u8], offload: &Offload, mtu_bytes: u32) -> Result<Self, FragmentError> {
        let finished = Offload { needs_checksum: false, ..*offload };
        let mut fragments = Self::new(packet, &finished, mtu_bytes)?;
        if offload.needs_checksum {
            let checksum = fragments.left_to_finish(offload);
            let start = offload.csum_start;
            fragments.unfinished =
                Some(checksum.ok_or(FragmentError::Checksum { start, offset: offload.csum_offset })?);
        }
        Ok(fragments)
    }

    /// Returns the sum from `csum_start` to the packet's end (VIRTIO 1.2 §5.1.6.2) and where it belongs.
    fn left_to_finish(&self, offload: &Offload) -> Option<Checksum> {
        let start = usize::from(offload.csum_start).checked_sub(self.header.bytes)?;
        let at = start + usize::from(offload.csum_offset);
        let mut octets = Sum::default().bytes(self.payload.get(start..)?).checksum();
        // UDP is told by its offset, as a zero there is no checksum (RFC 768).
        if offload.csum_offset == UDP_CHECKSUM && octets == [0, 0] {
            octets = [0xff, 0xff];
        }
        (at + octets.len() <= self.next_payload()).then_some(Checksum { at, octets })
    }

    /// Returns the bytes of the next fragment, or zero after the last.
    #[must_use]
    pub fn next_bytes(&self) -> usize {
        if self.is_done() { 0 } else { self.header.bytes + self.next_payload() }
    }

    /// Writes the next fragment to the front of `room` and returns its bytes; `None` after the last.
    ///
    /// A `room` shorter than [`Self::next_bytes`] also answers `None`, and nothing is written.
    pub fn next_into(&mut self, room: &mut [u8]) -> Option<usize> {
        if self.is_done() {
            return None;
        }
        let (piece, rest) = self.payload.split_at_checked(self.next_payload())?;
        let bytes = self.header.bytes + piece.len();
        let (head, body) = room.get_mut(..bytes)?.split_at_mut_checked(self.header.bytes)?;
        let more = if rest.is_empty() { 0 } else { MORE_FRAGMENTS };
        self.header.write(head, u16::try_from(bytes).ok()?, self.flags | more | self.offset)?;
        body.copy_from_slice(piece);
        if let Some(Checksum { at, octets }) = self.unfinished.take() {
            *body.get_mut(at..)?.first_chunk_mut()? = octets;
        }
        self.offset += u16::try_from(piece.len() / 8).ok()?;
        (self.header, self.payload) = (self.later, rest);
        if rest.is_empty() {
            self.header.bytes = 0;
        }
        Some(bytes)
    }

    /// A header of no bytes stands for the end: a packet without payload has a fragment too.
    fn is_done(&self) -> bool {
        self.header.bytes == 0
    }

    /// Returns the payload of the next fragment: all that is left, or as many units of eight octets as fit.
    fn next_payload(&self) -> usize {
        let room = self.mtu_bytes.saturating_sub(self.header.bytes);
        if self.payload.len() <= room { self.payload.len() } else { room / 8 * 8 }
    }
}

/// A header of a fragment.
#[derive(Clone, Copy, Debug)]
struct Header {
    octets: [u8; MAX_HEADER_BYTES],
    bytes: usize,
}

impl Header {
    /// Takes a header as it is.
    fn whole(head: &[u8]) -> Option<Self> {
        let mut octets = [0; MAX_HEADER_BYTES];
        octets.get_mut(..head.len())?.copy_from_slice(head);
        Some(Self { octets, bytes: head.len() })
    }

    /// Takes a header without the options that only the first fragment has (RFC 791 §3.1, "copied flag").
    fn repeated(head: &[u8]) -> Option<Self> {
        let (fixed, mut options) = head.split_at_checked(MIN_HEADER_BYTES)?;
        let mut header = Self::whole(fixed)?;
        while let [kind, rest @ ..] = options {
            let length = match *kind {
                END_OF_OPTIONS => break,
                NO_OPERATION => 1,
                _ => usize::from(*rest.first()?),
            };
            // An option that states less than its own two octets would never end.
            if length < 2 && *kind != NO_OPERATION {
                return None;
            }
            let (option, behind) = options.split_at_checked(length)?;
            if kind & COPIED != 0 {
                header.octets.get_mut(header.bytes..header.bytes + length)?.copy_from_slice(option);
                header.bytes += length;
            }
            options = behind;
        }
        // The octets behind are zero: the end of options pads the header to words of four.
        header.bytes = header.bytes.next_multiple_of(4);
        Some(header)
    }

    /// Writes the header with its lengths, its fragment field and its checksum.
    fn write(&self, out: &mut [u8], total: u16, fragment: u16) -> Option<()> {
        out.copy_from_slice(self.octets.get(..self.bytes)?);
        let fixed: &mut [u8; MIN_HEADER_BYTES] = out.first_chunk_mut()?;
        fixed[0] = 0x40 | (self.bytes / 4) as u8;
        [fixed[2], fixed[3]] = total.to_be_bytes();
        [fixed[6], fixed[7]] = fragment.to_be_bytes();
        [fixed[10], fixed[11]] = [0, 0];
        let checksum = Sum::default().bytes(out).checksum();
        *out.get_mut(10..)?.first_chunk_mut()? = checksum;
        Some(())
    }
}

/// Why a packet is not cut into fragments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum FragmentError {
    /// Its sender forbids it, and is to be told what fits.
    DontFragment,
    /// Only who sends an IPv6 packet may cut it (RFC 8200 §5).
    Version6,
    /// Its checksum or its segmentation is to be finished before.
    Offload,
    /// Its checksum is to be finished where the first fragment has none.
    Checksum {
        /// Where the sum begins in the packet.
        start: u16,
        /// Where it belongs from there.
        offset: u16,
    },
    /// Its header contradicts itself, or it is a fragment that no datagram has.
    Malformed,
    /// That MTU in bytes leaves no room for eight octets behind the header.
    Mtu(u32),
}

impl fmt::Display for FragmentError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DontFragment => out.write_str("the sender forbids fragments"),
            Self::Version6 => out.write_str("IPv6 packets are cut by their sender alone"),
            Self::Offload => out.write_str("offloads are to be finished before"),
            Self::Checksum { start, offset } => {
                write!(out, "no checksum at {offset} behind {start} in the first fragment")
            }
            Self::Malformed => out.write_str("the IPv4 header contradicts itself"),
            Self::Mtu(bytes) => write!(out, "an MTU of {bytes} bytes has no room for a fragment"),
        }
    }
}

impl core::error::Error for FragmentError {}

const MIN_HEADER_BYTES: usize = 20;
const MAX_HEADER_BYTES: usize = 60;
/// Flags and offset in their field (RFC 791 §3.1).
const DONT_FRAGMENT: u16 = 0x4000;
const MORE_FRAGMENTS: u16 = 0x2000;
const OFFSET: u16 = 0x1fff;
/// Where UDP keeps its checksum (RFC 768).
const UDP_CHECKSUM: u16 = 6;
/// Option types, and the flag in a type (RFC 791 §3.1).
const END_OF_OPTIONS: u8 = 0;
const NO_OPERATION: u8 = 1;
const COPIED: u8 = 0x80;

#[cfg(test)]
mod tests;
