//! What a link sends of its own.

use super::{Link, Slot};
use arp::{Output, Resolution};
use core::net::IpAddr;
use frame::offload::{Offload, VNET_BYTES};
use frame::{Instant, Mac};
use ppp_shim::path_mtu;
use ppp_shim::shim::{Packet, Version, classify, header};

impl Link {
    /// Takes the next frame that leaves by the port into the front of `stored`, a virtio-net header before it, and
    /// returns their bytes.
    ///
    /// To be called until there is none, and [`Self::poll_packet`] after it, in the burst after one that
    /// [stirred](Self::is_stirred) the link and at [`Self::poll_at`].
    #[inline(never)]
    pub fn poll_frame(&mut self, stored: &mut [u8], now: Instant) -> Option<usize> {
        self.polled = now;
        self.speak_to_servers(now);
        if let Some(slot) = self.frames.pop_front() {
            return self.slab.move_frame(slot, stored);
        }
        loop {
            let Some(output) = self.neighbours.poll(now) else {
                // That an address is free is known when its time has come.
                self.speak_to_servers(now);
                let slot = self.frames.pop_front()?;
                return self.slab.move_frame(slot, stored);
            };
            match output {
                Output::Transmit(frame) => {
                    let (state, room) = stored.split_first_chunk_mut::<VNET_BYTES>()?;
                    room.get_mut(..frame.len())?.copy_from_slice(&frame);
                    *state = Offload::default().to_vnet();
                    return Some(VNET_BYTES + frame.len());
                }
                Output::Release { packet, to } => {
                    let Some(version) = Version::of(self.slab.packet(&packet)) else {
                        self.slab.give_back(packet);
                        continue;
                    };
                    self.slab.set_header(&packet, header(to, self.config.peer_mac, version));
                    return self.slab.move_frame(packet, stored);
                }
                Output::Unreachable { packet } => self.bounce(packet, now),
            }
        }
    }

    /// Takes the next packet for the application, as [`Self::poll_frame`] does.
    pub fn poll_packet(&mut self, stored: &mut [u8]) -> Option<usize> {
        let slot = self.packets.pop_front()?;
        self.slab.move_packet(slot, stored)
    }

    /// Returns when to poll next if nothing happens.
    #[must_use]
    pub fn poll_at(&self) -> Option<Instant> {
        if !self.frames.is_empty() || !self.packets.is_empty() {
            return Some(self.polled);
        }
        [self.neighbours.poll_at(), self.leasing.poll_at()].into_iter().flatten().min()
    }

    /// Gives the application a packet that was kept.
    pub(super) fn give(&mut self, slot: Slot) {
        self.stirred = true;
        // There is a place for each slot.
        let _ = self.packets.push_back(slot);
    }

    /// Sends a packet that was kept to a station.
    pub(super) fn send(&mut self, slot: Slot, station: Mac, version: Version) {
        self.slab.set_header(&slot, header(station, self.config.peer_mac, version));
        self.stirred = true;
        // There is a place for each slot.
        let _ = self.frames.push_back(slot);
    }

    /// Sends a packet that was kept to its next hop, at once or when that is found.
    pub(super) fn send_by(&mut self, slot: Slot, next_hop: IpAddr, source: IpAddr, version: Version, now: Instant) {
        match self.neighbours.resolve(next_hop, source, now) {
            Resolution::Known(station) => self.send(slot, station, version),
            Resolution::Pending => {
                self.stirred = true;
                // What falls out is counted there.
                let fallen = self.neighbours.hold(next_hop, slot);
                fallen.into_iter().for_each(|slot| self.slab.give_back(slot));
            }
            Resolution::Refused(_) => {
                self.counters.unresolved += 1;
                self.slab.give_back(slot);
            }
        }
    }

    /// Tells the application that a packet is too long for the bridge.
    pub(super) fn tell_application(
        &mut self,
        packet: &[u8],
        source: IpAddr,
        mtu_bytes: u32,
        from: IpAddr,
        now: Instant,
    ) {
        if let Some(slot) = self.too_big(packet, source, mtu_bytes, from, now) {
            self.give(slot);
        }
    }

    /// Tells a station that a packet is too long for the tunnel. The error comes from the address that did not take it.
    pub(super) fn tell_station(&mut self, station: Mac, found: &Packet, packet: &[u8], now: Instant) {
        let mtu_bytes = self.config.mtu_bytes;
        if let Some(slot) = self.too_big(packet, found.source, mtu_bytes, found.destination, now) {
            self.send(slot, station, found.version);
        }
    }

    fn too_big(&mut self, packet: &[u8], source: IpAddr, mtu_bytes: u32, from: IpAddr, now: Instant) -> Option<Slot> {
        if !self.errors.admit(source, now) {
            self.counters.errors_limited += 1;
            return None;
        }
        let write = |room: &mut [u8]| path_mtu::too_big(packet, mtu_bytes, from, room);
        let slot = self.slab.keep(Offload::default(), write)?;
        self.counters.too_big += 1;
        Some(slot)
    }

    /// Tells the application that nobody answers for where a packet was to go.
    fn bounce(&mut self, slot: Slot, now: Instant) {
        self.counters.unresolved += 1;
        let told = self.unreachable(&slot, now);
        self.slab.give_back(slot);
        if let Some(told) = told {
            self.counters.unreachable += 1;
            self.give(told);
        }
    }

    /// Writes an error that comes from the packet's own sender, as a host tells its own programs.
    fn unreachable(&mut self, slot: &Slot, now: Instant) -> Option<Slot> {
        let source = classify(self.slab.packet(slot)).ok()?.source;
        if !self.errors.admit(source, now) {
            self.counters.errors_limited += 1;
            return None;
        }
        self.slab.keep_from(slot, |packet, room| path_mtu::unreachable(packet, source, room))
    }
}
