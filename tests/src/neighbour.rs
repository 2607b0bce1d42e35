//! Messages of ARP and of IPv6 neighbour discovery, written and read to the byte.

use std::net::{Ipv4Addr, Ipv6Addr};

/// An ARP message for IPv4 on Ethernet (RFC 826).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Arp {
    /// 1 asks, 2 answers.
    pub operation: u16,
    /// Whose message it is.
    pub sender_mac: [u8; 6],
    /// The address that the sender says to have.
    pub sender: Ipv4Addr,
    /// Who has, or may have, the target.
    pub target_mac: [u8; 6],
    /// The address that is asked for.
    pub target: Ipv4Addr,
}

impl Arp {
    /// The question of a station who has `target`.
    pub fn asks(sender_mac: [u8; 6], sender: Ipv4Addr, target: Ipv4Addr) -> Self {
        Self { operation: 1, sender_mac, sender, target_mac: [0; 6], target }
    }

    /// What a station says of itself without being asked (RFC 5227 §2.3).
    pub fn announces(sender_mac: [u8; 6], sender: Ipv4Addr) -> Self {
        Self::asks(sender_mac, sender, sender)
    }

    /// Returns whether it tells all stations of the sender's address.
    pub fn is_announcement(&self) -> bool {
        self.sender == self.target
    }

    /// Returns the frame to `destination`, filled up to the minimum.
    pub fn frame(&self, destination: [u8; 6]) -> Vec<u8> {
        let mut frame = [destination, self.sender_mac].concat();
        frame.extend([0x08, 0x06, 0, 1, 8, 0, 6, 4]);
        frame.extend(self.operation.to_be_bytes());
        frame.extend(self.sender_mac);
        frame.extend(self.sender.octets());
        frame.extend(self.target_mac);
        frame.extend(self.target.octets());
        frame.resize(60, 0);
        frame
    }

    /// Reads a frame; `None` if it holds none.
    pub fn read(frame: &[u8]) -> Option<Self> {
        let message = frame.strip_prefix(frame.get(..12)?)?.strip_prefix(&[0x08, 0x06, 0, 1, 8, 0, 6, 4])?;
        let (operation, rest) = message.split_first_chunk()?;
        let (sender_mac, rest) = rest.split_first_chunk()?;
        let (sender, rest) = rest.split_first_chunk::<4>()?;
        let (target_mac, rest) = rest.split_first_chunk()?;
        let (target, _) = rest.split_first_chunk::<4>()?;
        Some(Self {
            operation: u16::from_be_bytes(*operation),
            sender_mac: *sender_mac,
            sender: (*sender).into(),
            target_mac: *target_mac,
            target: (*target).into(),
        })
    }
}

/// A neighbour solicitation or advertisement (RFC 4861 §4.3, §4.4) with the option for a link-layer address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Nd {
    /// 135 asks, 136 answers.
    pub kind: u8,
    /// The hop limit, which must be 255 (RFC 4861 §7.1).
    pub hop_limit: u8,
    /// From whom.
    pub source: Ipv6Addr,
    /// To whom.
    pub destination: Ipv6Addr,
    /// Router, solicited, override: the highest bits of an advertisement.
    pub flags: u8,
    /// The address that it is about.
    pub target: Ipv6Addr,
    /// The link-layer address of who asks, or who has the target.
    pub mac: Option<[u8; 6]>,
}

impl Nd {
    /// The question of a station who has `target`, to the group of those who may (RFC 4291 §2.7.1).
    pub fn asks(mac: [u8; 6], source: Ipv6Addr, target: Ipv6Addr) -> Self {
        let [.., a, b, c] = target.octets();
        let low = [0xff00 | u16::from(a), u16::from_be_bytes([b, c])];
        let destination = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, low[0], low[1]);
        Self { kind: 135, hop_limit: 255, source, destination, flags: 0, target, mac: Some(mac) }
    }

    /// Returns the frame from the station with its `mac` option, to the group or to `destination`.
    pub fn frame(&self, destination: Option<[u8; 6]>) -> Vec<u8> {
        let [.., a, b, c, d] = self.destination.octets();
        let to = destination.unwrap_or([0x33, 0x33, a, b, c, d]);
        let mut message = vec![self.kind, 0, 0, 0, self.flags, 0, 0, 0];
        message.extend(self.target.octets());
        if let Some(mac) = self.mac {
            message.extend([self.kind - 134, 1]);
            message.extend(mac);
        }
        let length = [0, message.len() as u8];
        let mut pseudo = [self.source.octets(), self.destination.octets()].concat();
        pseudo.extend([0, 0]);
        pseudo.extend(length);
        pseudo.extend([0, 0, 0, 58]);
        pseudo.extend(&message);
        message[2..4].copy_from_slice(&checksum(&pseudo).to_be_bytes());
        let mut frame = [to, self.mac.unwrap_or([2, 0, 0, 0, 0, 0xfe])].concat();
        frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
        frame.extend(length);
        frame.extend([58, self.hop_limit]);
        frame.extend(self.source.octets());
        frame.extend(self.destination.octets());
        frame.extend(message);
        frame
    }

    /// Reads a frame; `None` if it holds none, or one with a wrong checksum.
    pub fn read(frame: &[u8]) -> Option<Self> {
        let packet = frame.get(12..)?.strip_prefix(&[0x86, 0xdd])?;
        let (header, message) = packet.split_first_chunk::<40>()?;
        let message = message.get(..usize::from(u16::from_be_bytes([header[4], header[5]])))?;
        let address = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).ok().map(Ipv6Addr::from);
        let kind = *message.first().filter(|_| header[6] == 58)?;
        if !(kind == 135 || kind == 136) {
            return None;
        }
        let mut pseudo = header[8..40].to_vec();
        pseudo.extend([0, 0, header[4], header[5], 0, 0, 0, 58]);
        pseudo.extend(message);
        let option = message.get(24..26) == Some(&[kind - 134, 1]);
        Some(Self {
            kind,
            hop_limit: header[7],
            source: address(&header[8..24])?,
            destination: address(&header[24..40])?,
            flags: *message.get(4)?,
            target: address(message.get(8..24)?)?,
            mac: message.get(26..32).filter(|_| option).and_then(|mac| mac.try_into().ok()),
        })
        .filter(|_| checksum(&pseudo) == 0)
    }
}

/// The Internet checksum (RFC 1071).
pub fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::etherframe::mac;

    #[test]
    fn what_is_written_is_read() {
        let arp = Arp::announces(mac(1), Ipv4Addr::new(10, 0, 0, 1));
        assert_eq!(Arp::read(&arp.frame(mac(2))), Some(arp));
        assert_eq!(Arp::read(&arp.frame(mac(2))[..41]), None);
        let nd = Nd::asks(mac(1), "fd00::1".parse().unwrap(), "fd00::ab:cdef".parse().unwrap());
        assert_eq!(nd.destination, "ff02::1:ffab:cdef".parse::<Ipv6Addr>().unwrap());
        let mut frame = nd.frame(None);
        assert_eq!((Nd::read(&frame), &frame[..6]), (Some(nd), &[0x33, 0x33, 0xff, 0xab, 0xcd, 0xef][..]));
        frame[60] ^= 1;
        assert_eq!(Nd::read(&frame), None);
    }
}
