//! Offload state: work on a frame that its sender left to whoever transmits it.
//!
//! The state is that of virtio-net (VIRTIO 1.2 §5.1.6, `struct virtio_net_hdr`), which Linux TAP devices,
//! packet sockets and virtual machines all speak. Where a port cannot carry the state, [`finish_checksum`] and
//! [`Segments`] do the work in software.

#[cfg(test)]
mod captures;
mod error;
mod finish;
mod headers;
mod segment;

pub use error::OffloadError;
pub use finish::finish_checksum;
pub use segment::Segments;

/// Bytes of the header that carries the state on the wire of a TAP or packet socket.
pub const VNET_BYTES: usize = 10;

/// What remains to be done to a frame. The default is nothing.
///
/// Offsets count from the first octet of the Ethernet header, in bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Offload {
    /// Whether the checksum from `csum_start` to the end is still to be summed.
    pub needs_checksum: bool,
    /// Whether a device has verified the checksum already.
    pub data_valid: bool,
    /// How the payload is to be cut into segments.
    pub gso: Gso,
    /// Whether the first segment alone may carry CWR (RFC 3168 §6.1.2).
    pub ecn: bool,
    /// Bytes of all headers up to the payload to be cut; a hint, not to be trusted.
    pub header_bytes: u16,
    /// Payload bytes of each segment.
    pub segment_bytes: u16,
    /// Where summing starts.
    pub csum_start: u16,
    /// Where the sum is stored, from `csum_start`.
    pub csum_offset: u16,
}

/// How a frame larger than the MTU is to be cut.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(u8)]
pub enum Gso {
    /// Not at all.
    #[default]
    None = 0,
    /// As TCP over IPv4.
    TcpV4 = 1,
    /// As IPv4 fragments of a UDP datagram; obsolete, never asked for.
    UdpFragment = 3,
    /// As TCP over IPv6.
    TcpV6 = 4,
    /// As separate UDP datagrams.
    UdpSegment = 5,
}

const NEEDS_CSUM: u8 = 1;
const DATA_VALID: u8 = 2;
const GSO_ECN: u8 = 0x80;

impl Offload {
    /// Reads the state; `None` for a segmentation type that VIRTIO 1.2 does not define.
    #[inline]
    pub fn from_vnet(header: &[u8; VNET_BYTES]) -> Option<Self> {
        let [flags, kind, h0, h1, s0, s1, c0, c1, o0, o1] = *header;
        let gso = match kind & !GSO_ECN {
            0 => Gso::None,
            1 => Gso::TcpV4,
            3 => Gso::UdpFragment,
            4 => Gso::TcpV6,
            5 => Gso::UdpSegment,
            _ => return None,
        };
        Some(Self {
            needs_checksum: flags & NEEDS_CSUM != 0,
            data_valid: flags & DATA_VALID != 0,
            gso,
            ecn: kind & GSO_ECN != 0,
            header_bytes: u16::from_ne_bytes([h0, h1]),
            segment_bytes: u16::from_ne_bytes([s0, s1]),
            csum_start: u16::from_ne_bytes([c0, c1]),
            csum_offset: u16::from_ne_bytes([o0, o1]),
        })
    }

    /// Writes the state in the byte order of this machine, as legacy virtio and Linux do.
    #[inline]
    pub fn to_vnet(self) -> [u8; VNET_BYTES] {
        let flags = if self.needs_checksum { NEEDS_CSUM } else { 0 } | if self.data_valid { DATA_VALID } else { 0 };
        let kind = self.gso as u8 | if self.ecn { GSO_ECN } else { 0 };
        let [h0, h1] = self.header_bytes.to_ne_bytes();
        let [s0, s1] = self.segment_bytes.to_ne_bytes();
        let [c0, c1] = self.csum_start.to_ne_bytes();
        let [o0, o1] = self.csum_offset.to_ne_bytes();
        [flags, kind, h0, h1, s0, s1, c0, c1, o0, o1]
    }

    /// Returns whether the frame is to be cut into segments.
    #[inline]
    pub fn is_gso(self) -> bool {
        self.gso != Gso::None
    }

    /// Returns the state after `bytes` were put in (or, negative, taken out) between the addresses and the rest.
    ///
    /// Offsets saturate; one that does not fit the frame is caught where the state is acted on.
    #[inline]
    #[must_use]
    pub fn shifted(mut self, bytes: i16) -> Self {
        if self.needs_checksum {
            self.csum_start = self.csum_start.saturating_add_signed(bytes);
        }
        if self.is_gso() {
            self.header_bytes = self.header_bytes.saturating_add_signed(bytes);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vnet_round_trip() {
        let state = Offload {
            needs_checksum: true,
            data_valid: false,
            gso: Gso::TcpV6,
            ecn: true,
            header_bytes: 74,
            segment_bytes: 1428,
            csum_start: 54,
            csum_offset: 16,
        };
        let header = state.to_vnet();
        assert_eq!(header[..2], [1, 0x84]);
        assert_eq!(Offload::from_vnet(&header), Some(state));
        assert_eq!(Offload::from_vnet(&[0; VNET_BYTES]), Some(Offload::default()));
        for kind in [2, 6, 0x7f] {
            assert_eq!(Offload::from_vnet(&[0, kind, 0, 0, 0, 0, 0, 0, 0, 0]), None, "{kind}");
        }
    }

    #[test]
    fn a_tag_moves_the_offsets() {
        let state =
            Offload { needs_checksum: true, gso: Gso::TcpV4, csum_start: 34, header_bytes: 66, ..Offload::default() };
        assert_eq!((state.shifted(4).csum_start, state.shifted(4).header_bytes), (38, 70));
        assert_eq!(state.shifted(4).shifted(-4), state);
        assert_eq!(Offload::default().shifted(4), Offload::default());
    }
}
