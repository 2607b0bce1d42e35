//! Packets to cut, built and judged without the code under test: sums by etherparse, parsing by etherparse,
//! checksums by smoltcp.

extern crate std;
use super::super::super::{Gso, Offload};
use crate::{EtherType, Tag};
use etherparse::checksum::Sum16BitWords;
use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use smoltcp::wire::{IpAddress, Ipv4Packet, TcpPacket, UdpPacket};
use std::vec::Vec;

/// What a packet to be cut looks like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet {
    pub(super) gso: Gso,
    pub(super) version: u8,
    /// TPIDs, outermost first.
    pub(super) tags: &'static [u16],
    /// Words of no-operation in the IPv4 header.
    pub(super) ip_options: usize,
    /// IPv6 extension headers by protocol number.
    pub(super) extensions: &'static [u8],
    /// Words of no-operation in the TCP header.
    pub(super) tcp_options: usize,
    pub(super) flags: u8,
    pub(super) sequence: u32,
    pub(super) identification: u16,
    pub(super) payload: usize,
    pub(super) segment_bytes: u16,
}

impl Packet {
    pub(super) const TCP4: Self = Self {
        gso: Gso::TcpV4,
        version: 4,
        tags: &[],
        ip_options: 0,
        extensions: &[],
        tcp_options: 0,
        flags: 0x18,
        sequence: 0xffff_ff00,
        identification: 0xfffe,
        payload: 1000,
        segment_bytes: 300,
    };
    pub(super) const TCP6: Self = Self { gso: Gso::TcpV6, version: 6, ..Self::TCP4 };
    pub(super) const UDP4: Self = Self { gso: Gso::UdpSegment, ..Self::TCP4 };
    pub(super) const UDP6: Self = Self { gso: Gso::UdpSegment, version: 6, ..Self::TCP4 };

    /// One of each kind.
    pub(super) const KINDS: &'static [Self] = &[Self::TCP4, Self::TCP6, Self::UDP4, Self::UDP6];
    /// Tags to put on them.
    pub(super) const TAGS: &'static [&'static [u16]] =
        &[&[], &[0x8100], &[0x88a8], &[0x88a8, 0x8100], &[0x8100, 0x8100]];
    /// Extension headers to put into those of version 6, in an order of RFC 8200 §4.1.
    pub(super) const EXTENSIONS: &'static [&'static [u8]] = &[&[], &[0], &[60], &[43], &[0, 60, 43, 60]];

    /// Returns the frame as a sender with segmentation offload leaves it, and its state.
    pub(super) fn build(&self) -> (Vec<u8>, Offload) {
        let payload: Vec<u8> = (0..self.payload).map(|at| (at * 31 + at / 256) as u8).collect();
        let udp = self.gso == Gso::UdpSegment;
        let protocol = if udp { 17 } else { 6 };
        let bytes = payload.len() + if udp { 8 } else { 20 + 4 * self.tcp_options };

        let mut frame: Vec<u8> = [[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]].concat();
        for (vid, &tpid) in (0x6005..).zip(self.tags) {
            frame.extend_from_slice(&Tag { tpid: EtherType(tpid), tci: vid }.octets());
        }
        let pseudo = if self.version == 4 {
            frame.extend_from_slice(&[8, 0, 0x45 + self.ip_options as u8, 2]);
            // A length that the field cannot hold is written as zero, as Linux does.
            let total = u16::try_from(20 + 4 * self.ip_options + bytes).unwrap_or(0);
            frame.extend_from_slice(&total.to_be_bytes());
            frame.extend_from_slice(&self.identification.to_be_bytes());
            frame.extend_from_slice(&[0x40, 0, 64, protocol, 0xde, 0xad, 192, 0, 2, 2, 192, 0, 2, 1]);
            frame.extend_from_slice(&[1].repeat(4 * self.ip_options));
            Sum16BitWords::new().add_4bytes([192, 0, 2, 2]).add_4bytes([192, 0, 2, 1])
        } else {
            let first = self.extensions.first().copied().unwrap_or(protocol);
            let length = u16::try_from(8 * self.extensions.len() + bytes).unwrap_or(0);
            frame.extend_from_slice(&[0x86, 0xdd, 0x60, 0x21, 0x23, 0x45]);
            frame.extend_from_slice(&length.to_be_bytes());
            frame.extend_from_slice(&[first, 64]);
            let (src, dst) = (
                [0xfd, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
                [0xfd, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            );
            frame.extend_from_slice(&src);
            frame.extend_from_slice(&dst);
            for at in 0..self.extensions.len() {
                let next = self.extensions.get(at + 1).copied().unwrap_or(protocol);
                // A routing header of type 4 with nothing left, or one PadN option; eight octets either way.
                let rest = if self.extensions[at] == 43 { [0, 4, 0, 0, 0, 0, 0] } else { [0, 1, 4, 0, 0, 0, 0] };
                frame.push(next);
                frame.extend_from_slice(&rest);
            }
            Sum16BitWords::new().add_16bytes(src).add_16bytes(dst)
        };
        let pseudo = !pseudo.add_2bytes([0, protocol]).add_4bytes((bytes as u32).to_be_bytes()).ones_complement();
        let csum_start = frame.len() as u16;
        frame.extend_from_slice(&[0x9c, 0x40, 1, 0xbb]);
        if udp {
            frame.extend_from_slice(&(bytes as u16).to_be_bytes());
            frame.extend_from_slice(&pseudo.to_ne_bytes());
        } else {
            frame.extend_from_slice(&self.sequence.to_be_bytes());
            frame.extend_from_slice(&[1, 2, 3, 4, (5 + self.tcp_options as u8) << 4, self.flags, 2, 0]);
            frame.extend_from_slice(&pseudo.to_ne_bytes());
            frame.extend_from_slice(&[0, 7]);
            frame.extend_from_slice(&[1].repeat(4 * self.tcp_options));
        }
        frame.extend_from_slice(&payload);
        let state = Offload {
            needs_checksum: true,
            gso: self.gso,
            ecn: !udp && self.flags & 0x80 != 0,
            segment_bytes: self.segment_bytes,
            csum_start,
            csum_offset: if udp { 6 } else { 16 },
            ..Offload::default()
        };
        (frame, state)
    }
}

/// Asserts that `segments` are what `frame`, built from `packet`, stands for.
pub(super) fn verify(packet: &Packet, frame: &[u8], segments: &[Vec<u8>]) {
    let mut payload = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        let parsed = SlicedPacket::from_ethernet(segment).unwrap();
        assert_eq!(parsed.link_exts.len(), packet.tags.len());
        let network = 14 + 4 * packet.tags.len();
        assert_eq!(segment[..network], frame[..network], "addresses and tags");
        let (src, dst): (IpAddress, IpAddress) = match parsed.net.as_ref().unwrap() {
            NetSlice::Ipv4(ip) => {
                let header = ip.header();
                assert_eq!(usize::from(header.total_len()), segment.len() - network);
                assert_eq!(header.identification(), packet.identification.wrapping_add(index as u16));
                assert_eq!(header.options(), [1].repeat(4 * packet.ip_options));
                assert!(Ipv4Packet::new_checked(&segment[network..]).unwrap().verify_checksum());
                (header.source_addr().into(), header.destination_addr().into())
            }
            NetSlice::Ipv6(ip) => {
                assert_eq!(usize::from(ip.header().payload_length()), segment.len() - network - 40);
                let extensions = network + 40..network + 40 + 8 * packet.extensions.len();
                assert_eq!(segment[extensions.clone()], frame[extensions]);
                (ip.header().source_addr().into(), ip.header().destination_addr().into())
            }
            NetSlice::Arp(_) => panic!("an ARP packet came out"),
        };
        match parsed.transport.as_ref().unwrap() {
            TransportSlice::Tcp(tcp) => {
                assert!(TcpPacket::new_checked(tcp.slice()).unwrap().verify_checksum(&src, &dst), "segment {index}");
                assert_eq!(tcp.sequence_number(), packet.sequence.wrapping_add(payload.len() as u32));
                assert_eq!(tcp.acknowledgment_number(), 0x0102_0304);
                assert_eq!((tcp.window_size(), tcp.urgent_pointer()), (512, 7));
                assert_eq!(tcp.options(), [1].repeat(4 * packet.tcp_options));
                let last = index + 1 == segments.len();
                assert_eq!(tcp.fin(), last && packet.flags & 0x01 != 0);
                assert_eq!(tcp.psh(), last && packet.flags & 0x08 != 0);
                assert_eq!(tcp.cwr(), index == 0 && packet.flags & 0x80 != 0);
                let flags = tcp.slice()[13];
                assert_eq!(flags & 0x76, packet.flags & 0x76);
                payload.extend_from_slice(tcp.payload());
            }
            TransportSlice::Udp(udp) => {
                let datagram = UdpPacket::new_checked(udp.slice()).unwrap();
                assert_ne!(datagram.checksum(), 0, "segment {index}");
                assert!(datagram.verify_checksum(&src, &dst), "segment {index}");
                assert_eq!(usize::from(udp.length()), 8 + udp.payload().len());
                payload.extend_from_slice(udp.payload());
            }
            TransportSlice::Icmpv4(_) | TransportSlice::Icmpv6(_) | TransportSlice::Igmp(_) => {
                panic!("another protocol came out")
            }
        }
    }
    assert!(payload == frame[frame.len() - packet.payload..], "the payload in order");
}
