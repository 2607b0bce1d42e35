//! ARP (RFC 826) for IPv4 on Ethernet.

use super::{Message, Operation, Refused, check_link_address};
use crate::address::is_station;
use core::net::Ipv4Addr;
use frame::Mac;
use smoltcp::wire::{ArpOperation, ArpPacket, ArpRepr};

/// Reads a message; what follows its 28 bytes is padding.
pub(super) fn parse(ether_src: Mac, payload: &[u8]) -> Result<Message, Refused> {
    let bytes = payload.first_chunk::<28>().ok_or(Refused::Truncated)?;
    let packet = ArpPacket::new_checked(bytes).map_err(|_| Refused::ArpFormat)?;
    let ArpRepr::EthernetIpv4 {
        operation,
        source_hardware_addr,
        source_protocol_addr: sender,
        target_hardware_addr,
        target_protocol_addr: target,
    } = ArpRepr::parse(&packet).map_err(|_| Refused::ArpFormat)?
    else {
        return Err(Refused::ArpFormat);
    };
    let operation = match operation {
        ArpOperation::Request => Operation::Request,
        ArpOperation::Reply => Operation::Reply,
        ArpOperation::Unknown(_) => return Err(Refused::ArpOperation),
    };
    let sender_mac = Mac(source_hardware_addr.0);
    check_link_address(sender_mac, ether_src)?;
    if sender != Ipv4Addr::UNSPECIFIED && !is_station(sender.into()) {
        return Err(Refused::SenderAddress);
    }
    Ok(Message::Arp { operation, sender_mac, sender, target_mac: Mac(target_hardware_addr.0), target })
}
