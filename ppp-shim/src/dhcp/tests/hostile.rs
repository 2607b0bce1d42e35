//! Bytes and orders of events that no server and no driver would choose.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Act {
    Start,
    Stop,
    Accept,
    Decline,
    /// A message of this type to the last request, with an option replaced.
    Hear(u8, u8, Vec<u8>),
    /// The same, with a byte of the packet changed.
    Spoilt(u8, usize, u8),
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => Just(Act::Start),
        1 => Just(Act::Stop),
        3 => Just(Act::Accept),
        1 => Just(Act::Decline),
        8 => (2..=6_u8, Just(0), Just(Vec::new())).prop_map(|(kind, code, value)| Act::Hear(kind, code, value)),
        3 => (prop_oneof![Just(2_u8), Just(5)], 1..=60_u8, proptest::collection::vec(any::<u8>(), 0..9))
            .prop_map(|(kind, code, value)| Act::Hear(kind, code, value)),
        2 => (prop_oneof![Just(2_u8), Just(5)], 0..600_usize, any::<u8>())
            .prop_map(|(kind, at, byte)| Act::Spoilt(kind, at, byte)),
        4 => (0..5_u32).prop_flat_map(|scale| 0..=10_u64.pow(scale)).prop_map(Act::Wait),
    ]
}

proptest! {
    #[test]
    fn no_bytes_panic(packet in proptest::collection::vec(any::<u8>(), 0..700), unsummed: bool) {
        let mut desk = Desk::at("renewing");
        let offload = Offload { needs_checksum: unsummed, ..Offload::default() };
        desk.client.receive(&packet, &offload, desk.now);
        // The same as options, which random bytes hardly ever come to.
        let mut message = desk.ack().message();
        message.truncate(240);
        message.extend(&packet);
        desk.client.receive(&server::packet(ADDRESS, 68, &message), &offload, desk.now);
        desk.drain();
    }

    #[test]
    fn any_order_of_events_keeps_the_rules(seed: u64, acts in proptest::collection::vec(act(), 0..120)) {
        let mut desk = Desk::new(seed);
        let mut has: Option<Ipv4Addr> = None;
        for act in acts {
            match act {
                Act::Start => desk.client.start(desk.now),
                Act::Stop => desk.client.stop(desk.now),
                Act::Accept => desk.client.accept(desk.now),
                Act::Decline => desk.client.decline(desk.now),
                Act::Hear(kind, 0, _) => {
                    desk.hears(Said::new(kind, desk.client.transaction));
                }
                Act::Hear(kind, code, value) => {
                    desk.hears(Said::new(kind, desk.client.transaction).with(code, &value));
                }
                Act::Spoilt(kind, at, byte) => {
                    let mut packet = Said::new(kind, desk.client.transaction).packet();
                    if let Some(place) = packet.get_mut(at) {
                        *place = byte;
                    }
                    desk.hears_packet(&packet);
                }
                Act::Wait(seconds) => desk.wait(seconds),
            }
            desk.drain();
            // Events tell everything that a driver has to know of the address.
            for event in desk.events.drain(..) {
                match event {
                    Event::Probe(_) => prop_assert!(has.is_none()),
                    Event::Bound(lease) => {
                        prop_assert!(has.is_none());
                        has = Some(lease.address);
                    }
                    Event::Renewed(lease) => prop_assert_eq!(has, Some(lease.address)),
                    Event::Lost(address) => prop_assert!(has.take().is_none_or(|had| had == address)),
                }
            }
            let lease = desk.client.lease();
            prop_assert_eq!(has, lease.map(|lease| lease.address));
            if let Some(lease) = lease {
                prop_assert!(lease.expires_at.is_none_or(|at| at > desk.now));
                prop_assert!((1..=32).contains(&lease.prefix_len));
            }
            prop_assert_eq!(desk.count(Count::EventsLost), 0);
        }
    }

    /// Whatever is unanswered, a client sends a handful of packets a minute.
    #[test]
    fn a_client_left_alone_is_quiet(seed: u64, state in 0..5_usize) {
        let mut desk = Desk::at(["selecting", "requesting", "bound", "renewing", "rebinding"][state]);
        desk.client.random = SplitMix::new(seed);
        desk.wait(60 * 60);
        prop_assert!(desk.heard.len() <= 70, "{} packets in an hour", desk.heard.len());
    }
}
