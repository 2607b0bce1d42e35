extern crate std;
mod answers;
mod bounds;
mod claims;
mod properties;
mod resolves;
mod smoltcp_host;

use super::*;
use crate::emit::{Arp, Discovery, Icmp, group_mac, solicited_node};
use crate::message::{AdvertisementFlags, Operation};
use crate::{Count, Prefix, parse};
use core::net::{Ipv4Addr, Ipv6Addr};
use frame::EtherType;
use std::vec::Vec as List;

const PEER: Mac = Mac([2, 0, 0, 0, 0, 1]);
const HOST: Mac = Mac([2, 0, 0, 0, 0, 2]);
const OTHER: Mac = Mac([2, 0, 0, 0, 0, 3]);

type Link = Neighbours<u32>;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn v4(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

fn v6(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn secs(secs: u64) -> Instant {
    Instant::from_secs(secs)
}

/// The peer of a point-to-point link on a wire to the host 10.8.0.2, fd00::2.
fn on_wire() -> Link {
    let own = [ip("10.8.0.2"), ip("fd00::2")].into();
    Link::new(Identity { mac: PEER, scope: Scope::All, own, host: Some(HOST), leased: None }, Settings::default())
}

/// A station among others that has these addresses.
fn on_lan(addresses: &[&str]) -> Link {
    let list = addresses.iter().map(|text| text.parse::<Prefix>().unwrap()).collect();
    Link::new(Identity { mac: PEER, scope: Scope::List(list), ..Identity::default() }, Settings::default())
}

/// Parses a frame as the link's driver does.
fn read(frame: &[u8]) -> (Mac, Message) {
    let src = Mac(frame[6..12].try_into().unwrap());
    let kind = EtherType(u16::from_be_bytes([frame[12], frame[13]]));
    (src, parse(src, kind, &frame[14..]).unwrap().unwrap())
}

fn tell(link: &mut Link, frame: &[u8], now: Instant) -> Received {
    let (src, message) = read(frame);
    link.receive(src, &message, now)
}

/// Everything the link wants done.
fn drain(link: &mut Link, now: Instant) -> List<Output<u32>> {
    let done: List<_> = core::iter::from_fn(|| link.poll(now)).take(10_000).collect();
    assert!(link.poll_at().is_none_or(|at| at > now), "it is never due at once when drained");
    done
}

/// The messages among it, by whom they go to.
fn sent(link: &mut Link, now: Instant) -> List<(Mac, Message)> {
    let frames = drain(link, now).into_iter().filter_map(|output| match output {
        Output::Transmit(frame) => Some(frame),
        Output::Release { .. } | Output::Unreachable { .. } => None,
    });
    frames.map(|frame| (Mac(frame[..6].try_into().unwrap()), read(&frame).1)).collect()
}

fn asks(mac: Mac, sender: &str, target: &str) -> NeighbourFrame {
    Arp::question((mac, v4(sender)), v4(target), Mac::BROADCAST).frame()
}

fn answers(mac: Mac, sender: &str, to: Mac, target: &str) -> NeighbourFrame {
    Arp { operation: Operation::Reply, from: (mac, v4(sender)), to: (to, v4(target)), ether_dst: to }.frame()
}

fn solicits(mac: Mac, source: &str, target: &str) -> NeighbourFrame {
    let (target, group) = (v6(target), solicited_node(v6(target)));
    let what = Discovery::Solicitation;
    Icmp { what, mac, target, source: v6(source), destination: group, ether_dst: group_mac(group) }.frame()
}

fn advertises(mac: Mac, target: &str, to: &str, flags: AdvertisementFlags) -> NeighbourFrame {
    let what = Discovery::Advertisement(flags);
    Icmp { what, mac, target: v6(target), source: v6(target), destination: v6(to), ether_dst: PEER }.frame()
}
