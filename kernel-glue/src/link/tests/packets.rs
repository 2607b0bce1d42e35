//! Packets and frames by hand.

use super::{HEADER_BYTES, IpAddr, Mac};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{Icmpv6Repr, IpProtocol, IpRepr, Ipv6Address, NdiscNeighborFlags, NdiscRepr, TcpControl, TcpRepr};
use std::vec;
use std::vec::Vec;

/// A UDP packet of so many bytes in all.
pub(super) fn udp(from: &str, to: &str, bytes: usize) -> Vec<u8> {
    let (from, to): (IpAddr, IpAddr) = (from.parse().unwrap(), to.parse().unwrap());
    let header = if from.is_ipv4() { 20 } else { 40 };
    let repr = IpRepr::new(from.into(), to.into(), IpProtocol::Udp, bytes - header, 64);
    let mut packet = vec![0; bytes];
    repr.emit(&mut packet, &ChecksumCapabilities::default());
    if from.is_ipv4() {
        // smoltcp forbids fragments; what does not is of interest as well.
        packet[6] = 0;
        checksum_v4(&mut packet);
    }
    let length = ((bytes - header) as u16).to_be_bytes();
    packet[header..header + 6].copy_from_slice(&[0x12, 0x34, 0x56, 0x78, length[0], length[1]]);
    packet
}

/// The same, not to be fragmented.
pub(super) fn whole(mut packet: Vec<u8>) -> Vec<u8> {
    packet[6] |= 0x40;
    checksum_v4(&mut packet);
    packet
}

fn checksum_v4(packet: &mut [u8]) {
    let mut header = smoltcp::wire::Ipv4Packet::new_unchecked(packet);
    header.fill_checksum();
}

/// A TCP SYN that states a maximum segment size.
pub(super) fn syn(from: &str, to: &str, mss: u16) -> Vec<u8> {
    let (from, to): (IpAddr, IpAddr) = (from.parse().unwrap(), to.parse().unwrap());
    let tcp = TcpRepr {
        src_port: 40_000,
        dst_port: 80,
        control: TcpControl::Syn,
        seq_number: smoltcp::wire::TcpSeqNumber(1),
        ack_number: None,
        window_len: 64_000,
        window_scale: None,
        max_seg_size: Some(mss),
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: None,
        payload: &[],
    };
    let repr = IpRepr::new(from.into(), to.into(), IpProtocol::Tcp, tcp.buffer_len(), 64);
    let mut packet = vec![0; repr.buffer_len()];
    repr.emit(&mut packet, &ChecksumCapabilities::default());
    let start = packet.len() - tcp.buffer_len();
    let mut segment = smoltcp::wire::TcpPacket::new_unchecked(&mut packet[start..]);
    tcp.emit(&mut segment, &from.into(), &to.into(), &ChecksumCapabilities::default());
    packet
}

pub(super) fn framed(dst: Mac, src: Mac, packet: &[u8]) -> Vec<u8> {
    let ether_type: [u8; 2] = if packet[0] >> 4 == 4 { [8, 0] } else { [0x86, 0xdd] };
    [&dst.0[..], &src.0, &ether_type, packet].concat()
}

pub(super) fn arp(dst: Mac, operation: u8, sender: (Mac, &str), target: (Mac, &str)) -> Vec<u8> {
    let octets = |text: &str| text.parse::<std::net::Ipv4Addr>().unwrap().octets();
    let body = [&[0, 1, 8, 0, 6, 4, 0, operation][..], &sender.0.0, &octets(sender.1), &target.0.0, &octets(target.1)]
        .concat();
    [&dst.0[..], &sender.0.0, &[8, 6], &body].concat()
}

/// A neighbour solicitation to the target's group.
pub(super) fn solicitation(from: (Mac, &str), target: &str, hop_limit: u8) -> Vec<u8> {
    let source: Ipv6Address = from.1.parse().unwrap();
    let target: Ipv6Address = target.parse().unwrap();
    let lladdr = (!source.is_unspecified()).then(|| smoltcp::wire::RawHardwareAddress::from_bytes(&from.0.0));
    let message = NdiscRepr::NeighborSolicit { target_addr: target, lladdr };
    discovery(from.0, source, group_of(target), message, hop_limit)
}

/// A neighbour advertisement in answer to a solicitation.
pub(super) fn advertisement(from: (Mac, &str), to: (Mac, &str)) -> Vec<u8> {
    let source: Ipv6Address = from.1.parse().unwrap();
    let lladdr = Some(smoltcp::wire::RawHardwareAddress::from_bytes(&from.0.0));
    let flags = NdiscNeighborFlags::SOLICITED | NdiscNeighborFlags::OVERRIDE;
    let message = NdiscRepr::NeighborAdvert { flags, target_addr: source, lladdr };
    let mut frame = discovery(from.0, source, to.1.parse().unwrap(), message, 255);
    frame[..6].copy_from_slice(&to.0.0);
    frame
}

fn discovery(src: Mac, source: Ipv6Address, to: Ipv6Address, message: NdiscRepr<'_>, hop_limit: u8) -> Vec<u8> {
    let message = Icmpv6Repr::Ndisc(message);
    let repr = IpRepr::new(source.into(), to.into(), IpProtocol::Icmpv6, message.buffer_len(), hop_limit);
    let mut packet = vec![0; repr.buffer_len()];
    repr.emit(&mut packet, &ChecksumCapabilities::default());
    let mut icmp = smoltcp::wire::Icmpv6Packet::new_unchecked(&mut packet[40..]);
    message.emit(&source, &to, &mut icmp, &ChecksumCapabilities::default());
    let [.., a, b, c, d] = to.octets();
    framed(Mac([0x33, 0x33, a, b, c, d]), src, &packet)
}

fn group_of(target: Ipv6Address) -> Ipv6Address {
    let [.., a, b, c] = target.octets();
    Ipv6Address::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c])
}

/// Fills a frame up to Ethernet's least size.
pub(super) fn padded(mut frame: Vec<u8>) -> Vec<u8> {
    frame.resize(frame.len().max(60), 0xee);
    frame
}

pub(super) const HEAD: usize = HEADER_BYTES;
