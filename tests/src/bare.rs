//! A station that speaks by bare frames: it has addresses, answers who asks for them, and shows everything else it hears.

use crate::clock::Limit;
use crate::etherframe::{BROADCAST, mac};
use crate::host::Host;
use crate::lan::Lan;
use crate::neighbour::{Arp, Nd, checksum};
use crate::wire::Wire;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// Station number `n` of a LAN, at the end of a cable.
#[derive(Debug)]
pub struct Bare {
    /// Its cable.
    pub wire: Wire,
    /// Its hardware address.
    pub mac: [u8; 6],
    /// Its IPv4 address.
    pub address: Ipv4Addr,
    /// Its IPv6 address.
    pub address6: Ipv6Addr,
}

impl Bare {
    /// Puts station number `n` at the end of a cable.
    pub fn new(wire: Wire, n: u8) -> Self {
        Self { wire, mac: mac(n.into()), address: Host::address(n), address6: Lan::address6(n) }
    }

    /// Reads frames for at most `time` until `wanted` finds something in one. Who asks for the station is answered.
    pub fn finds<R>(&self, time: Duration, mut wanted: impl FnMut(&[u8]) -> Option<R>) -> Option<R> {
        let limit = Limit::after(time);
        loop {
            let frame = self.wire.receive(limit)?;
            let found = wanted(&frame);
            if found.is_some() {
                return found;
            }
            self.answer(&frame);
            if limit.passed() {
                return None;
            }
        }
    }

    /// Returns every message of ARP that others send within `time`.
    pub fn hears_arp(&self, time: Duration) -> Vec<Arp> {
        let mut heard = Vec::new();
        self.finds(time, |frame| {
            heard.extend(Arp::read(frame).filter(|arp| arp.sender_mac != self.mac));
            None::<()>
        });
        heard
    }

    /// Asks who has an address, and returns the hardware address that is answered within two seconds.
    pub fn asks(&self, target: IpAddr) -> Option<[u8; 6]> {
        match target {
            IpAddr::V4(target) => {
                self.wire.send(&Arp::asks(self.mac, self.address, target).frame(BROADCAST));
                self.finds(SOON, |frame| {
                    let answer = Arp::read(frame).filter(|arp| arp.operation == 2 && arp.sender == target)?;
                    Some(answer.sender_mac)
                })
            }
            IpAddr::V6(target) => {
                self.wire.send(&Nd::asks(self.mac, self.address6, target).frame(None));
                self.finds(SOON, |frame| Nd::read(frame).filter(|nd| nd.kind == 136 && nd.target == target)?.mac)
            }
        }
    }

    /// Sends an IP packet to a station.
    #[track_caller]
    pub fn sends(&self, to: [u8; 6], packet: &[u8]) {
        let ether_type: [u8; 2] = if packet[0] >> 4 == 4 { [0x08, 0x00] } else { [0x86, 0xdd] };
        self.wire.send(&[&to[..], &self.mac, &ether_type, packet].concat());
    }

    /// Returns the IP packet in a frame to this station.
    pub fn packet<'f>(&self, frame: &'f [u8]) -> Option<&'f [u8]> {
        let (header, packet) = frame.split_first_chunk::<14>()?;
        let is_ip = matches!(header[12..], [0x08, 0x00] | [0x86, 0xdd]);
        Some(packet).filter(|_| is_ip && header[..6] == self.mac)
    }

    fn answer(&self, frame: &[u8]) {
        if let Some(arp) = Arp::read(frame).filter(|arp| arp.operation == 1 && arp.target == self.address) {
            let target = (arp.sender_mac, arp.sender);
            let answer =
                Arp { operation: 2, target_mac: target.0, target: target.1, ..Arp::announces(self.mac, self.address) };
            self.wire.send(&answer.frame(arp.sender_mac));
        }
        if let Some(nd) = Nd::read(frame).filter(|nd| nd.kind == 135 && nd.target == self.address6)
            && let Some(asker) = nd.mac
        {
            let answer =
                Nd { kind: 136, flags: 0x60, source: self.address6, destination: nd.source, mac: Some(self.mac), ..nd };
            self.wire.send(&answer.frame(Some(asker)));
        }
    }
}

/// Returns a UDP datagram of `bytes` with its IP header, from port 4000 to port 4001, of bytes that tell its length.
/// The identification of one over IPv4 is `n`, and `flags` has its upper bits: 0x40 is DF.
pub fn datagram(source: IpAddr, destination: IpAddr, bytes: u16, n: u16, flags: u8) -> Vec<u8> {
    let (mut packet, pseudo) = match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let mut header = vec![0x45, 0];
            header.extend(bytes.to_be_bytes());
            header.extend(n.to_be_bytes());
            header.extend([flags, 0, 64, 17, 0, 0]);
            header.extend(source.octets());
            header.extend(destination.octets());
            let sum = checksum(&header);
            header[10..12].copy_from_slice(&sum.to_be_bytes());
            (header, [source.octets(), destination.octets()].concat())
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let mut header = vec![0x60, 0, 0, 0];
            header.extend((bytes - 40).to_be_bytes());
            header.extend([17, 64]);
            header.extend(source.octets());
            header.extend(destination.octets());
            (header, [source.octets(), destination.octets()].concat())
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => panic!("{source} and {destination}"),
    };
    let length = (bytes - packet.len() as u16).to_be_bytes();
    let mut udp = [&4000_u16.to_be_bytes()[..], &4001_u16.to_be_bytes(), &length, &[0, 0]].concat();
    udp.extend((0..bytes - packet.len() as u16 - 8).map(|n| n.to_be_bytes()[1] ^ n.to_be_bytes()[0]));
    let sum = checksum(&[&pseudo[..], &[0, 17], &length, &udp].concat());
    udp[6..8].copy_from_slice(&sum.to_be_bytes());
    packet.extend(udp);
    packet
}

/// Longer than any answer takes.
const SOON: Duration = Duration::from_secs(2);
