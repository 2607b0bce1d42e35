//! Frames of ARP (RFC 826) and of IPv6 neighbour discovery (RFC 4861), written by hand so that they may be wrong.

use crate::etherframe::BROADCAST;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Who says something about an IPv4 address, and about whose.
#[derive(Clone, Copy, Debug)]
pub struct Arp {
    /// 1 to ask, 2 to answer.
    pub operation: u16,
    /// The Ethernet destination and source.
    pub ether: [[u8; 6]; 2],
    /// The sender's addresses.
    pub sender: ([u8; 6], Ipv4Addr),
    /// The target's addresses.
    pub target: ([u8; 6], Ipv4Addr),
}

impl Arp {
    /// A station at `mac` with `sender` asks everybody who has `target`.
    pub fn request(mac: [u8; 6], sender: impl Into<Ipv4Addr>, target: impl Into<Ipv4Addr>) -> Self {
        let (sender, target) = ((mac, sender.into()), ([0; 6], target.into()));
        Self { operation: 1, ether: [BROADCAST, mac], sender, target }
    }

    /// Reads a frame that is ARP for IPv4 over Ethernet.
    pub fn read(frame: &[u8]) -> Option<Self> {
        let mac = |at: usize| frame.get(at..at + 6)?.try_into().ok();
        let address = |at: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(frame.get(at..at + 4)?).ok()?));
        let arp = frame.get(12..21)? == [8, 6, 0, 1, 8, 0, 6, 4, 0];
        let operation = u16::from(*frame.get(21)?);
        let (sender, target) = ((mac(22)?, address(28)?), (mac(32)?, address(38)?));
        arp.then_some(Self { operation, ether: [mac(0)?, mac(6)?], sender, target })
    }

    /// Returns the frame, unpadded: 42 bytes.
    pub fn frame(&self) -> Vec<u8> {
        let mut frame = self.ether.concat();
        frame.extend([8, 6, 0, 1, 8, 0, 6, 4]);
        frame.extend(self.operation.to_be_bytes());
        for (mac, address) in [self.sender, self.target] {
            frame.extend(mac);
            frame.extend(address.octets());
        }
        frame
    }
}

/// A message of neighbour discovery.
#[derive(Clone, Debug)]
pub struct Nd {
    /// 135 to solicit, 136 to advertise.
    pub kind: u8,
    /// The Ethernet destination and source.
    pub ether: [[u8; 6]; 2],
    /// Who sends it.
    pub source: Ipv6Addr,
    /// To whom.
    pub destination: Ipv6Addr,
    /// The hop limit, which must be 255.
    pub hop_limit: u8,
    /// The code, which must be 0.
    pub code: u8,
    /// The flags of an advertisement: router 0x80, solicited 0x40, override 0x20.
    pub flags: u8,
    /// Whose address it is about.
    pub target: Ipv6Addr,
    /// The options: type, length in units of 8 bytes, value.
    pub options: Vec<u8>,
}

impl Nd {
    /// A station at `mac` with `source` asks the group of `target` who has it.
    pub fn solicitation(mac: [u8; 6], source: Ipv6Addr, target: Ipv6Addr) -> Self {
        let [.., a, b, c] = target.octets();
        let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), u16::from(b) << 8 | u16::from(c));
        let options = if source.is_unspecified() { Vec::new() } else { [&[1, 1][..], &mac].concat() };
        let ether = [[0x33, 0x33, 0xff, a, b, c], mac];
        Self { kind: 135, ether, source, destination: group, hop_limit: 255, code: 0, flags: 0, target, options }
    }

    /// Reads a frame that is a solicitation or an advertisement with the right checksum.
    pub fn read(frame: &[u8]) -> Option<Self> {
        let mac = |at: usize| frame.get(at..at + 6)?.try_into().ok();
        let address = |at: usize| Some(Ipv6Addr::from(<[u8; 16]>::try_from(frame.get(at..at + 16)?).ok()?));
        let bytes = usize::from(u16::from_be_bytes([*frame.get(18)?, *frame.get(19)?]));
        let message = frame.get(54..54 + bytes)?;
        let is_icmp = frame.get(12..15)? == [0x86, 0xdd, 0x60] && frame[20] == 58;
        let (source, destination) = (address(22)?, address(38)?);
        let kind = *message.first()?;
        if !is_icmp || ![135, 136].contains(&kind) || checksum(source, destination, message) != 0 {
            return None;
        }
        let (flags, target, options) = (*message.get(4)?, address(62)?, message.get(24..)?.to_vec());
        let (hop_limit, code) = (frame[21], message[1]);
        Some(Self { kind, ether: [mac(0)?, mac(6)?], source, destination, hop_limit, code, flags, target, options })
    }

    /// Returns the frame, with the right lengths and checksum for what it has.
    pub fn frame(&self) -> Vec<u8> {
        let mut message = vec![self.kind, self.code, 0, 0, self.flags, 0, 0, 0];
        message.extend(self.target.octets());
        message.extend(&self.options);
        let sum = checksum(self.source, self.destination, &message);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        let mut frame = self.ether.concat();
        frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
        frame.extend((message.len() as u16).to_be_bytes());
        frame.extend([58, self.hop_limit]);
        frame.extend(self.source.octets());
        frame.extend(self.destination.octets());
        frame.extend(message);
        frame
    }
}

/// Returns the checksum of an ICMPv6 message (RFC 4443 §2.3), of which the field is zero; 0 if the field is right.
fn checksum(source: Ipv6Addr, destination: Ipv6Addr, message: &[u8]) -> u16 {
    let pseudo = [&source.octets()[..], &destination.octets(), &(message.len() as u32).to_be_bytes(), &[0, 0, 0, 58]];
    let bytes = [&pseudo.concat()[..], message].concat();
    let mut sum: u32 = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |&b| b.into())).sum();
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
        let request = Arp::request(mac(1), [10, 8, 0, 1], [10, 8, 0, 2]).frame();
        assert_eq!(request.len(), 42);
        let read = Arp::read(&request).expect("it is one");
        assert_eq!((read.operation, read.sender.1, read.target.1.octets()), (1, [10, 8, 0, 1].into(), [10, 8, 0, 2]));
        let (ours, theirs) = ("fd00:8::1".parse().unwrap(), "fd00:8::12:3456".parse().unwrap());
        let asked = Nd::solicitation(mac(1), ours, theirs).frame();
        assert_eq!(asked.len(), 14 + 40 + 24 + 8);
        let read = Nd::read(&asked).expect("it is one");
        assert_eq!((read.source, read.target, read.hop_limit), (ours, theirs, 255));
        assert_eq!(read.destination, "ff02::1:ff12:3456".parse::<Ipv6Addr>().unwrap());
        let mut wrong = asked;
        wrong[56] ^= 1;
        assert!(Nd::read(&wrong).is_none(), "the checksum is wrong");
    }
}
