//! Whatever servers say and whenever they say it, a DHCP client has an address only by the rules, and speaks rarely.
#![no_main]

use core::net::Ipv4Addr;
use core::time::Duration;
use frame::offload::Offload;
use frame::{Instant, Mac};
use fuzz::checksum::sum;
use fuzz::steps::Steps;
use libfuzzer_sys::fuzz_target;
use ppp_shim::dhcp::{Client, Event, Lease, PACKET_BYTES, Received, Settings};
use ppp_shim::shim::classify;

fuzz_target!(|input: &[u8]| {
    let mut steps = Steps(input);
    let settings = Settings { mac: MAC, client_id: None, hostname: None };
    let mut desk = Desk {
        client: Client::new(settings, u64::from(steps.byte())),
        now: Instant::from_secs(1000),
        transaction: [0; 4],
        had: None,
    };
    while !steps.0.is_empty() {
        desk.step(&mut steps);
        desk.settle();
    }
});

struct Desk {
    client: Client,
    now: Instant,
    /// That of the last request.
    transaction: [u8; 4],
    /// The address that events have told of.
    had: Option<Ipv4Addr>,
}

impl Desk {
    fn step(&mut self, steps: &mut Steps) {
        match steps.byte() % 16 {
            0 => self.client.start(self.now),
            1 => self.client.stop(self.now),
            2..=4 => self.client.accept(self.now),
            5 => self.client.decline(self.now),
            6 => self.now = self.now.plus(Duration::from_millis(u64::from(steps.byte()) * 20)),
            7 => self.now = self.now.plus(Duration::from_secs(u64::from(steps.byte()) * 60)),
            8 => self.now = self.client.poll_at().map_or(self.now, |at| self.now.max(at)),
            9 => {
                let bytes = counted(steps);
                self.hear(bytes);
            }
            _ => {
                let packet = self.reply(steps);
                self.hear(&packet);
            }
        }
    }

    fn hear(&mut self, packet: &[u8]) {
        let before = self.client.lease().cloned();
        if self.client.receive(packet, &Offload::default(), self.now) == Received::Elsewhere {
            assert_eq!(self.client.lease(), before.as_ref(), "what is not for it changes nothing");
        }
    }

    /// A message to the last request, with all that a lease needs behind what the bytes say: the first of each option
    /// counts.
    fn reply(&self, steps: &mut Steps) -> Vec<u8> {
        let (how, kind) = (steps.byte(), [2, 5, 6, 5][usize::from(steps.byte() % 4)]);
        let mut message = vec![0; 240];
        message[..4].copy_from_slice(&[2, 1, 6, 0]);
        message[4..8].copy_from_slice(&self.transaction);
        message[16..20].copy_from_slice(&[192, 0, 2, 5 + (how & 1)]);
        message[28..34].copy_from_slice(&MAC.0);
        message[236..240].copy_from_slice(&[99, 130, 83, 99]);
        if how & 2 != 0 {
            message.extend(counted(steps));
        }
        let seconds = u32::from(steps.byte()) << (how >> 4);
        message.extend([53, 1, kind, 54, 4, 192, 0, 2, 1, 1, 4, 255, 255, 255, 0, 3, 4, 192, 0, 2, 1, 51, 4]);
        message.extend(seconds.to_be_bytes());
        message.push(255);
        if how & 4 != 0 {
            let at = usize::from(steps.byte()) * 2 % message.len();
            message[at] = steps.byte();
        }
        packet(&message)
    }

    /// Fetches all there is to fetch.
    fn settle(&mut self) {
        let mut room = [0; PACKET_BYTES];
        let mut sent = 0;
        while let Some(transmit) = self.client.poll(self.now, &mut room) {
            sent += 1;
            assert!(sent <= 4, "it does not stop to speak");
            let packet = &room[..transmit.bytes];
            classify(packet).expect("a packet");
            assert_eq!((sum(&packet[..20]) % 0xffff, &packet[20..24]), (0, &[0, 68, 0, 67][..]));
            assert_eq!(packet[56..62], MAC.0);
            self.transaction.copy_from_slice(&packet[32..36]);
        }
        assert!(self.client.poll_at().is_none_or(|at| at > self.now), "something is due, and is not done");
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::Probe(_) => assert_eq!(self.had, None),
                Event::Bound(lease) => {
                    assert_eq!(self.had.replace(lease.address), None);
                }
                Event::Renewed(lease) => assert_eq!(self.had, Some(lease.address)),
                Event::Lost(address) => assert!(self.had.take().is_none_or(|had| had == address)),
            }
        }
        let lease = self.client.lease();
        assert_eq!(lease.map(|lease| lease.address), self.had);
        lease.into_iter().for_each(|lease| self.is_sound(lease));
    }

    /// A lease is one that a station can live by.
    fn is_sound(&self, lease: &Lease) {
        assert!((1..=32).contains(&lease.prefix_len));
        let network = |address: Ipv4Addr| address.to_bits() >> (32 - u32::from(lease.prefix_len));
        assert!(lease.router.is_none_or(|router| router != lease.address && network(router) == network(lease.address)));
        assert!(!lease.address.is_unspecified() && !lease.address.is_multicast() && !lease.address.is_loopback());
        assert!(lease.expires_at.is_none_or(|at| at > self.now), "it is over");
    }
}

/// As many bytes as the next byte says, if there are so many.
fn counted<'a>(steps: &mut Steps<'a>) -> &'a [u8] {
    let bytes = usize::from(steps.byte());
    steps.take(bytes)
}

/// Puts a message into UDP and IPv4, from a server to this client, the UDP checksum left out (RFC 768).
fn packet(message: &[u8]) -> Vec<u8> {
    let udp_bytes = (8 + message.len()) as u16;
    let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 255, 255, 255, 255];
    packet[2..4].copy_from_slice(&(20 + udp_bytes).to_be_bytes());
    let checksum = !((sum(&packet) % 0xffff) as u16);
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
    packet.extend([0, 67, 0, 68]);
    packet.extend(udp_bytes.to_be_bytes());
    packet.extend([0, 0]);
    packet.extend(message);
    packet
}

const MAC: Mac = Mac([2, 0, 0, 0, 0, 5]);
