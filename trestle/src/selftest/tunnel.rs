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
    Some(ping(scene, &format!("inet {HOST}/24"), &format!("inet {HOST} delete"), &request, &is_reply))
}

/// The same in IPv6.
pub(super) fn ipv6<C: Calls>(scene: &mut Scene<'_, C>, _: &Options) -> Option<Result<String, String>> {
    let pinged = ping(scene, &format!("inet6 {HOST6}/64"), &format!("inet6 {HOST6} delete"), &request6, &is_reply6);
    // Haiku orders IPv6 routes by the length of their prefix, the shortest first.
    Some(pinged.map_err(|why| format!("{why}; a default route for IPv6 would take the answers elsewhere")))
}

fn ping<C: Calls>(
    scene: &Scene<'_, C>,
    add: &str,
    delete: &str,
    request: &dyn Fn(u16) -> Vec<u8>,
    is_reply: &dyn Fn(&[u8], u16) -> bool,
) -> Result<String, String> {
    let tun = scene.devices()?.tun;
    let node = scene.open(&tun, Blocking::No)?;
    scene.ifconfig(&format!("{tun} {add}"))?;
    let pinged = drain(&node, &tun).and_then(|()| {
        (0..PINGS).try_for_each(|sequence| {
            node.write(&request(sequence)).map_err(|status| format!("{tun}: write: {status}"))?;
            await_reply(&node, &tun, &|packet| is_reply(packet, sequence))
                .map_err(|why| format!("ping {sequence} of {PINGS}: {why}"))
        })
    });
    scene.ifconfig(&format!("{tun} {delete}"))?;
    pinged.map(|()| format!("{PINGS} pings of {} octets", request(0).len()))
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

fn request(sequence: u16) -> Vec<u8> {
    let echo = Icmpv4Repr::EchoRequest { ident: ECHO_ID, seq_no: sequence, data: &DATA };
    let ip = Ipv4Repr {
        src_addr: PEER,
        dst_addr: HOST,
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

fn is_reply(packet: &[u8], sequence: u16) -> bool {
    let all = ChecksumCapabilities::default();
    let Ok(packet) = Ipv4Packet::new_checked(packet) else { return false };
    let Ok(ip) = Ipv4Repr::parse(&packet, &all) else { return false };
    let Ok(echo) = Icmpv4Packet::new_checked(packet.payload()) else { return false };
    (ip.src_addr, ip.dst_addr, ip.next_header) == (HOST, PEER, IpProtocol::Icmp)
        && matches!(
            Icmpv4Repr::parse(&echo, &all),
            Ok(Icmpv4Repr::EchoReply { ident: ECHO_ID, seq_no, data }) if seq_no == sequence && data == DATA
        )
}

fn request6(sequence: u16) -> Vec<u8> {
    let echo = Icmpv6Repr::EchoRequest { ident: ECHO_ID, seq_no: sequence, data: &DATA };
    let ip = Ipv6Repr {
        src_addr: PEER6,
        dst_addr: HOST6,
        next_header: IpProtocol::Icmpv6,
        payload_len: echo.buffer_len(),
        hop_limit: 64,
    };
    let mut packet = Ipv6Packet::new_unchecked(vec![0; ip.buffer_len().saturating_add(echo.buffer_len())]);
    ip.emit(&mut packet);
    let all = ChecksumCapabilities::default();
    echo.emit(&PEER6, &HOST6, &mut Icmpv6Packet::new_unchecked(packet.payload_mut()), &all);
    packet.into_inner()
}

fn is_reply6(packet: &[u8], sequence: u16) -> bool {
    let Ok(packet) = Ipv6Packet::new_checked(packet) else { return false };
    let Ok(ip) = Ipv6Repr::parse(&packet) else { return false };
    let Ok(echo) = Icmpv6Packet::new_checked(packet.payload()) else { return false };
    (ip.src_addr, ip.dst_addr, ip.next_header) == (HOST6, PEER6, IpProtocol::Icmpv6)
        && matches!(
            Icmpv6Repr::parse(&ip.src_addr, &ip.dst_addr, &echo, &ChecksumCapabilities::default()),
            Ok(Icmpv6Repr::EchoReply { ident: ECHO_ID, seq_no, data }) if seq_no == sequence && data == DATA
        )
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
    fn a_request_is_no_reply_and_its_echo_is() {
        let mut packet = request(7);
        assert!(!is_reply(&packet, 7));
        packet[12..20].rotate_left(4);
        packet[20] = 0;
        // The checksum of the type that went from 8 to 0.
        let sum = u16::from_be_bytes([packet[22], packet[23]]).checked_add(0x0800).unwrap();
        packet[22..24].copy_from_slice(&sum.to_be_bytes());
        assert!(is_reply(&packet, 7));
        assert!(!is_reply(&packet, 8));
        let mut packet = request6(7);
        assert!(!is_reply6(&packet, 7));
        packet[8..40].rotate_left(16);
        packet[40] = 129;
        let sum = u16::from_be_bytes([packet[42], packet[43]]).checked_sub(0x0100).unwrap();
        packet[42..44].copy_from_slice(&sum.to_be_bytes());
        assert!(is_reply6(&packet, 7));
    }
}
