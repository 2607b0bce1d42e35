//! What precedes each packet that an application reads or writes, as its descriptor was set up.

use crate::{Kind, PacketError};
use core::ops::Deref;
use frame::offload::{Offload, VNET_BYTES};

/// What an application's descriptor puts before each packet, both ways.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Header {
    /// Nothing: Linux with `IFF_NO_PI`, FreeBSD, Haiku.
    #[default]
    None,
    /// `struct tun_pi`: flags in the machine's byte order, protocol in the network's. Linux without `IFF_NO_PI`.
    PacketInfo,
    /// Four bytes of address family in network byte order: FreeBSD with `TUNSIFHEAD`, OpenBSD always. TUN alone.
    AddressFamily(Families),
    /// `struct virtio_net_hdr`: `IFF_VNET_HDR` of Linux, `TAPSVNETHDR` of FreeBSD.
    Vnet(VnetBytes),
    /// Both of Linux's headers: `struct tun_pi` comes first.
    PacketInfoVnet(VnetBytes),
}

/// How long a virtio-net header is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum VnetBytes {
    /// `struct virtio_net_hdr`.
    #[default]
    Ten,
    /// `struct virtio_net_hdr_mrg_rxbuf`, whose number of buffers a tunnel leaves zero.
    Twelve,
}

/// Whose numbers address families have.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Families {
    /// `AF_INET6` is 28.
    FreeBsd,
    /// `AF_INET6` is 24.
    OpenBsd,
}

/// Whether the application's buffer held the whole packet.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Cut {
    /// It did.
    Whole,
    /// The packet's end did not fit and is lost.
    Truncated,
}

/// How one packet goes into the buffer of one read.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Fit {
    /// Bytes of the packet that follow the header.
    pub packet_bytes: usize,
    /// Whether these are all.
    pub cut: Cut,
}

impl VnetBytes {
    /// Returns the length that a program asks for by number; others have no meaning here.
    pub const fn from_bytes(bytes: u32) -> Option<Self> {
        match bytes {
            10 => Some(Self::Ten),
            12 => Some(Self::Twelve),
            _ => None,
        }
    }

    /// Returns the length in bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Ten => VNET_BYTES,
            Self::Twelve => VNET_BYTES + 2,
        }
    }
}

impl Families {
    const fn of(self, version: Version) -> u32 {
        match (self, version) {
            (Self::FreeBsd | Self::OpenBsd, Version::V4) => 2,
            (Self::FreeBsd, Version::V6) => 28,
            (Self::OpenBsd, Version::V6) => 24,
        }
    }
}

impl Header {
    /// Returns the length in bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::None => 0,
            Self::PacketInfo | Self::AddressFamily(_) => LEAD_BYTES,
            Self::Vnet(vnet) => vnet.bytes(),
            Self::PacketInfoVnet(vnet) => LEAD_BYTES + vnet.bytes(),
        }
    }

    /// Every header, in the order of its code.
    const ALL: [Self; 8] = [
        Self::None,
        Self::PacketInfo,
        Self::AddressFamily(Families::FreeBsd),
        Self::AddressFamily(Families::OpenBsd),
        Self::Vnet(VnetBytes::Ten),
        Self::Vnet(VnetBytes::Twelve),
        Self::PacketInfoVnet(VnetBytes::Ten),
        Self::PacketInfoVnet(VnetBytes::Twelve),
    ];

    /// Returns the header as a small number, for a descriptor that several threads read.
    pub(crate) fn code(self) -> u8 {
        Self::ALL.iter().position(|&header| header == self).map_or(0, |at| at as u8)
    }

    #[inline]
    pub(crate) fn from_code(code: u8) -> Self {
        Self::ALL.get(usize::from(code)).copied().unwrap_or_default()
    }

    /// Returns the virtio-net part, if there is one.
    pub const fn vnet(self) -> Option<VnetBytes> {
        match self {
            Self::None | Self::PacketInfo | Self::AddressFamily(_) => None,
            Self::Vnet(vnet) | Self::PacketInfoVnet(vnet) => Some(vnet),
        }
    }

    /// Returns how a packet goes into a buffer, or `None` if not even the header does (EINVAL).
    #[inline]
    pub fn fit(self, buffer_bytes: usize, packet_bytes: usize) -> Option<Fit> {
        let room = buffer_bytes.checked_sub(self.bytes())?;
        let cut = if room < packet_bytes { Cut::Truncated } else { Cut::Whole };
        Some(Fit { packet_bytes: packet_bytes.min(room), cut })
    }

    /// Returns the bytes that precede a packet which the application reads.
    #[inline]
    #[must_use]
    pub fn write(self, packet: &[u8], kind: Kind, cut: Cut, offload: &Offload) -> HeaderBytes {
        let mut out = HeaderBytes::EMPTY;
        match self {
            Self::None => {}
            Self::PacketInfo => out.push(&packet_info(packet, kind, cut)),
            Self::AddressFamily(families) => {
                let family = Version::of(packet).map_or(0, |version| families.of(version));
                out.push(&family.to_be_bytes());
            }
            Self::Vnet(vnet) => out.push_vnet(vnet, offload),
            Self::PacketInfoVnet(vnet) => {
                out.push(&packet_info(packet, kind, cut));
                out.push_vnet(vnet, offload);
            }
        }
        out
    }

    /// Splits what an application wrote into the state that its header carries and the packet.
    ///
    /// The protocol of a [`Header::PacketInfo`] is not looked at: the packet says it itself. An address family must be
    /// one of the dialect's.
    ///
    /// # Errors
    /// [`PacketError::Short`] if the header is not whole, [`PacketError::Family`] and [`PacketError::Offload`] for one
    /// that says what no packet is.
    #[inline]
    pub fn strip(self, written: &[u8]) -> Result<(Offload, &[u8]), PacketError> {
        let short = PacketError::Short(written.len());
        let rest = match self {
            Self::None => return Ok((Offload::default(), written)),
            Self::Vnet(_) => written,
            Self::PacketInfo | Self::PacketInfoVnet(_) => written.get(LEAD_BYTES..).ok_or(short)?,
            Self::AddressFamily(families) => {
                let (family, rest) = written.split_first_chunk::<LEAD_BYTES>().ok_or(short)?;
                let family = u32::from_be_bytes(*family);
                if ![Version::V4, Version::V6].iter().any(|&version| families.of(version) == family) {
                    return Err(PacketError::Family(family));
                }
                rest
            }
        };
        let Some(vnet) = self.vnet() else { return Ok((Offload::default(), rest)) };
        let header = rest.first_chunk::<VNET_BYTES>().ok_or(short)?;
        let packet = rest.get(vnet.bytes()..).ok_or(short)?;
        Ok((Offload::from_vnet(header).ok_or(PacketError::Offload)?, packet))
    }
}

/// A header as it goes before a packet: at most [`HeaderBytes::MAX`] bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HeaderBytes {
    bytes: [u8; Self::MAX],
    len: u8,
}

impl HeaderBytes {
    /// The longest header.
    pub const MAX: usize = LEAD_BYTES + VNET_BYTES + 2;

    const EMPTY: Self = Self { bytes: [0; Self::MAX], len: 0 };

    fn push(&mut self, part: &[u8]) {
        let start = usize::from(self.len);
        if let Some(room) = self.bytes.get_mut(start..start + part.len()) {
            room.copy_from_slice(part);
            self.len += part.len() as u8;
        }
    }

    fn push_vnet(&mut self, vnet: VnetBytes, offload: &Offload) {
        self.push(&offload.to_vnet());
        if vnet == VnetBytes::Twelve {
            self.push(&[0, 0]);
        }
    }
}

impl Deref for HeaderBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// The version of an IP packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Version {
    V4,
    V6,
}

impl Version {
    /// Reads the first nibble, where both versions keep it.
    #[inline]
    pub(crate) fn of(packet: &[u8]) -> Option<Self> {
        match packet.first()? >> 4 {
            4 => Some(Self::V4),
            6 => Some(Self::V6),
            _ => None,
        }
    }

    /// Returns the length of the least header of the version (RFC 791 §3.1, RFC 8200 §3).
    pub(crate) const fn header_bytes(self) -> usize {
        match self {
            Self::V4 => 20,
            Self::V6 => 40,
        }
    }

    const fn ethertype(self) -> [u8; 2] {
        match self {
            Self::V4 => [0x08, 0x00],
            Self::V6 => [0x86, 0xdd],
        }
    }
}

/// `struct tun_pi` of `linux/if_tun.h`.
fn packet_info(packet: &[u8], kind: Kind, cut: Cut) -> [u8; LEAD_BYTES] {
    let flags = match cut {
        Cut::Whole => 0,
        Cut::Truncated => TUN_PKT_STRIP,
    };
    let protocol = match kind {
        Kind::Tap => packet.get(12..).and_then(|rest| rest.first_chunk()).copied(),
        Kind::Tun => Version::of(packet).map(Version::ethertype),
    };
    let ([f0, f1], [p0, p1]) = (flags.to_ne_bytes(), protocol.unwrap_or_default());
    [f0, f1, p0, p1]
}

/// Bytes of `struct tun_pi`, and of BSD's address family.
const LEAD_BYTES: usize = 4;
/// `linux/if_tun.h`.
const TUN_PKT_STRIP: u16 = 1;

#[cfg(test)]
mod tests;
