//! A link's neighbours under whatever the Ethernet side sends, and the bounds that hold after each step.
//!
//! The bytes of the fuzzer are steps. Time passes only when they say so.

use crate::checksum::sum;
use crate::steps::Steps;
use arp::{
    Identity, MAX_HELD, MAX_INCOMPLETE, MAX_NEIGHBOURS, Message, NeighbourFrame, Neighbours, Operation, Output, Prefix, Rate,
    Received, Resolution, Scope, Settings, State, parse,
};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;
use frame::{EtherType, Frame, HEADER_BYTES, Instant, Mac};
use std::collections::BTreeMap;

/// Which protocol's messages are sent. The link has addresses of both.
#[derive(Clone, Copy, PartialEq)]
pub enum Protocol {
    Arp,
    Discovery,
}

/// Does what the bytes say, and fails where something is endless, forgotten, or said that is not so.
pub fn drive(protocol: Protocol, input: &[u8]) {
    let mut steps = Steps(input);
    let mut link = Link::new(protocol, steps.byte());
    while !steps.0.is_empty() {
        link.step(&mut steps);
        link.settle();
        link.check();
    }
    link.rests();
}

struct Link {
    protocol: Protocol,
    neighbours: Neighbours<u32>,
    settings: Settings,
    now: Instant,
    /// Packets that were given to hold and did not come back, and for whom they wait.
    held: BTreeMap<u32, IpAddr>,
    packets: u32,
    statics: BTreeMap<IpAddr, Mac>,
    answered: u64,
    asked: u64,
    confirmed: u64,
}

impl Link {
    fn new(protocol: Protocol, how: u8) -> Self {
        let few = Rate { per_second: 4, burst: 4 };
        let settings = match how & 1 {
            0 => Settings { secret: [u64::from(how); 4], ..Settings::default() },
            _ => Settings { answers: few, requests: few, confirmations: few, ..Settings::default() },
        };
        Self {
            protocol,
            neighbours: Neighbours::new(identity(how), settings),
            settings,
            now: START,
            held: BTreeMap::new(),
            packets: 0,
            statics: BTreeMap::new(),
            answered: 0,
            asked: 0,
            confirmed: 0,
        }
    }

    fn step(&mut self, steps: &mut Steps) {
        match steps.byte() % 32 {
            0 => {
                let (from, payload) = (steps.mac(), steps.take(64));
                self.hear(from, payload);
            }
            1..=3 | 20..=31 => {
                let (from, payload) = steps.message(self.protocol);
                self.hear(from, &payload);
            }
            4 => self.storm(steps),
            5..=8 => self.resolve(steps),
            9..=11 => self.now = self.now.plus(Duration::from_millis(u64::from(steps.byte()) * 4)),
            12 | 13 => self.now = self.now.plus(Duration::from_secs(u64::from(steps.byte()))),
            14 => {
                let how = steps.byte();
                self.neighbours.set_identity(identity(how), self.now);
                if how & 0x40 != 0 {
                    self.neighbours.announce(self.now);
                }
            }
            15 => {
                let (address, mac) = (steps.address(self.protocol), steps.mac());
                if self.neighbours.set_static(address, mac) {
                    assert!(!mac.is_group());
                    self.statics.insert(address, mac);
                }
            }
            _ => {
                let address = steps.address(self.protocol);
                match steps.byte() % 3 {
                    0 => drop(self.neighbours.probe(address, self.now)),
                    1 => self.neighbours.stop_probe(address),
                    _ => {
                        let known = self.neighbours.iter(self.now).any(|one| one.address == address);
                        assert_eq!(self.neighbours.remove(address), known);
                        self.statics.remove(&address);
                    }
                }
            }
        }
    }

    /// One message, and what must not be answered.
    fn hear(&mut self, from: Mac, payload: &[u8]) {
        let ether_type = match self.protocol {
            Protocol::Arp => EtherType::ARP,
            Protocol::Discovery => EtherType::IPV6,
        };
        let message = match parse(from, ether_type, payload) {
            Ok(Some(message)) => message,
            Ok(None) => return,
            Err(why) => return self.neighbours.count_refused(why),
        };
        let received = self.neighbours.receive(from, &message, self.now);
        let (asks_for, may_be_answered) = match message {
            Message::Arp { sender, target, .. } => (target.into(), !sender.is_unspecified() && sender != target),
            Message::Solicitation { source, target, .. } => (target.into(), !source.is_unspecified()),
            Message::Advertisement { target, .. } => (IpAddr::from(target), false),
        };
        if received == Received::Answered {
            assert!(may_be_answered && self.neighbours.identity().stands_for(asks_for), "{message:?}");
            self.answered += 1;
            self.keeps_to(self.settings.answers, self.answered);
        }
    }

    /// Fails if something happened more often since the start than its rate allows.
    fn keeps_to(&self, Rate { per_second, burst }: Rate, count: u64) {
        let seconds = self.now.since(START).as_micros() / 1_000_000 + 1;
        assert!(u128::from(count) <= u128::from(burst) + u128::from(per_second) * seconds, "{count} times");
    }

    /// Returns where a neighbour is.
    fn mac_of(&self, address: IpAddr) -> Option<Mac> {
        self.neighbours.iter(self.now).find(|one| one.address == address)?.mac
    }

    /// Many senders, each with an address of its own.
    fn storm(&mut self, steps: &mut Steps) {
        let (_, mut payload) = steps.message(self.protocol);
        for n in 0..u16::from(steps.byte()) * 8 {
            let [high, low] = n.to_be_bytes();
            let from = Mac([2, 0, 0, 1, high, low]);
            match self.protocol {
                Protocol::Arp => {
                    payload[8..14].copy_from_slice(&from.0);
                    payload[16..18].copy_from_slice(&[high, low]);
                }
                Protocol::Discovery => {
                    payload[20..22].copy_from_slice(&[high, low]);
                    if let Some(option) = payload.get_mut(66..72) {
                        option.copy_from_slice(&from.0);
                    }
                    finish(&mut payload);
                }
            }
            self.hear(from, &payload);
            self.settle();
        }
    }

    fn resolve(&mut self, steps: &mut Steps) {
        let (next_hop, source) = (steps.address(self.protocol), steps.address(self.protocol));
        for n in 0..=steps.byte() / 2 {
            let next_hop = match next_hop {
                IpAddr::V4(v4) => IpAddr::from(Ipv4Addr::from_bits(v4.to_bits().wrapping_add(n.into()))),
                IpAddr::V6(v6) => IpAddr::from(Ipv6Addr::from_bits(v6.to_bits().wrapping_add(n.into()))),
            };
            match self.neighbours.resolve(next_hop, source, self.now) {
                Resolution::Known(mac) => {
                    assert!(!mac.is_group() && mac != Mac::ZERO);
                    assert_eq!(self.mac_of(next_hop), Some(mac));
                }
                Resolution::Pending => {
                    self.packets += 1;
                    self.held.insert(self.packets, next_hop);
                    if let Some(out) = self.neighbours.hold(next_hop, self.packets) {
                        assert_eq!(self.held.remove(&out), Some(next_hop), "it was not held for that");
                    }
                }
                Resolution::Refused(_) => {}
            }
            if steps.0.len().is_multiple_of(2) {
                self.settle();
            }
        }
    }

    /// Fetches all there is to fetch.
    fn settle(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.neighbours.poll(self.now) {
            outputs += 1;
            assert!(outputs <= 2 * MAX_NEIGHBOURS, "endless");
            match output {
                Output::Transmit(frame) => self.sends(&frame),
                Output::Release { packet, to } => {
                    let next_hop = self.held.remove(&packet).expect("it was held");
                    assert_eq!(self.mac_of(next_hop), Some(to));
                }
                Output::Unreachable { packet } => assert!(self.held.remove(&packet).is_some()),
            }
        }
        assert!(self.neighbours.poll_at().is_none_or(|at| at > self.now), "something is due, and is not done");
        let events = core::iter::from_fn(|| self.neighbours.poll_event());
        assert!(events.count() <= 64);
    }

    /// What is sent is right by the rules that others' messages are held to, and says what is so.
    fn sends(&mut self, bytes: &NeighbourFrame) {
        let identity = self.neighbours.identity();
        let frame = Frame::parse(bytes, None).expect("a frame");
        assert!(frame.src == identity.mac);
        let message = parse(frame.src, frame.ether_type, &bytes[HEADER_BYTES..]);
        let speaks_for = |source: IpAddr| source.is_unspecified() || identity.stands_for(source);
        let asks = match message.expect("it keeps the rules").expect("it is a neighbour's") {
            Message::Arp { operation, sender, sender_mac, target, .. } => {
                assert!(speaks_for(sender.into()) && sender_mac == identity.mac);
                operation == Operation::Request && !sender.is_unspecified() && sender != target
            }
            Message::Solicitation { source, .. } => {
                assert!(speaks_for(source.into()));
                !source.is_unspecified()
            }
            Message::Advertisement { source, target, target_mac, .. } => {
                assert!(source == target && identity.stands_for(target.into()) && target_mac == Some(identity.mac));
                false
            }
        };
        // Everybody is asked who has an address, a neighbour alone whether it is still there.
        match (asks, frame.dst.is_group()) {
            (true, true) => {
                self.asked += 1;
                self.keeps_to(self.settings.requests, self.asked);
            }
            (true, false) => {
                self.confirmed += 1;
                self.keeps_to(self.settings.confirmations, self.confirmed);
            }
            (false, _) => {}
        }
    }

    /// What holds between steps.
    fn check(&self) {
        assert!(self.held.len() <= MAX_HELD);
        let (mut all, mut incomplete, mut statics) = (0, 0, 0);
        for one in self.neighbours.iter(self.now) {
            all += 1;
            incomplete += usize::from(one.state == State::Incomplete);
            assert_eq!(one.mac.is_none(), one.state == State::Incomplete);
            if one.state == State::Static {
                statics += 1;
                assert_eq!(one.mac, self.statics.get(&one.address).copied());
            }
        }
        assert!(all == self.neighbours.len() && all <= MAX_NEIGHBOURS && incomplete <= MAX_INCOMPLETE);
        assert_eq!(statics, self.statics.len(), "what an operator set stays");
    }

    /// When nobody says anything more, all that waits comes to an end.
    fn rests(&mut self) {
        for _ in 0..16 * MAX_NEIGHBOURS {
            let Some(at) = self.neighbours.poll_at() else {
                assert!(self.held.is_empty(), "packets wait for nothing");
                return;
            };
            self.now = self.now.max(at);
            self.settle();
        }
        panic!("it never comes to rest");
    }
}

/// A link as a wire to the host, or as a station that stands for two addresses and a network.
fn identity(how: u8) -> Identity {
    let mac = Mac([2, 0xff, 0, 0, 0, how & 2]);
    let own: [IpAddr; 2] = [[10, 0, 0, 9].into(), v6(9).into()];
    let listed: [Prefix; 2] = [v4(1).into(), v6(1).into()].map(Prefix::single);
    match how >> 2 & 3 {
        0 => Identity { mac, scope: Scope::All, own: own.into_iter().collect(), host: Some(station(1)), leased: None },
        1 => Identity { mac, scope: Scope::None, own: own.into_iter().collect(), host: None, leased: None },
        _ => {
            let networks = ["10.0.0.128/26", "fd00::80/122"].map(|text| text.parse().expect("a prefix"));
            let list = listed.into_iter().chain(networks).collect();
            Identity { mac, scope: Scope::List(list), own: own.into_iter().collect(), host: None, leased: None }
        }
    }
}

impl Steps<'_> {
    fn mac(&mut self) -> Mac {
        match self.byte() {
            0 => Mac::ZERO,
            1 => Mac::BROADCAST,
            2 => Mac([2, 0xff, 0, 0, 0, 0]),
            n => station(n),
        }
    }

    fn address(&mut self, protocol: Protocol) -> IpAddr {
        let n = self.byte();
        match protocol {
            Protocol::Arp => v4(n).into(),
            Protocol::Discovery => v6(n).into(),
        }
    }

    /// A message that is right but for what the bytes change, and the source of its frame.
    fn message(&mut self, protocol: Protocol) -> (Mac, Vec<u8>) {
        let (how, from) = (self.byte(), self.mac());
        let named = if how & 0x80 != 0 { self.mac() } else { from };
        let mut payload = Vec::new();
        match protocol {
            Protocol::Arp => {
                payload.extend([0, 1, 8, 0, 6, 4, 0, 1 + (how & 1)]);
                payload.extend(named.0);
                payload.extend(v4(self.byte()).octets());
                payload.extend(if how & 2 != 0 { [2, 0xff, 0, 0, 0, 0] } else { self.mac().0 });
                payload.extend(v4(self.byte()).octets());
            }
            Protocol::Discovery => {
                let (source, target) = (v6(self.byte()), v6(self.byte()));
                let [.., a, b, c] = target.octets();
                let destination = match how >> 2 & 3 {
                    0 => target,
                    1 => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1),
                    2 => Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c]),
                    _ => v6(self.byte()),
                };
                payload.extend([0x60, 0, 0, 0, 0, 0, 58, 255]);
                payload.extend(source.octets());
                payload.extend(destination.octets());
                let flags = if how & 1 == 0 { 0 } else { self.byte() & 0xe0 };
                payload.extend([135 + (how & 1), 0, 0, 0, flags, 0, 0, 0]);
                payload.extend(target.octets());
                if how & 2 == 0 {
                    payload.extend([1 + (how & 1), 1]);
                    payload.extend(named.0);
                }
                finish(&mut payload);
            }
        }
        if how & 0x40 != 0 {
            let at = usize::from(self.byte()) % payload.len();
            payload[at] = self.byte();
        }
        if how & 0x20 != 0 {
            payload.extend([0; 18]);
        }
        if how & 0x10 != 0 {
            payload.truncate(usize::from(self.byte()).max(72));
        }
        (from, payload)
    }
}

/// Makes length and checksum of an ICMPv6 message right (RFC 4443 §2.3).
fn finish(packet: &mut [u8]) {
    let bytes = (packet.len() - 40) as u16;
    packet[4..6].copy_from_slice(&bytes.to_be_bytes());
    packet[42..44].copy_from_slice(&[0, 0]);
    let sum = sum(&packet[8..]) + u64::from(bytes) + 58;
    packet[42..44].copy_from_slice(&(!((sum % 0xffff) as u16)).to_be_bytes());
}

fn station(n: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, n])
}

/// An address of the network, or one that no station has.
fn v4(n: u8) -> Ipv4Addr {
    match n {
        0 => Ipv4Addr::UNSPECIFIED,
        252 => Ipv4Addr::LOCALHOST,
        253 => Ipv4Addr::new(224, 0, 0, 1),
        254 => Ipv4Addr::BROADCAST,
        _ => Ipv4Addr::new(10, 0, 0, n),
    }
}

/// The same.
fn v6(n: u8) -> Ipv6Addr {
    match n {
        0 => Ipv6Addr::UNSPECIFIED,
        252 => Ipv6Addr::LOCALHOST,
        253 => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1),
        254 => Ipv4Addr::new(10, 0, 0, 1).to_ipv6_mapped(),
        _ => Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, n.into()),
    }
}

const START: Instant = Instant::from_secs(1000);
