//! What a client says, as whole IP packets.

use super::Settings;
use super::counters::Count;
use super::reply;
use core::net::Ipv4Addr;
use heapless::Vec;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{DHCP_CLIENT_PORT, DHCP_SERVER_PORT, IPV4_HEADER_LEN, UDP_HEADER_LEN};
use smoltcp::wire::{DhcpMessageType, DhcpOption, DhcpPacket, DhcpRepr, EthernetAddress};
use smoltcp::wire::{IpAddress, IpProtocol, Ipv4Packet, Ipv4Repr, UdpPacket, UdpRepr};

/// Bytes that every packet of a client fits in.
pub const PACKET_BYTES: usize = 576;

/// A packet that was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Transmit {
    /// How long it is, from its IP header.
    pub bytes: usize,
    /// Whom it is for.
    pub to: To,
}

/// Whom a packet is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum To {
    /// Every station on the LAN.
    Broadcast,
    /// The next hop to this address, from the address that is leased, or was until it was given back: [`Event::Lost`]
    /// goes before the message that says so.
    ///
    /// [`Event::Lost`]: super::Event::Lost
    Unicast(Ipv4Addr),
}

/// A message that is to be sent (RFC 2131 §4.3.6, table 4, and §4.4.1, table 5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Request {
    /// Who lends addresses? `suggested`: this one would be welcome.
    Discover { suggested: Option<Ipv4Addr> },
    /// This offer is taken, all others are not.
    Select { address: Ipv4Addr, server: Ipv4Addr },
    /// The server may extend its lease.
    Renew { address: Ipv4Addr, server: Ipv4Addr },
    /// Anybody may extend the lease.
    Rebind { address: Ipv4Addr },
    /// The address is in use by somebody else.
    Decline { address: Ipv4Addr, server: Ipv4Addr },
    /// The address is not needed any more.
    Release { address: Ipv4Addr, server: Ipv4Addr },
}

impl Request {
    /// Returns what counts these.
    pub(super) fn count(self) -> Count {
        match self {
            Self::Discover { .. } => Count::Discovers,
            Self::Select { .. } | Self::Renew { .. } | Self::Rebind { .. } => Count::Requests,
            Self::Decline { .. } => Count::Declines,
            Self::Release { .. } => Count::Releases,
        }
    }

    /// Writes the packet at the beginning of `room`; `None` if that is too small.
    pub(super) fn write(self, settings: &Settings, transaction: u32, secs: u16, room: &mut [u8]) -> Option<Transmit> {
        let fields = Fields::of(self);
        let mut extra: Vec<DhcpOption<'_>, 3> = Vec::new();
        if let Some(id) = &settings.client_id {
            extra.push(DhcpOption { kind: CLIENT_ID, data: id }).ok()?;
        }
        if let Some(name) = settings.hostname.as_ref().filter(|_| fields.wants.is_some()) {
            extra.push(DhcpOption { kind: HOST_NAME, data: name.as_bytes() }).ok()?;
        }
        if let Some(why) = fields.why {
            extra.push(DhcpOption { kind: MESSAGE, data: why.as_bytes() }).ok()?;
        }
        let repr = DhcpRepr {
            message_type: fields.kind,
            transaction_id: transaction,
            secs: if fields.wants.is_some() { secs } else { 0 },
            client_hardware_address: EthernetAddress(settings.mac.0),
            client_ip: fields.client.unwrap_or(Ipv4Addr::UNSPECIFIED),
            your_ip: Ipv4Addr::UNSPECIFIED,
            server_ip: Ipv4Addr::UNSPECIFIED,
            router: None,
            subnet_mask: None,
            relay_agent_ip: Ipv4Addr::UNSPECIFIED,
            // Frames to our own hardware address arrive, whatever IP address they are to (RFC 2131 §4.1).
            broadcast: false,
            requested_ip: fields.requested,
            client_identifier: None,
            server_identifier: fields.server,
            parameter_request_list: fields.wants,
            dns_servers: None,
            max_size: fields.wants.map(|_| MAX_MESSAGE_BYTES),
            lease_duration: None,
            renew_duration: None,
            rebind_duration: None,
            additional_options: &extra,
        };
        let message = repr.buffer_len().max(BOOTP_BYTES);
        let bytes = IPV4_HEADER_LEN + UDP_HEADER_LEN + message;
        let packet = room.get_mut(..bytes)?;
        packet.fill(0);
        let destination = match fields.to {
            To::Broadcast => Ipv4Addr::BROADCAST,
            To::Unicast(server) => server,
        };
        let ip_repr = Ipv4Repr {
            src_addr: fields.client.unwrap_or(Ipv4Addr::UNSPECIFIED),
            dst_addr: destination,
            next_header: IpProtocol::Udp,
            payload_len: UDP_HEADER_LEN + message,
            hop_limit: 64,
        };
        let sums = ChecksumCapabilities::default();
        let mut ip = Ipv4Packet::new_unchecked(packet);
        ip_repr.emit(&mut ip, &sums);
        let mut written = Ok(());
        UdpRepr { src_port: DHCP_CLIENT_PORT, dst_port: DHCP_SERVER_PORT }.emit(
            &mut UdpPacket::new_unchecked(ip.payload_mut()),
            &IpAddress::Ipv4(ip_repr.src_addr),
            &IpAddress::Ipv4(destination),
            message,
            |payload| written = repr.emit(&mut DhcpPacket::new_unchecked(payload)),
            &sums,
        );
        written.ok().map(|()| Transmit { bytes, to: fields.to })
    }
}

/// What tells one message from another: table 5 of RFC 2131 §4.4.1, and who gets it (§4.4.4).
struct Fields {
    kind: DhcpMessageType,
    /// `ciaddr`, and the source of the packet: what the client is known to have.
    client: Option<Ipv4Addr>,
    requested: Option<Ipv4Addr>,
    server: Option<Ipv4Addr>,
    /// The parameters that an answer should hold; `None` where there is no answer.
    wants: Option<&'static [u8]>,
    why: Option<&'static str>,
    to: To,
}

impl Fields {
    fn of(request: Request) -> Self {
        let asks = Self {
            kind: DhcpMessageType::Request,
            client: None,
            requested: None,
            server: None,
            wants: Some(&WANTED),
            why: None,
            to: To::Broadcast,
        };
        match request {
            Request::Discover { suggested } => Self { kind: DhcpMessageType::Discover, requested: suggested, ..asks },
            Request::Select { address, server } => Self { requested: Some(address), server: Some(server), ..asks },
            Request::Renew { address, server } => Self { client: Some(address), to: To::Unicast(server), ..asks },
            Request::Rebind { address } => Self { client: Some(address), ..asks },
            Request::Decline { address, server } => Self {
                kind: DhcpMessageType::Decline,
                requested: Some(address),
                server: Some(server),
                wants: None,
                why: Some("the address is in use"),
                ..asks
            },
            Request::Release { address, server } => Self {
                kind: DhcpMessageType::Release,
                client: Some(address),
                server: Some(server),
                wants: None,
                why: Some("the address is not needed any more"),
                to: To::Unicast(server),
                ..asks
            },
        }
    }
}

/// The parameters asked for, the same in every message that asks (RFC 2131 §3.5).
const WANTED: [u8; 6] =
    [reply::SUBNET_MASK, reply::ROUTER, reply::DNS, reply::DURATION, reply::RENEWAL, reply::REBINDING];

/// The longest message that is taken: a datagram that fills an Ethernet frame.
const MAX_MESSAGE_BYTES: u16 = 1472;

/// Bytes of a BOOTP message, which relay agents and old servers expect at least (RFC 951 §3).
const BOOTP_BYTES: usize = 300;

// Codes of options (RFC 2132 §3.14, §9.9, §9.14).
const HOST_NAME: u8 = 12;
const MESSAGE: u8 = 56;
const CLIENT_ID: u8 = 61;
