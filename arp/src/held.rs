//! Packets that wait for their neighbour (RFC 4861 §7.2.2).

use alloc::boxed::Box;
use frame::Mac;
use heapless::{Deque, Vec};

/// How many packets wait at all.
pub const MAX_HELD: usize = 64;
/// How many wait for one neighbour.
pub const MAX_HELD_EACH: usize = 3;

/// The places of packets that wait for one neighbour, the oldest first.
pub(crate) type Places = Vec<u8, MAX_HELD_EACH>;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    /// It goes to its neighbour.
    Release(Mac),
    /// Its neighbour was not found.
    Unreachable,
}

/// All packets that wait, and those whose fate is known until they are fetched. A place is in one list at most:
/// a neighbour's or the leaving ones'.
pub(crate) struct Held<P> {
    places: Box<[Option<P>]>,
    leaving: Box<Deque<(u8, Fate), MAX_HELD>>,
}

impl<P> Held<P> {
    pub(crate) fn new() -> Self {
        Self { places: (0..MAX_HELD).map(|_| None).collect(), leaving: Box::default() }
    }

    /// Drops all packets.
    pub(crate) fn clear(&mut self) {
        self.places.fill_with(|| None);
        self.leaving.clear();
    }

    /// Keeps a packet; gives back the oldest of the list where it is full, or the packet where there is no place.
    pub(crate) fn keep(&mut self, list: &mut Places, packet: P) -> Option<P> {
        if list.is_full() {
            let place = list.remove(0);
            let _ = list.push(place);
            return self.places.get_mut(usize::from(place))?.replace(packet);
        }
        let Some((place, free)) = (0_u8..).zip(&mut self.places).find(|(_, packet)| packet.is_none()) else {
            return Some(packet);
        };
        *free = Some(packet);
        let _ = list.push(place);
        None
    }

    /// Sends all of a list to their fate.
    pub(crate) fn settle(&mut self, list: Places, fate: Fate) {
        for place in list {
            let _ = self.leaving.push_back((place, fate));
        }
    }

    /// Fetches a packet whose fate is known.
    pub(crate) fn leave(&mut self) -> Option<(P, Fate)> {
        loop {
            let (place, fate) = self.leaving.pop_front()?;
            if let Some(packet) = self.places.get_mut(usize::from(place)).and_then(Option::take) {
                return Some((packet, fate));
            }
        }
    }

    pub(crate) fn any_leaving(&self) -> bool {
        !self.leaving.is_empty()
    }
}
