//! A client between its station and a server of bytes written by hand.

extern crate std;

mod acceptance;
mod hostile;
mod messages;
mod server;
mod times;
mod transitions;

use super::*;
use server::{Heard, Said};
use std::vec::Vec;

const MAC: Mac = Mac([0x02, 0x7e, 0, 0, 0, 1]);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 30, 77);
const SERVER: Ipv4Addr = Ipv4Addr::new(192, 168, 30, 1);
const OTHER_SERVER: Ipv4Addr = Ipv4Addr::new(192, 168, 30, 2);

/// A client with the time and what it has said and told.
struct Desk {
    client: Client,
    now: Instant,
    heard: Vec<Heard>,
    events: Vec<Event>,
}

impl Desk {
    fn new(seed: u64) -> Self {
        let client = Client::new(Settings { mac: MAC, client_id: None, hostname: None }, seed);
        Self { client, now: Instant::from_secs(1_000_000), heard: Vec::new(), events: Vec::new() }
    }

    /// One that has come to a state by the way of figure 5, with a lease of an hour; what it said on the way is forgotten.
    fn at(state: &str) -> Self {
        let mut desk = Self::new(7);
        for reached in ["stopped", "selecting", "requesting", "probing", "bound", "renewing", "rebinding"] {
            match reached {
                "stopped" => {}
                "selecting" => desk.start(),
                "requesting" => assert_eq!(desk.hears(desk.offer()), Received::Taken),
                "probing" => assert_eq!(desk.hears(desk.ack()), Received::Taken),
                "bound" => desk.accept(),
                "renewing" => desk.wait(1800),
                "rebinding" => desk.wait(1350),
                other => panic!("{other}"),
            }
            assert_eq!(desk.state(), reached);
            if reached == state {
                desk.heard.clear();
                desk.events.clear();
                return desk;
            }
        }
        panic!("{state}: no such state")
    }

    fn state(&self) -> &'static str {
        match self.client.state {
            State::Stopped => "stopped",
            State::Init { .. } => "init",
            State::Selecting { .. } => "selecting",
            State::Requesting { .. } => "requesting",
            State::Probing(_) => "probing",
            State::Bound(_) => "bound",
            State::Renewing { .. } => "renewing",
            State::Rebinding { .. } => "rebinding",
        }
    }

    fn start(&mut self) {
        self.client.start(self.now);
        self.drain();
    }

    fn accept(&mut self) {
        self.client.accept(self.now);
        self.drain();
    }

    fn hears(&mut self, said: Said) -> Received {
        self.hears_packet(&said.packet())
    }

    fn hears_packet(&mut self, packet: &[u8]) -> Received {
        let received = self.client.receive(packet, &Offload::default(), self.now);
        self.drain();
        received
    }

    /// Lets time pass, as a driver does: by the times that the client asks for.
    fn wait(&mut self, seconds: u64) {
        let end = self.now.plus(Duration::from_secs(seconds));
        for _ in 0..10_000 {
            match self.client.poll_at().filter(|&at| at <= end) {
                Some(at) => {
                    self.now = at.max(self.now);
                    self.drain();
                }
                None => {
                    self.now = end;
                    return;
                }
            }
        }
        panic!("{}: the client is never content", self.state());
    }

    fn drain(&mut self) {
        let mut room = [0xa5; PACKET_BYTES];
        while let Some(transmit) = self.client.poll(self.now, &mut room) {
            self.heard.push(Heard::read(&room[..transmit.bytes], transmit.to, self.now));
            assert!(self.heard.len() < 10_000);
        }
        while let Some(event) = self.client.poll_event() {
            self.events.push(event);
        }
        assert!(self.client.poll_at().is_none_or(|at| at > self.now), "{}: something is due still", self.state());
    }

    /// What a good server says to the last request.
    fn offer(&self) -> Said {
        Said::new(2, self.client.transaction)
    }

    fn ack(&self) -> Said {
        Said::new(5, self.client.transaction)
    }

    fn nak(&self) -> Said {
        Said { address: Ipv4Addr::UNSPECIFIED, ..Said::new(6, self.client.transaction) }.only(&[53, 54])
    }

    fn count(&self, what: Count) -> u64 {
        self.client.counters().get(what)
    }
}

#[test]
fn a_life_from_discover_to_release() {
    let mut desk = Desk::new(1);
    desk.start();
    desk.hears(desk.offer());
    desk.hears(desk.ack());
    assert_eq!((desk.client.lease(), desk.events.remove(0)), (None, Event::Probe(ADDRESS)));
    desk.accept();
    let bound = Lease {
        address: ADDRESS,
        prefix_len: 24,
        router: Some(SERVER),
        dns: heapless::Vec::from_slice(&[SERVER, OTHER_SERVER]).unwrap(),
        server: SERVER,
        expires_at: Some(desk.now.plus(Duration::from_secs(3600))),
    };
    assert_eq!(desk.client.lease(), Some(&bound));
    assert_eq!(desk.events.remove(0), Event::Bound(bound.clone()));
    desk.wait(1800);
    let asked_at = desk.heard.last().unwrap().at;
    desk.hears(desk.ack());
    let renewed = Lease { expires_at: Some(asked_at.plus(Duration::from_secs(3600))), ..bound };
    assert_eq!(desk.events.remove(0), Event::Renewed(renewed));
    desk.client.stop(desk.now);
    desk.drain();
    assert_eq!((desk.client.lease(), desk.events.remove(0)), (None, Event::Lost(ADDRESS)));
    desk.wait(1_000_000);
    let kinds: Vec<_> = desk.heard.iter().map(|heard| (heard.kind, heard.to)).collect();
    let (all, server) = (To::Broadcast, To::Unicast(SERVER));
    assert_eq!(kinds, [(1, all), (3, all), (3, server), (7, server)]);
    desk.start();
    assert_eq!(desk.heard.last().unwrap().requested, Some(ADDRESS), "what it had is suggested");
}

#[test]
fn events_that_nobody_fetches_are_bounded_and_counted() {
    let mut desk = Desk::at("bound");
    for _ in 0..6 {
        desk.client.stop(desk.now);
        while desk.client.poll(desk.now, &mut [0; PACKET_BYTES]).is_some() {}
        desk.client.start(desk.now);
        while desk.client.poll(desk.now, &mut [0; PACKET_BYTES]).is_some() {}
        desk.client.receive(&desk.offer().packet(), &Offload::default(), desk.now);
        while desk.client.poll(desk.now, &mut [0; PACKET_BYTES]).is_some() {}
        desk.client.receive(&desk.ack().packet(), &Offload::default(), desk.now);
        desk.client.accept(desk.now);
    }
    assert_eq!(desk.count(Count::EventsLost), 6 * 3 - 4);
    desk.drain();
    assert_eq!(desk.events.len(), 4);
    assert!(matches!(desk.events.last(), Some(Event::Bound(_))), "the last ones are kept");
}

#[test]
fn a_packet_waits_for_enough_room() {
    let mut desk = Desk::new(1);
    desk.client.start(desk.now);
    for bytes in [0, 20, 28, 327] {
        assert_eq!(desk.client.poll(desk.now, &mut std::vec![0; bytes]), None, "{bytes}");
    }
    let sent = desk.client.poll(desk.now, &mut [0; 328]);
    assert_eq!(sent, Some(Transmit { bytes: 328, to: To::Broadcast }));
}
