//! Neighbours on Ethernet: ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861), without a system around them.
//!
//! A link that carries IP packets becomes a station of an Ethernet by four things, and this is all of them:
//!
//! - It **answers** for what it stands for, a [`Scope`]: single addresses, networks, or everything but the host's own.
//!   Who asks whether an address is free (a probe of RFC 5227, duplicate address detection of RFC 4862) takes an answer
//!   for no, and has one only where the address is listed, by a station among others.
//! - It **asks** who has an address, and keeps a few packets until it knows; what is known follows the states of
//!   RFC 4861 §7.3.2, for IPv4 too.
//! - It **announces** its addresses, and defends those that are listed when somebody else claims them (RFC 5227 §2.4).
//! - It **probes** for an address before it uses it, such as one that a lease names (RFC 5227 §2.1, RFC 4862 §5.4).
//!
//! Nothing here blocks or reads a clock, and nothing allocates once it is made: messages and the time go in, frames
//! come out. [`parse`] turns what came from the Ethernet side into a [`Message`] or says what rule it breaks;
//! [`Neighbours`] is the state machine. Packets that wait are the platform's: any handle will do.
//!
//! A bridge has another part: [`Bindings`] is what it has seen of the stations behind its ports, and [`suppress`] what
//! it learns and answers by that.
//!
//! Nobody on the link is trusted. Every table and queue has a bound, and every rate: answers to one sender, answers to
//! all, requests for one address, requests at all, neighbours learned. Who storms leaves the others their share of them.
//! Who only claims to be there displaces nobody who has answered. What is dropped, ignored or refused is counted by name ([`Counters`]).
//!
//! ```
//! use arp::{Identity, Message, Neighbours, Output, Resolution, Scope, Settings, parse};
//! use frame::{EtherType, Instant, Mac};
//!
//! // A station with one address on a network, and a packet to another.
//! let identity = Identity {
//!     mac: Mac([2, 0, 0, 0, 0, 1]),
//!     scope: Scope::List(["192.0.2.5".parse()?].into()),
//!     ..Identity::default()
//! };
//! let mut neighbours = Neighbours::new(identity, Settings::default());
//! let (peer, here) = ("192.0.2.9".parse()?, "192.0.2.5".parse()?);
//! let mut now = Instant::from_secs(1);
//! assert_eq!(neighbours.resolve(peer, here, now), Resolution::Pending);
//! assert_eq!(neighbours.hold(peer, "packet"), None);
//!
//! // The question goes out once a second, and after three the packet comes back.
//! let mut questions = 0;
//! while let Some(at) = neighbours.poll_at() {
//!     now = at;
//!     while let Some(output) = neighbours.poll(now) {
//!         match output {
//!             Output::Transmit(frame) => {
//!                 let message = parse(Mac([2, 0, 0, 0, 0, 1]), EtherType::ARP, &frame[14..])?;
//!                 assert!(matches!(message, Some(Message::Arp { .. })));
//!                 questions += 1;
//!             }
//!             Output::Release { .. } => unreachable!("nobody has answered"),
//!             Output::Unreachable { packet } => assert_eq!(packet, "packet"),
//!         }
//!     }
//! }
//! assert_eq!((questions, now), (3, Instant::from_secs(4)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod address;
mod bindings;
mod cache;
mod counters;
mod emit;
mod held;
mod message;
mod neighbours;
mod prefix;
mod rate;
mod scope;
mod settings;
pub mod suppress;

pub use bindings::{Binding, BindingCounters, Bindings, Learned, Role, Source};
pub use cache::MAX_NEIGHBOURS;
pub use counters::{Count, Counters, Ignored};
pub use emit::NeighbourFrame;
pub use held::{MAX_HELD, MAX_HELD_EACH};
pub use message::{AdvertisementFlags, Message, Operation, Refused, parse};
pub use neighbours::{
    Event, Identity, MAX_INCOMPLETE, MAX_OWN, MAX_PROBED, Neighbour, Neighbours, Output, Received, Resolution, State,
    Unresolvable,
};
pub use prefix::{ParsePrefixError, Prefix};
pub use rate::Rate;
pub use scope::{MAX_PREFIXES, Scope};
pub use settings::Settings;
