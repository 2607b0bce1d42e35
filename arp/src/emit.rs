//! Frames that carry neighbours' messages.

use crate::message::{AdvertisementFlags, Operation};
use core::net::{Ipv4Addr, Ipv6Addr};
use frame::Mac;
use heapless::Vec;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol, EthernetRepr, Icmpv6Packet,
    IpProtocol, Ipv6Packet, Ipv6Repr, NdiscNeighborFlags, NdiscRepr,
};

/// A whole Ethernet frame, untagged and without padding.
pub type NeighbourFrame = Vec<u8, 128>;

const ARP_BYTES: usize = 14 + 28;
const DISCOVERY_BYTES: usize = 14 + 40 + 24 + 8;

/// All nodes of the link (RFC 4291 §2.7.1).
pub(crate) const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// An ARP message from `from`.
pub(crate) struct Arp {
    pub(crate) operation: Operation,
    pub(crate) from: (Mac, Ipv4Addr),
    pub(crate) to: (Mac, Ipv4Addr),
    /// Where the frame goes: the station, or everybody.
    pub(crate) ether_dst: Mac,
}

impl Arp {
    /// A question to everybody who has an address. The sender 0.0.0.0 makes it a probe (RFC 5227 §2.1.1), the
    /// address itself an announcement (RFC 5227 §2.3).
    pub(crate) fn question(from: (Mac, Ipv4Addr), target: Ipv4Addr, ether_dst: Mac) -> Self {
        Self { operation: Operation::Request, from, to: (Mac::ZERO, target), ether_dst }
    }

    pub(crate) fn frame(&self) -> NeighbourFrame {
        let mut bytes = [0; ARP_BYTES];
        let repr = ArpRepr::EthernetIpv4 {
            operation: match self.operation {
                Operation::Request => ArpOperation::Request,
                Operation::Reply => ArpOperation::Reply,
            },
            source_hardware_addr: ethernet(self.from.0),
            source_protocol_addr: self.from.1,
            target_hardware_addr: ethernet(self.to.0),
            target_protocol_addr: self.to.1,
        };
        let mut frame = EthernetFrame::new_unchecked(&mut bytes[..]);
        header(self.from.0, self.ether_dst, EthernetProtocol::Arp).emit(&mut frame);
        repr.emit(&mut ArpPacket::new_unchecked(frame.payload_mut()));
        NeighbourFrame::from_array(bytes)
    }
}

/// What a message of neighbour discovery says.
pub(crate) enum Discovery {
    Solicitation,
    Advertisement(AdvertisementFlags),
}

/// A message of neighbour discovery that tells `mac` as link-layer address, and is sent from there.
pub(crate) struct Icmp {
    pub(crate) what: Discovery,
    pub(crate) mac: Mac,
    pub(crate) target: Ipv6Addr,
    pub(crate) source: Ipv6Addr,
    pub(crate) destination: Ipv6Addr,
    pub(crate) ether_dst: Mac,
}

impl Icmp {
    pub(crate) fn frame(&self) -> NeighbourFrame {
        let mut bytes = [0; DISCOVERY_BYTES];
        // RFC 4861 §4.3: duplicate address detection tells no link-layer address.
        let lladdr = (!self.source.is_unspecified()).then_some(ethernet(self.mac).into());
        let repr = match self.what {
            Discovery::Solicitation => NdiscRepr::NeighborSolicit { target_addr: self.target, lladdr },
            Discovery::Advertisement(flags) => NdiscRepr::NeighborAdvert {
                flags: NdiscNeighborFlags::from_bits_truncate(flags.bits()),
                target_addr: self.target,
                lladdr,
            },
        };
        let ip = Ipv6Repr {
            src_addr: self.source,
            dst_addr: self.destination,
            next_header: IpProtocol::Icmpv6,
            payload_len: repr.buffer_len(),
            hop_limit: 255,
        };
        let mut frame = EthernetFrame::new_unchecked(&mut bytes[..]);
        header(self.mac, self.ether_dst, EthernetProtocol::Ipv6).emit(&mut frame);
        let mut packet = Ipv6Packet::new_unchecked(frame.payload_mut());
        ip.emit(&mut packet);
        let mut icmp = Icmpv6Packet::new_unchecked(packet.payload_mut());
        repr.emit(&mut icmp);
        icmp.fill_checksum(&self.source, &self.destination);
        let mut frame = NeighbourFrame::from_array(bytes);
        frame.truncate(14 + 40 + repr.buffer_len());
        frame
    }
}

/// Returns the group that hears questions for an address (RFC 4291 §2.7.1).
pub(crate) fn solicited_node(target: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = target.octets();
    Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c])
}

/// Returns the Ethernet group of an IPv6 group (RFC 2464 §7).
pub(crate) fn group_mac(group: Ipv6Addr) -> Mac {
    let [.., a, b, c, d] = group.octets();
    Mac([0x33, 0x33, a, b, c, d])
}

fn ethernet(mac: Mac) -> EthernetAddress {
    EthernetAddress(mac.0)
}

fn header(src: Mac, dst: Mac, ethertype: EthernetProtocol) -> EthernetRepr {
    EthernetRepr { src_addr: ethernet(src), dst_addr: ethernet(dst), ethertype }
}
