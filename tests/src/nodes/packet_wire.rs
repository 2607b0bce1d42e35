//! The kernel's end of a TUN device, whatever kind of interface it is.

use crate::{Limit, Wire};

/// An interface whose packets have Ethernet headers where it is an Ethernet one, and none otherwise.
pub struct PacketWire {
    wire: Wire,
    /// The station of the peer and that of the host, if there are stations.
    stations: Option<[[u8; 6]; 2]>,
}

impl PacketWire {
    pub(super) fn new(wire: Wire, stations: Option<[[u8; 6]; 2]>) -> Self {
        Self { wire, stations }
    }

    /// Sends a packet to the application.
    pub fn send(&self, packet: &[u8]) {
        match self.stations {
            Some([peer, host]) => self.wire.send(&framed(peer, host, packet)),
            None => self.wire.send(packet),
        }
    }

    /// Returns the next packet of the application; `None` when the limit has passed.
    pub fn receive(&self, limit: Limit) -> Option<Vec<u8>> {
        let Some([peer, host]) = self.stations else { return self.wire.receive(limit) };
        let from = [host, peer].concat();
        std::iter::from_fn(|| self.wire.receive(limit)).find_map(|frame| {
            let rest = frame.strip_prefix(from.as_slice())?;
            Some(rest.get(2..)?.to_vec())
        })
    }

    /// Returns whether a packet of the application arrives within a second.
    pub fn hears(&self, packet: &[u8]) -> bool {
        match self.stations {
            Some([peer, host]) => self.wire.hears(&framed(host, peer, packet)),
            None => self.wire.hears(packet),
        }
    }
}

fn framed(to: [u8; 6], from: [u8; 6], packet: &[u8]) -> Vec<u8> {
    let ether_type: [u8; 2] = if packet.first().is_some_and(|first| first >> 4 == 6) { [0x86, 0xdd] } else { [8, 0] };
    [&to[..], &from, &ether_type, packet].concat()
}
