//! What an application may write, before it goes any further.

use crate::Kind;
use crate::header::Version;
use core::fmt;
use frame::offload::Offload;

/// Why what an application wrote is no packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PacketError {
    /// Nothing at all (EINVAL).
    Empty,
    /// It ends within its header; bytes written (EINVAL).
    Short(usize),
    /// More bytes than the MTU allows (EMSGSIZE).
    Long(usize),
    /// The version is neither 4 nor 6 (EINVAL).
    Version(u8),
    /// The address family is neither IPv4 nor IPv6 (EAFNOSUPPORT).
    Family(u32),
    /// The virtio-net header asks for a segmentation that is not defined (EINVAL).
    Offload,
}

impl fmt::Display for PacketError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => out.write_str("nothing was written"),
            Self::Short(bytes) => write!(out, "{bytes} bytes end within the header"),
            Self::Long(bytes) => write!(out, "{bytes} bytes are more than the MTU allows"),
            Self::Version(version) => write!(out, "IP version {version}"),
            Self::Family(family) => write!(out, "address family {family}"),
            Self::Offload => out.write_str("the virtio-net header asks for an unknown segmentation"),
        }
    }
}

impl core::error::Error for PacketError {}

/// Checks a packet, without its header, that an application writes.
///
/// The MTU counts what follows the Ethernet header and up to two tags; a packet that is to be cut may be of any size.
///
/// # Errors
/// [`PacketError::Empty`], [`PacketError::Short`], [`PacketError::Long`], [`PacketError::Version`].
#[inline]
pub fn check_write(kind: Kind, packet: &[u8], offload: &Offload, mtu_bytes: u32) -> Result<(), PacketError> {
    check_head(kind, packet, packet.len(), offload, mtu_bytes)
}

/// As [`check_write`], for a packet of `bytes` of which `head` is the beginning, [`frame::HEAD_BYTES`] at least.
///
/// # Errors
/// As there.
#[inline]
pub fn check_head(kind: Kind, head: &[u8], bytes: usize, offload: &Offload, mtu_bytes: u32) -> Result<(), PacketError> {
    let Some(first) = head.first() else { return Err(PacketError::Empty) };
    let head_bytes = match kind {
        Kind::Tap if bytes < frame::HEADER_BYTES => return Err(PacketError::Short(bytes)),
        Kind::Tap => frame::HEADER_BYTES + tags(head) * frame::TAG_BYTES,
        Kind::Tun => {
            let version = Version::of(head).ok_or(PacketError::Version(first >> 4))?;
            if bytes < version.header_bytes() {
                return Err(PacketError::Short(bytes));
            }
            0
        }
    };
    if !offload.is_gso() && bytes - head_bytes.min(bytes) > mtu_bytes as usize {
        return Err(PacketError::Long(bytes));
    }
    Ok(())
}

/// Counts tags (802.1Q) after the addresses, two at most.
fn tags(frame: &[u8]) -> usize {
    let tagged = |at: usize| matches!(frame.get(at..at + 2), Some([0x81, 0x00] | [0x88, 0xa8]));
    match (tagged(12), tagged(16)) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use frame::offload::Gso;

    type Row<'a> = (&'static str, Kind, &'a [u8], Result<(), PacketError>);

    /// Haiku's driver checked writes against neither the MTU nor the least size (defect 20).
    #[test]
    fn defect_20_writes_are_checked() {
        let mut tagged = [0; 1519];
        tagged[12..14].copy_from_slice(&[0x81, 0]);
        let mut stacked = [0; 1522];
        stacked[12..18].copy_from_slice(&[0x88, 0xa8, 0, 0, 0x81, 0]);
        let v4 = [0x45; 1501];
        let v6 = [0x60; 40];
        let big = [0; 1515];
        #[rustfmt::skip]
        let rows: &[Row] = &[
            ("nothing, tap",     Kind::Tap, &[],            Err(PacketError::Empty)),
            ("nothing, tun",     Kind::Tun, &[],            Err(PacketError::Empty)),
            ("13 bytes",         Kind::Tap, &big[..13],     Err(PacketError::Short(13))),
            ("14 bytes",         Kind::Tap, &big[..14],     Ok(())),
            ("the MTU",          Kind::Tap, &big[..1514],   Ok(())),
            ("one more",         Kind::Tap, &big,           Err(PacketError::Long(1515))),
            ("tag and MTU",      Kind::Tap, &tagged[..1518], Ok(())),
            ("and one more",     Kind::Tap, &tagged,        Err(PacketError::Long(1519))),
            ("two tags",         Kind::Tap, &stacked,       Ok(())),
            ("version 4",        Kind::Tun, &v4[..20],      Ok(())),
            ("version 4, short", Kind::Tun, &v4[..19],      Err(PacketError::Short(19))),
            ("version 6",        Kind::Tun, &v6,            Ok(())),
            ("version 6, short", Kind::Tun, &v6[..39],      Err(PacketError::Short(39))),
            ("version 0",        Kind::Tun, &big,           Err(PacketError::Version(0))),
            ("IPv4 MTU",         Kind::Tun, &v4[..1500],    Ok(())),
            ("IPv4 MTU and one", Kind::Tun, &v4,            Err(PacketError::Long(1501))),
        ];
        for &(name, kind, packet, want) in rows {
            assert_eq!(check_write(kind, packet, &Offload::default(), 1500), want, "{name}");
        }
        let cut = Offload { gso: Gso::TcpV4, ..Offload::default() };
        assert_eq!(check_write(Kind::Tap, &big, &cut, 1500), Ok(()), "to be cut");
    }
}
