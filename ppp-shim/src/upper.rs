//! What an IP packet carries, behind options and extension headers.

use crate::ip::{HOP_BY_HOP, V6_HEADER_BYTES, Version};

/// The header that is not IP's own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Upper {
    /// Its protocol number.
    pub(crate) protocol: u8,
    /// Where it starts, in bytes from the first octet of the packet; it may lie past what is there.
    pub(crate) start: usize,
    /// How much of the datagram the packet is.
    pub(crate) piece: Piece,
}

/// How much of its datagram a packet is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Piece {
    /// All of it.
    Whole,
    /// A fragment that begins with the upper header.
    First,
    /// A fragment that begins within the payload: there is no upper header.
    Later,
}

impl Upper {
    /// Finds the upper header; `None` if the headers end outside `packet` or are more than any sender has reason for.
    #[inline]
    pub(crate) fn find(packet: &[u8]) -> Option<Self> {
        match Version::of(packet)? {
            Version::V4 => Self::find_v4(packet),
            Version::V6 => Self::find_v6(packet),
        }
    }

    /// Returns the first `N` octets of the upper header; `None` for a later fragment.
    #[inline]
    pub(crate) fn chunk<const N: usize>(self, packet: &[u8]) -> Option<&[u8; N]> {
        match self.piece {
            Piece::Whole | Piece::First => packet.get(self.start..)?.first_chunk(),
            Piece::Later => None,
        }
    }

    #[inline]
    fn find_v4(packet: &[u8]) -> Option<Self> {
        let &[first, _, _, _, _, _, f0, f1, _, protocol, ..] = packet.first_chunk::<20>()?;
        let fragment = u16::from_be_bytes([f0, f1]);
        let piece = match (fragment & V4_OFFSET, fragment & V4_MORE_FRAGMENTS) {
            (0, 0) => Piece::Whole,
            (0, _) => Piece::First,
            (_, _) => Piece::Later,
        };
        Some(Self { protocol, start: usize::from(first & 0xf) * 4, piece })
    }

    /// Walks the extension headers of RFC 8200 §4 that do not hide what follows them.
    fn find_v6(packet: &[u8]) -> Option<Self> {
        let (mut protocol, mut start, mut piece) = (*packet.get(6)?, V6_HEADER_BYTES, Piece::Whole);
        for _ in 0..=MAX_EXTENSIONS {
            if !matches!(protocol, HOP_BY_HOP | ROUTING | FRAGMENT | DESTINATION_OPTIONS) {
                return Some(Self { protocol, start, piece });
            }
            let &[next, units, f0, f1] = packet.get(start..)?.first_chunk()?;
            if protocol == FRAGMENT {
                start += 8;
                let fragment = u16::from_be_bytes([f0, f1]);
                if fragment & V6_OFFSET != 0 {
                    return Some(Self { protocol: next, start, piece: Piece::Later });
                }
                piece = Piece::First;
            } else {
                // Units of eight octets, the first not counted (RFC 8200 §4.3).
                start += (usize::from(units) + 1) * 8;
            }
            protocol = next;
        }
        None
    }
}

/// Offset and flag in their field (RFC 791 §3.1).
const V4_OFFSET: u16 = 0x1fff;
const V4_MORE_FRAGMENTS: u16 = 0x2000;
/// Offset in its field (RFC 8200 §4.5).
const V6_OFFSET: u16 = 0xfff8;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const DESTINATION_OPTIONS: u8 = 60;
/// Extension headers in a row that are looked through: each once, and destination options twice (RFC 8200 §4.1),
/// leave room for as many again.
const MAX_EXTENSIONS: usize = 10;
