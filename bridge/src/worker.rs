//! The decision for one frame.

use crate::bridge::Bridge;
use crate::config::PortFlags;
use crate::counters::WorkerCounters;
use crate::event::{Event, Events};
use crate::flood::{Flood, FloodClass};
use crate::snapshot::{PortLine, Snapshot};
use crate::table::{Arrival, Clock, EntryKind, Gone, Key, Learned, Stamp};
use crate::vlan::{Class, admit};
use alloc::sync::Arc;
use frame::{DropReason, Frame, HEADER_BYTES, Instant, Mac, Meta, PortId, PortSet, TAG_BYTES, Tag, TagEdit};

/// One thread's access to a bridge: its view of the configuration, its counters, its events.
///
/// Dropping it gives its index back to [`Bridge::worker`].
pub struct Worker {
    snapshot: Arc<Snapshot>,
    counters: Arc<WorkerCounters>,
    /// The last `now`, and the same as the table counts it.
    now: (Instant, Stamp),
    generation: u64,
    events: Events,
    bridge: Arc<Bridge>,
    index: usize,
}

/// Where a frame goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Verdict {
    /// Nowhere; that is counted already.
    Drop(DropReason),
    /// To one port.
    Unicast {
        /// The port.
        to: PortId,
        /// What happens to the frame's tag.
        edit: TagEdit,
    },
    /// To several ports, one at least.
    Flood(Flood),
}

impl Worker {
    pub(crate) fn new(bridge: Arc<Bridge>, index: usize, counters: Arc<WorkerCounters>) -> Self {
        let (snapshot, generation) = bridge.current();
        let now = Instant::default();
        Self { snapshot, counters, now: (now, Stamp::at(now)), generation, events: Events::new(), bridge, index }
    }

    /// Begins a batch: picks up a newer configuration if there is one. Within a batch it is constant.
    #[inline]
    pub fn begin(&mut self) {
        if self.bridge.generation() != self.generation {
            self.renew();
        }
    }

    #[cold]
    fn renew(&mut self) {
        // If the control thread is publishing at this moment, the next batch will see what.
        if let Some((snapshot, generation)) = self.bridge.try_current() {
            self.snapshot = snapshot;
            self.generation = generation;
        }
    }

    /// Decides where a frame goes that came in on a port, learns its source and counts it.
    ///
    /// Does not allocate, block, log or read a clock. `now` may repeat but should not run backwards.
    #[inline(always)]
    pub fn ingress(&mut self, from: PortId, frame: &Frame, meta: &Meta, now: Instant) -> Verdict {
        self.counters.received(from, meta.bytes);
        match self.decide(from, frame, meta, now) {
            Ok(verdict) => verdict,
            Err(why) => {
                self.counters.dropped(from, why);
                Verdict::Drop(why)
            }
        }
    }

    /// Learns the source of a frame that a port has delivered already, to the one station that it was for: nothing is
    /// counted and nothing is sent.
    #[inline(never)]
    pub fn overhear(&mut self, from: PortId, frame: &Frame, now: Instant) {
        self.begin();
        let meta = Meta { bytes: HEADER_BYTES as u32, ..Meta::default() };
        // Where it would go is nobody's business.
        let _ = self.decide(from, frame, &meta, now);
    }

    #[inline(always)]
    fn decide(&mut self, from: PortId, frame: &Frame, meta: &Meta, now: Instant) -> Result<Verdict, DropReason> {
        if now != self.now.0 {
            self.now = (now, Stamp::at(now));
        }
        let snapshot = &*self.snapshot;
        let clock = Clock { now: self.now.1, ageing: snapshot.ageing };
        let line = snapshot.line(from);
        if line.flags & (PortFlags::UP | PortFlags::SPAN) != PortFlags::UP {
            return Err(down(line));
        }
        let own = snapshot.own_mac.to_u64();
        let src = frame.src.to_u64();
        if frame.src.is_group() {
            return Err(DropReason::GroupSource);
        }
        if src == 0 {
            return Err(DropReason::ZeroSource);
        }
        if src == own && from != PortId::HOST {
            return Err(DropReason::OwnAddress);
        }
        if frame.dst.is_group() && frame.dst.is_link_local() {
            return Err(DropReason::LinkLocal);
        }
        let vid = admit(frame, from, line, snapshot)?;
        let key = Key::new(vid, frame.src);
        if line.flags & (PortFlags::LEARN | PortFlags::LOCKED) == PortFlags::LEARN {
            if src != own && !snapshot.table.knows(key, from, clock) {
                self.learn(key, from, clock)?;
            }
        } else if line.flags.contains(PortFlags::LOCKED) && snapshot.table.lookup(key, clock) != Some(from) {
            return Err(DropReason::Locked);
        }
        let snapshot = &*self.snapshot;
        let line = snapshot.line(from);
        if meta.bytes > snapshot.mtu_bytes.saturating_add(HEADER_BYTES as u32) && too_big(frame, meta, snapshot) {
            return Err(DropReason::TooBig);
        }
        let group = if !frame.dst.is_group() {
            None
        } else if frame.dst.is_broadcast() {
            Some(FloodClass::Broadcast)
        } else {
            Some(FloodClass::Multicast)
        };
        let to = match group {
            Some(why) => Err(why),
            None if frame.dst.to_u64() == own => Ok(PortId::HOST),
            None => snapshot.table.lookup(Key::new(vid, frame.dst), clock).ok_or(FloodClass::Unknown),
        };
        let to = match to {
            Ok(to) => to,
            Err(why) => {
                let flood = Flood::new(from, why, Class::new(vid, frame, line));
                return self.may_flood(flood, now).map(|()| Verdict::Flood(flood));
            }
        };
        if to == from {
            return Err(DropReason::SamePort);
        }
        passage(vid, frame, line, to, snapshot).map(|edit| Verdict::Unicast { to, edit })
    }

    /// Learns a source, counts and reports that.
    #[cold]
    #[inline(never)]
    fn learn(&mut self, key: Key, from: PortId, clock: Clock) -> Result<(), DropReason> {
        let snapshot = &*self.snapshot;
        let line = snapshot.line(from);
        let arrival = Arrival {
            key,
            port: from,
            kind: if line.flags.contains(PortFlags::STICKY) { EntryKind::Sticky } else { EntryKind::Dynamic },
            port_limit: line.max_addresses,
            table_limit: snapshot.max_addresses,
            clock,
        };
        let learned = snapshot.table.learn(&arrival);
        let counts = &self.counters.table;
        let mut report = |event| {
            if self.events.push(event).is_err() {
                counts.events_lost.add(1);
            }
        };
        let (vid, mac) = (key.vid(), key.mac());
        let gone = match learned {
            Learned::Added(gone) => gone,
            Learned::Refused(gone) => [gone, None],
            Learned::Known | Learned::Moved(_) | Learned::OverPortLimit | Learned::Busy => [None; 2],
        };
        for Gone { key, port } in gone.into_iter().flatten() {
            counts.evicted.add(1);
            report(Event::Evicted { vid: key.vid(), mac: key.mac(), port });
        }
        match learned {
            Learned::Known => {}
            Learned::Added(_) => {
                counts.learned.add(1);
                report(Event::Learned { vid, mac, port: from });
            }
            Learned::Moved(old) => {
                counts.moved.add(1);
                report(Event::Moved { vid, mac, from: old, to: from });
            }
            Learned::Refused(_) | Learned::Busy => counts.refused.add(1),
            Learned::OverPortLimit => return Err(DropReason::AddressLimit),
        }
        Ok(())
    }

    /// Passes a flood if its port's rate allows it and there is a port to go to.
    #[inline(never)]
    fn may_flood(&self, flood: Flood, now: Instant) -> Result<(), DropReason> {
        let line = self.snapshot.line(flood.from());
        let [broadcast, multicast, unknown] = line.storm;
        let (interval, over) = match flood.why() {
            FloodClass::Broadcast => (broadcast, DropReason::StormBroadcast),
            FloodClass::Multicast => (multicast, DropReason::StormMulticast),
            FloodClass::Unknown => (unknown, DropReason::StormUnknown),
        };
        if !self.bridge.admits(flood.from(), flood.why(), interval, now) {
            return Err(over);
        }
        match flood.targets(line, &self.snapshot).next() {
            Some(_) => Ok(()),
            None => Err(DropReason::NoPort),
        }
    }

    /// Returns whether the table is so large that it pays to [`expect`](Self::expect) frames.
    #[inline]
    pub fn is_large(&self) -> bool {
        self.snapshot.table.is_large()
    }

    /// Begins to fetch from memory what deciding on a frame will need. Doing so for all frames of a batch before
    /// the first is decided on lets the fetches overlap.
    #[inline]
    pub fn expect(&self, from: PortId, frame: &Frame) {
        let vid = frame.tag.map_or(self.snapshot.line(from).pvid, Tag::vid_field);
        self.snapshot.table.touch(Key::new(vid, frame.src));
        self.snapshot.table.touch(Key::new(vid, frame.dst));
    }

    /// Returns the ports that a flood goes to, ascending, with what happens to the frame's tag.
    pub fn flood_targets(&self, flood: &Flood) -> impl Iterator<Item = (PortId, TagEdit)> + use<'_> {
        flood.targets(self.snapshot.line(flood.from()), &self.snapshot)
    }

    /// Returns the ports that get a copy of every well-formed frame that comes in on another.
    #[inline]
    pub fn spans(&self) -> &PortSet {
        &self.snapshot.spans
    }

    /// Returns whether frames that come in on a port are mirrored to [`spans`](Self::spans).
    #[inline]
    pub fn is_mirrored(&self, from: PortId) -> bool {
        self.snapshot.has_spans && self.snapshot.is_member(from)
    }

    /// Returns whether frames are to be shown to a [`Watch`](crate::Watch).
    #[inline]
    pub fn is_watched(&self) -> bool {
        self.snapshot.is_watched
    }

    /// Returns the VLAN of a frame that was let in, 0 for none.
    pub(crate) fn vid_of(&self, from: PortId, frame: &Frame) -> Option<u16> {
        admit(frame, from, self.snapshot.line(from), &self.snapshot).ok()
    }

    /// Returns whether a port suppresses in a VLAN, 0 outside any.
    pub(crate) fn suppresses(&self, port: PortId, vid: u16) -> bool {
        self.snapshot.suppresses(port, vid)
    }

    /// Returns whether a frame like this one, to a station, would go to it alone.
    pub(crate) fn reaches(&self, from: PortId, vid: u16, frame: &Frame, station: Mac) -> bool {
        let snapshot = &*self.snapshot;
        let clock = Clock { now: self.now.1, ageing: snapshot.ageing };
        let to = if station == snapshot.own_mac {
            Some(PortId::HOST)
        } else {
            snapshot.table.lookup(Key::new(vid, station), clock)
        };
        to.is_some_and(|to| to != from && passage(vid, frame, snapshot.line(from), to, snapshot).is_ok())
    }

    /// Counts a frame that was answered instead of flooded.
    pub(crate) fn suppressed(&self, from: PortId) {
        self.counters.suppressed(from);
    }

    /// Counts a frame that ended within its header.
    pub fn malformed(&mut self, from: PortId, bytes: u32) -> Verdict {
        self.counters.received(from, bytes);
        self.drop_frame(from, DropReason::Malformed);
        Verdict::Drop(DropReason::Malformed)
    }

    /// Counts a frame that the platform dropped on its way in.
    pub fn drop_frame(&mut self, from: PortId, why: DropReason) {
        self.counters.dropped(from, why);
    }

    /// Counts a frame that the platform dropped on its way out of a port.
    pub fn drop_at(&mut self, to: PortId, why: DropReason) {
        self.counters.dropped(to, why);
    }

    /// As [`drop_at`](Self::drop_at), within the frame loop.
    pub(crate) fn dropped(&self, to: PortId, why: DropReason) {
        self.counters.dropped(to, why);
    }

    /// Counts a frame that the platform sent.
    #[inline]
    pub fn sent(&mut self, to: PortId, bytes: u32) {
        self.counters.sent(to, bytes);
    }

    /// Returns the next change that this worker made to the table. The queue holds what a batch of 64 frames can
    /// cause; what does not fit is counted as lost.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.bridge.give_back(self.index);
    }
}

#[cold]
fn down(line: &PortLine) -> DropReason {
    if line.flags.contains(PortFlags::UP) { DropReason::SpanIngress } else { DropReason::PortDown }
}

/// Returns how a frame of a VLAN, 0 for none, that came in on another port leaves one, or why it does not.
#[inline(always)]
fn passage(vid: u16, frame: &Frame, from: &PortLine, to: PortId, snapshot: &Snapshot) -> Result<TagEdit, DropReason> {
    let out = snapshot.line(to);
    if out.flags & (PortFlags::UP | PortFlags::SPAN) != PortFlags::UP {
        return Err(DropReason::PortDown);
    }
    if from.isolation & out.isolation != 0 {
        return Err(DropReason::Isolated);
    }
    if vid == 0 { Ok(TagEdit::Keep) } else { Class::new(vid, frame, from).leave(to, out, snapshot) }
}

/// Returns whether more follows header and tags than the MTU allows, and nobody is going to cut it.
#[inline(always)]
fn too_big(frame: &Frame, meta: &Meta, snapshot: &Snapshot) -> bool {
    let outer = usize::from(frame.tag.is_some() && meta.stripped.is_none());
    let inner = usize::from(frame.ether_type.is_tag());
    let head = (HEADER_BYTES + TAG_BYTES * (outer + inner)) as u32;
    meta.bytes > snapshot.mtu_bytes.saturating_add(head) && !meta.offload.is_gso()
}

#[cfg(test)]
pub(crate) mod tests;
