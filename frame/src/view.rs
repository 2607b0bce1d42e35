//! The Ethernet header as a bridge reads it (IEEE 802.3-2018 §3.1.1, 802.1Q-2018 §9.3).

use crate::{EtherType, Mac, Tag};
use core::fmt;

/// Destination, source and EtherType.
pub const HEADER_BYTES: usize = 14;
/// One VLAN tag.
pub const TAG_BYTES: usize = 4;
/// What a platform must show contiguously of a frame at least that long: a header and two tags, and room to classify.
pub const HEAD_BYTES: usize = 64;

/// The header fields that decide where a frame goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame {
    /// Destination address.
    pub dst: Mac,
    /// Source address.
    pub src: Mac,
    /// The outermost tag, of TPID 0x8100 or 0x88a8, wherever the platform keeps it.
    pub tag: Option<Tag>,
    /// What follows the outermost tag; a second tag shows as its TPID.
    pub ether_type: EtherType,
}

impl Frame {
    /// Reads the header from a frame's first bytes.
    ///
    /// `stripped` is the outermost tag if the platform took it out of the bytes, as network cards do.
    ///
    /// # Errors
    /// [`WireError::Truncated`] when the bytes end within the header or the outermost tag.
    #[inline]
    pub fn parse(head: &[u8], stripped: Option<Tag>) -> Result<Self, WireError> {
        let Some((header, rest)) = head.split_first_chunk::<HEADER_BYTES>() else {
            return Err(WireError::Truncated { need: HEADER_BYTES, have: head.len() });
        };
        let [a, b, c, d, e, f, g, h, i, j, k, l, hi, lo] = *header;
        let mut frame = Self {
            dst: Mac([a, b, c, d, e, f]),
            src: Mac([g, h, i, j, k, l]),
            tag: stripped,
            ether_type: EtherType(u16::from_be_bytes([hi, lo])),
        };
        if stripped.is_none() && matches!(frame.ether_type, EtherType::VLAN | EtherType::QINQ) {
            let Some(&[tci_hi, tci_lo, hi, lo]) = rest.first_chunk::<TAG_BYTES>() else {
                return Err(WireError::Truncated { need: HEADER_BYTES + TAG_BYTES, have: head.len() });
            };
            frame.tag = Some(Tag { tpid: frame.ether_type, tci: u16::from_be_bytes([tci_hi, tci_lo]) });
            frame.ether_type = EtherType(u16::from_be_bytes([hi, lo]));
        }
        Ok(frame)
    }
}

/// Why bytes are not the header they claim to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum WireError {
    /// The frame ends before the header does; both in bytes.
    Truncated {
        /// Bytes that the header takes.
        need: usize,
        /// Bytes that are there.
        have: usize,
    },
}

impl fmt::Display for WireError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { need, have } => write!(out, "header needs {need} bytes, frame has {have}"),
        }
    }
}

impl core::error::Error for WireError {}

#[cfg(test)]
mod tests;
