//! IP packets between the program that has a tun open and the host.

use super::Options;
use super::node::drain;
use super::scene::{PATIENCE, Scene};
use kernel_glue::clock;
use kernel_glue::haiku_user::{Blocking, Calls, Descriptor, Ready, Status};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    Icmpv4Packet, Icmpv4Repr, Icmpv6Packet, Icmpv6Repr, IpProtocol, Ipv4Packet, Ipv4Repr, Ipv6Packet, Ipv6Repr,
};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// Gives the host an IPv4 address on the tun, and pings it through the node.
pub(super) fn ipv4<C: Calls>(scene: &mut Scene<'_, C>, _: &Options) -> Option<Result<String, String>> {
    let echo = |kind: Kind, sequence| {
        let (from, to) = kind.way(PEER, HOST);
        message(kind, from, to, sequence)
    };
    Some(ping(scene, &format!("inet {HOST}/24"), &format!("inet {HOST} delete"), &echo, &is_same))
}

/// The same in IPv6.
pub(super) fn ipv6<C: Calls>(scene: &mut Scene<'_, C>, _: &Options) -> Option<Result<String, String>> {
    let echo = |kind: Kind, sequence| {
        let (from, to) = kind.way(PEER6, HOST6);
        message6(kind, from, to, sequence)
    };
    let pinged = ping(scene, &format!("inet6 {HOST6}/64"), &format!("inet6 {HOST6} delete"), &echo, &is_same6);
    // Haiku orders IPv6 routes by the length of their prefix, the shortest first.
    Some(pinged.map_err(|why| format!("{why}; a default route for IPv6 would take the answers elsewhere")))
}

/// What an echo message is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Request,
    Reply,
}

impl Kind {
    /// Returns from whom to whom it goes.
    fn way<A>(self, peer: A, host: A) -> (A, A) {
        match self {
            Self::Request => (peer, host),
            Self::Reply => (host, peer),
        }
    }
}

fn ping<C: Calls>(
    scene: &Scene<'_, C>,
    add: &str,
    delete: &str,
    message: &dyn Fn(Kind, u16) -> Vec<u8>,
    is_same: &dyn Fn(&[u8], &[u8]) -> bool,
) -> Result<String, String> {
    let tun = scene.devices()?.tun;
    let node = scene.open(&tun, Blocking::No)?;
    scene.ifconfig(&format!("{tun} {add}"))?;
    let pinged = drain(&node, &tun).and_then(|()| {
        (0..PINGS).try_for_each(|sequence| {
            let reply = message(Kind::Reply, sequence);
            node.write(&message(Kind::Request, sequence)).map_err(|status| format!("{tun}: write: {status}"))?;
            await_reply(&node, &tun, &|packet| is_same(packet, &reply))
                .map_err(|why| format!("ping {sequence} of {PINGS}: {why}"))
        })
    });
    scene.after(&format!("{tun} {delete}"), pinged)?;
    Ok(format!("{PINGS} pings of {} octets", message(Kind::Request, 0).len()))
}

fn await_reply(node: &impl Descriptor, tun: &str, is_it: &dyn Fn(&[u8]) -> bool) -> Result<(), String> {
    let end = clock::monotonic().plus(PATIENCE);
    let mut packet = [0; 2048];
    let mut others = 0;
    while clock::monotonic() < end {
        match node.read(&mut packet) {
            Ok(bytes) if is_it(packet.get(..bytes).unwrap_or_default()) => return Ok(()),
            Ok(_) => others += 1,
            Err(Status::WOULD_BLOCK) => {
                node.poll(Ready::READ, Duration::from_millis(100)).map_err(|status| format!("poll: {status}"))?;
            }
            Err(status) => return Err(format!("{tun}: read: {status}")),
        }
    }
    Err(format!("{tun}: no answer; {others} other packets came"))
}

fn message(kind: Kind, from: Ipv4Addr, to: Ipv4Addr, sequence: u16) -> Vec<u8> {
    let echo = match kind {
        Kind::Request => Icmpv4Repr::EchoRequest { ident: ECHO_ID, seq_no: sequence, data: &DATA },
        Kind::Reply => Icmpv4Repr::EchoReply { ident: ECHO_ID, seq_no: sequence, data: &DATA },
    };
    let ip = Ipv4Repr {
        src_addr: from,
        dst_addr: to,
        next_header: IpProtocol::Icmp,
        payload_len: echo.buffer_len(),
        hop_limit: 64,
    };
    let all = ChecksumCapabilities::default();
    let mut packet = Ipv4Packet::new_unchecked(vec![0; ip.buffer_len().saturating_add(echo.buffer_len())]);
    ip.emit(&mut packet, &all);
    echo.emit(&mut Icmpv4Packet::new_unchecked(packet.payload_mut()), &all);
    packet.into_inner()
}

fn message6(kind: Kind, from: Ipv6Addr, to: Ipv6Addr, sequence: u16) -> Vec<u8> {
    let echo = match kind {
        Kind::Request => Icmpv6Repr::EchoRequest { ident: ECHO_ID, seq_no: sequence, data: &DATA },
        Kind::Reply => Icmpv6Repr::EchoReply { ident: ECHO_ID, seq_no: sequence, data: &DATA },
    };
    let ip = Ipv6Repr {
        src_addr: from,
        dst_addr: to,
        next_header: IpProtocol::Icmpv6,
        payload_len: echo.buffer_len(),
        hop_limit: 64,
    };
    let mut packet = Ipv6Packet::new_unchecked(vec![0; ip.buffer_len().saturating_add(echo.buffer_len())]);
    ip.emit(&mut packet);
    let all = ChecksumCapabilities::default();
    echo.emit(&from, &to, &mut Icmpv6Packet::new_unchecked(packet.payload_mut()), &all);
    packet.into_inner()
}

/// Returns whether two packets say the same to the same: how far they have come is no matter.
fn is_same(packet: &[u8], other: &[u8]) -> bool {
    let read = |packet| {
        let packet = Ipv4Packet::new_checked(packet).ok()?;
        let ip = Ipv4Repr::parse(&packet, &ChecksumCapabilities::default()).ok()?;
        Some((ip.src_addr, ip.dst_addr, ip.next_header, packet.payload()))
    };
    read(packet).is_some_and(|read_packet| Some(read_packet) == read(other))
}

fn is_same6(packet: &[u8], other: &[u8]) -> bool {
    let read = |packet| {
        let packet = Ipv6Packet::new_checked(packet).ok()?;
        let ip = Ipv6Repr::parse(&packet).ok()?;
        Some((ip.src_addr, ip.dst_addr, ip.next_header, packet.payload()))
    };
    read(packet).is_some_and(|read_packet| Some(read_packet) == read(other))
}

const HOST: Ipv4Addr = Ipv4Addr::new(198, 18, 48, 1);
const PEER: Ipv4Addr = Ipv4Addr::new(198, 18, 48, 2);
const HOST6: Ipv6Addr = Ipv6Addr::new(0xfd54, 0x7265, 0x7374, 0x48, 0, 0, 0, 1);
const PEER6: Ipv6Addr = Ipv6Addr::new(0xfd54, 0x7265, 0x7374, 0x48, 0, 0, 0, 2);
const ECHO_ID: u16 = 0x5354;
const DATA: [u8; 56] = [0xa5; 56];
const PINGS: u16 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_known_by_what_it_says() {
        let reply = message(Kind::Reply, HOST, PEER, 7);
        let mut packet = reply.clone();
        assert!(is_same(&packet, &reply));
        // It went through a router: one hop less, and the checksum with it.
        packet[8] = 63;
        let sum = u16::from_be_bytes([packet[10], packet[11]]).checked_add(0x0100).unwrap();
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        assert!(is_same(&packet, &reply));
        for other in [message(Kind::Request, PEER, HOST, 7), message(Kind::Reply, HOST, PEER, 8), vec![0x45; 20]] {
            assert!(!is_same(&other, &reply), "{other:?}");
        }
        let reply = message6(Kind::Reply, HOST6, PEER6, 7);
        let mut packet = reply.clone();
        packet[7] = 63;
        assert!(is_same6(&packet, &reply));
        for other in [message6(Kind::Request, PEER6, HOST6, 7), message6(Kind::Reply, HOST6, PEER6, 8), vec![0x60; 40]]
        {
            assert!(!is_same6(&other, &reply), "{other:?}");
        }
    }

    #[test]
    fn a_request_comes_back_as_its_reply() {
        let mut packet = message(Kind::Request, PEER, HOST, 7);
        packet[12..20].rotate_left(4);
        packet[20] = 0;
        // The checksum of the type that went from 8 to 0.
        let sum = u16::from_be_bytes([packet[22], packet[23]]).checked_add(0x0800).unwrap();
        packet[22..24].copy_from_slice(&sum.to_be_bytes());
        assert!(is_same(&packet, &message(Kind::Reply, HOST, PEER, 7)));
        let mut packet = message6(Kind::Request, PEER6, HOST6, 7);
        packet[8..40].rotate_left(16);
        packet[40] = 129;
        let sum = u16::from_be_bytes([packet[42], packet[43]]).checked_sub(0x0100).unwrap();
        packet[42..44].copy_from_slice(&sum.to_be_bytes());
        assert!(is_same6(&packet, &message6(Kind::Reply, HOST6, PEER6, 7)));
    }
}
