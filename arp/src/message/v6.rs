//! Neighbour solicitations and advertisements (RFC 4861 §4.3, §4.4, §7.1).

use super::{AdvertisementFlags, Message, Refused, check_link_address};
use crate::address::is_station;
use crate::emit::solicited_node;
use core::net::Ipv6Addr;
use frame::Mac;
use smoltcp::wire::Icmpv6Packet;

/// How many extension headers are read. No sender of neighbour discovery needs any; a guess of what is generous.
const MAX_EXTENSIONS: usize = 8;
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const ICMPV6: u8 = 58;
const DESTINATION: u8 = 60;

const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;
const SOURCE_LINK_ADDRESS: u8 = 1;
const TARGET_LINK_ADDRESS: u8 = 2;

/// Reads an IPv6 packet, which may be any.
pub(super) fn parse(ether_src: Mac, packet: &[u8]) -> Result<Option<Message>, Refused> {
    let Some((header, rest)) = packet.split_first_chunk::<40>() else { return Ok(None) };
    let [version, _, _, _, length_high, length_low, next, hop_limit, addresses @ ..] = header;
    if version >> 4 != 6 || !matches!(*next, HOP_BY_HOP | ROUTING | FRAGMENT | ICMPV6 | DESTINATION) {
        return Ok(None);
    }
    // The frame's padding goes; a packet that is cut short keeps what there is of it.
    let length = usize::from(u16::from_be_bytes([*length_high, *length_low]));
    let body = rest.get(..length);
    let Some((whole, icmp)) = upper(*next, body.unwrap_or(rest)) else { return Ok(None) };
    let Some(&kind @ (SOLICITATION | ADVERTISEMENT)) = icmp.first() else { return Ok(None) };

    if whole == Whole::Fragment {
        return Err(Refused::Fragmented);
    }
    if *hop_limit != 255 {
        return Err(Refused::HopLimit);
    }
    let (fixed, options) = icmp.split_first_chunk::<24>().filter(|_| body.is_some()).ok_or(Refused::Truncated)?;
    let [_, code, _, _, flags, _, _, _, target @ ..] = *fixed;
    if code != 0 {
        return Err(Refused::Code);
    }
    let (source, destination) = split_addresses(addresses);
    if !Icmpv6Packet::new_unchecked(icmp).verify_checksum(&source, &destination) {
        return Err(Refused::Checksum);
    }
    let target = Ipv6Addr::from(target);
    if target.is_multicast() {
        return Err(Refused::Target);
    }
    if !source.is_unspecified() && !is_station(source.into()) {
        return Err(Refused::SenderAddress);
    }
    let message = if kind == SOLICITATION {
        let source_mac = link_address(options, SOURCE_LINK_ADDRESS)?;
        // RFC 4861 §7.1.1, the last two conditions.
        if source.is_unspecified() && (source_mac.is_some() || !is_solicited_node(destination)) {
            return Err(Refused::UnspecifiedSource);
        }
        source_mac.map_or(Ok(()), |mac| check_link_address(mac, ether_src))?;
        Message::Solicitation { source, destination, target, source_mac }
    } else {
        let target_mac = link_address(options, TARGET_LINK_ADDRESS)?;
        let flags = AdvertisementFlags::from_bits_truncate(flags);
        if source.is_unspecified() {
            return Err(Refused::SenderAddress);
        }
        if destination.is_multicast() && flags.contains(AdvertisementFlags::SOLICITED) {
            return Err(Refused::SolicitedToGroup);
        }
        target_mac.map_or(Ok(()), |mac| check_link_address(mac, ether_src))?;
        Message::Advertisement { source, destination, target, flags, target_mac }
    };
    Ok(Some(message))
}

/// Whether a packet is all there, or the first of its fragments.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Whole {
    Packet,
    Fragment,
}

/// Passes over the extension headers; `None` if no ICMPv6 is behind them.
fn upper(mut next: u8, mut rest: &[u8]) -> Option<(Whole, &[u8])> {
    let mut whole = Whole::Packet;
    for _ in 0..=MAX_EXTENSIONS {
        let length = match next {
            ICMPV6 => return Some((whole, rest)),
            HOP_BY_HOP | ROUTING | DESTINATION => 8 + 8 * usize::from(*rest.get(1)?),
            FRAGMENT => {
                let offset = u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]) >> 3;
                if offset != 0 {
                    return None;
                }
                whole = Whole::Fragment;
                8
            }
            _ => return None,
        };
        next = *rest.first()?;
        rest = rest.get(length..)?;
    }
    None
}

/// Returns whether a group is that of any address.
fn is_solicited_node(group: Ipv6Addr) -> bool {
    group == solicited_node(group)
}

fn split_addresses(addresses: &[u8; 32]) -> (Ipv6Addr, Ipv6Addr) {
    let (mut source, mut destination) = ([0; 16], [0; 16]);
    let (first, second) = addresses.split_at(16);
    source.copy_from_slice(first);
    destination.copy_from_slice(second);
    (source.into(), destination.into())
}

/// Returns the link-layer address among the options (RFC 4861 §4.6.1; one Ethernet address is 8 bytes, RFC 2464 §6).
fn link_address(mut options: &[u8], wanted: u8) -> Result<Option<Mac>, Refused> {
    let mut found = None;
    while let Some((&[kind, units], _)) = options.split_first_chunk::<2>() {
        let (option, rest) = options.split_at_checked(8 * usize::from(units)).ok_or(Refused::Option)?;
        if units == 0 {
            return Err(Refused::Option);
        }
        if kind == wanted {
            let &[_, _, ref mac @ ..] = <&[u8; 8]>::try_from(option).map_err(|_| Refused::Option)?;
            found = Some(Mac(*mac));
        }
        options = rest;
    }
    if options.is_empty() { Ok(found) } else { Err(Refused::Option) }
}
