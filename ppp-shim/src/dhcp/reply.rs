//! What a server says: a message taken out of its IP packet.

use super::counters::Count;
use super::lease::MAX_DNS;
use core::net::Ipv4Addr;
use frame::Mac;
use frame::offload::Offload;
use heapless::Vec;
use smoltcp::wire::{ArpHardware, DhcpMessageType, DhcpPacket, IpAddress, IpProtocol, Ipv4Packet, UdpPacket};
use smoltcp::wire::{DHCP_CLIENT_PORT, DhcpOpCode, IPV4_HEADER_LEN};

/// A message of a server to this client. Whether it is acceptable is still to be seen.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) kind: Kind,
    pub(super) transaction: u32,
    /// The address that is offered or granted.
    pub(super) address: Ipv4Addr,
    pub(super) options: Options,
}

/// The messages that a client can receive (RFC 2131 §4.4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Offer,
    Ack,
    Nak,
}

/// The options that a client asks for (RFC 2132), as they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    kind: Option<u8>,
    overload: Option<u8>,
    pub(super) server: Option<Ipv4Addr>,
    pub(super) mask: Option<Ipv4Addr>,
    pub(super) duration_secs: Option<u32>,
    pub(super) renewal_secs: Option<u32>,
    pub(super) rebinding_secs: Option<u32>,
    pub(super) routers: Vec<Ipv4Addr, MAX_ROUTERS>,
    pub(super) dns: Vec<Ipv4Addr, MAX_DNS>,
}

impl Reply {
    /// Reads an IPv4 packet. `None`: it is not to the station `mac` as a DHCP client, and may be for others.
    pub(super) fn read(packet: &[u8], offload: &Offload, mac: Mac) -> Option<Result<Self, Count>> {
        let ip = Ipv4Packet::new_checked(packet).ok()?;
        let whole = !ip.more_frags() && ip.frag_offset() == 0 && !offload.is_gso();
        let plain = ip.version() == 4 && usize::from(ip.header_len()) >= IPV4_HEADER_LEN;
        if !whole || !plain || ip.next_header() != IpProtocol::Udp {
            return None;
        }
        let udp = UdpPacket::new_checked(ip.payload()).ok().filter(|udp| udp.dst_port() == DHCP_CLIENT_PORT)?;
        let message = udp.payload();
        let fixed = DhcpPacket::new_checked(message).ok()?;
        let ours = fixed.opcode() == DhcpOpCode::Reply
            && fixed.hardware_type() == ArpHardware::Ethernet
            && fixed.hardware_len() == 6
            && fixed.magic_number() == MAGIC
            && fixed.client_hardware_address().0 == mac.0;
        if !ours {
            return None;
        }
        let (from, to) = (IpAddress::Ipv4(ip.src_addr()), IpAddress::Ipv4(ip.dst_addr()));
        // A sender on this machine leaves the sum to a device that is not there (VIRTIO 1.2 §5.1.6).
        let summed = ip.verify_checksum() && (offload.needs_checksum || udp.verify_checksum(&from, &to));
        if !summed {
            return Some(Err(Count::BadChecksum));
        }
        let options = Options::read(message);
        let kind = match options.kind.map(DhcpMessageType::from) {
            Some(DhcpMessageType::Offer) => Kind::Offer,
            Some(DhcpMessageType::Ack) => Kind::Ack,
            Some(DhcpMessageType::Nak) => Kind::Nak,
            Some(
                DhcpMessageType::Discover
                | DhcpMessageType::Request
                | DhcpMessageType::Decline
                | DhcpMessageType::Release
                | DhcpMessageType::Inform
                | DhcpMessageType::Unknown(_),
            )
            | None => return Some(Err(Count::BadType)),
        };
        Some(Ok(Self { kind, transaction: fixed.transaction_id(), address: fixed.your_ip(), options }))
    }
}

impl Options {
    /// Reads the `options` field and, as it says, the `file` field and then the `sname` field (RFC 2131 §4.1).
    fn read(message: &[u8]) -> Self {
        let mut options = Self::default();
        options.read_area(message.get(OPTIONS_AT..));
        let overload = options.overload.unwrap_or(0);
        if overload & IN_FILE != 0 {
            options.read_area(message.get(FILE_AT..COOKIE_AT));
        }
        if overload & IN_SNAME != 0 {
            options.read_area(message.get(SNAME_AT..FILE_AT));
        }
        options
    }

    fn read_area(&mut self, area: Option<&[u8]>) {
        let mut rest = area.unwrap_or_default();
        while let Some((&code, after)) = rest.split_first() {
            rest = after;
            match code {
                PAD => {}
                END => return,
                _ => {
                    let Some((&bytes, after)) = rest.split_first() else { return };
                    let Some((value, after)) = after.split_at_checked(bytes.into()) else { return };
                    self.take(code, value);
                    rest = after;
                }
            }
        }
    }

    /// Takes one option. Of what may occur once the first occurrence counts; lists are concatenated (RFC 2131 §4.1).
    fn take(&mut self, code: u8, value: &[u8]) {
        let octet = || <[u8; 1]>::try_from(value).ok().map(|[octet]| octet);
        let number = || <[u8; 4]>::try_from(value).ok().map(u32::from_be_bytes);
        let address = || number().map(Ipv4Addr::from);
        let addresses = || value.chunks_exact(4).filter_map(|chunk| <[u8; 4]>::try_from(chunk).ok());
        match code {
            SUBNET_MASK => self.mask = self.mask.or_else(address),
            ROUTER => append(&mut self.routers, addresses()),
            DNS => append(&mut self.dns, addresses()),
            DURATION => self.duration_secs = self.duration_secs.or_else(number),
            OVERLOAD => self.overload = self.overload.or_else(octet),
            MESSAGE_TYPE => self.kind = self.kind.or_else(octet),
            SERVER => self.server = self.server.or_else(address),
            RENEWAL => self.renewal_secs = self.renewal_secs.or_else(number),
            REBINDING => self.rebinding_secs = self.rebinding_secs.or_else(number),
            _ => {}
        }
    }
}

/// Appends as many addresses as there is room for; those behind are of less preference (RFC 2132 §3.5, §3.8).
fn append<const N: usize>(list: &mut Vec<Ipv4Addr, N>, addresses: impl Iterator<Item = [u8; 4]>) {
    for address in addresses.take(N.saturating_sub(list.len())) {
        if list.push(address.into()).is_err() {
            return;
        }
    }
}

/// Routers looked at; the first that lies within the network is taken.
const MAX_ROUTERS: usize = 4;

/// The first four octets of the options (RFC 2131 §3).
const MAGIC: u32 = 0x6382_5363;

// Where fields begin in a message (RFC 2131 §2, figure 1).
const SNAME_AT: usize = 44;
const FILE_AT: usize = 108;
const COOKIE_AT: usize = 236;
const OPTIONS_AT: usize = 240;

// Codes of options and values of one (RFC 2132 §3.1 to §3.8, §9.2 to §9.12).
const PAD: u8 = 0;
const END: u8 = 255;
pub(super) const SUBNET_MASK: u8 = 1;
pub(super) const ROUTER: u8 = 3;
pub(super) const DNS: u8 = 6;
pub(super) const DURATION: u8 = 51;
const OVERLOAD: u8 = 52;
const MESSAGE_TYPE: u8 = 53;
const SERVER: u8 = 54;
pub(super) const RENEWAL: u8 = 58;
pub(super) const REBINDING: u8 = 59;
const IN_FILE: u8 = 1;
const IN_SNAME: u8 = 2;
