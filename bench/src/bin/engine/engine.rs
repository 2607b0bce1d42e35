//! The engine under the same traffic, with ports in memory.

use crate::minimal::Queues;
use crate::traffic::{Clock, Octets, Traffic};
use bridge::{Bridge, Config, PortConfig, PortFlags, Verdict, Worker};
use frame::{Frame, FrameBuf, Mac, Meta, PortId, Ports, TagEdit};
use std::sync::Arc;

pub(crate) struct Engine {
    worker: Worker,
    memory: Memory,
}

/// What the bridge is like.
pub(crate) struct Setting {
    pub(crate) ports: usize,
    pub(crate) max_addresses: usize,
    pub(crate) vlans: Vlans,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Vlans {
    /// Not filtered; everything is in no VLAN.
    Ignored,
    /// Filtered; every port has the same PVID.
    Filtered,
}

impl Engine {
    pub(crate) fn new(setting: &Setting) -> Self {
        let filtered = setting.vlans == Vlans::Filtered;
        let port = PortConfig {
            flags: PortFlags::UP | PortFlags::LEARN | PortFlags::DISCOVER,
            pvid: filtered.then_some(frame::Vid::MIN),
            ..PortConfig::default()
        };
        let config = Config {
            own_mac: Mac([2, 0xff, 0xff, 0xff, 0xff, 0xff]),
            max_addresses: setting.max_addresses as u32,
            vlan_filter: filtered,
            ports: (0..=setting.ports as u64).map(|n| (PortId::from_low_bits(n), port.clone())).collect(),
            ..Config::default()
        };
        let secret = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89];
        let bridge = Arc::new(Bridge::new(config, 1, secret));
        let Some(worker) = bridge.worker(0) else { unreachable!("a bridge of one worker has one") };
        Self { worker, memory: Memory(Queues::new()) }
    }

    /// Plays a ring through the decision alone.
    pub(crate) fn play_decisions(&mut self, traffic: &Traffic, clock: &mut Clock) {
        let Self { worker, memory: Memory(queues) } = self;
        for (from, frames) in &traffic.batches {
            let now = clock.next_batch();
            worker.begin();
            if worker.is_large() {
                frames
                    .iter()
                    .flat_map(|octets| Frame::parse(octets, None))
                    .for_each(|frame| worker.expect(*from, &frame));
            }
            for (number, octets) in frames.iter().enumerate() {
                let meta = Meta { bytes: octets.len() as u32, ..Meta::default() };
                let Ok(frame) = Frame::parse(octets, None) else { continue };
                match worker.ingress(*from, &frame, &meta, now) {
                    Verdict::Unicast { to, edit } => queues.append(u64::from(to.get()), number as u32, bits(edit)),
                    Verdict::Flood(flood) => {
                        for (to, edit) in worker.flood_targets(&flood) {
                            queues.append(u64::from(to.get()), number as u32, bits(edit));
                        }
                    }
                    Verdict::Drop(_) => {}
                }
            }
            queues.flush();
        }
    }

    /// Plays a ring through the frame loop.
    pub(crate) fn play_run(&mut self, traffic: &Traffic, clock: &mut Clock) {
        for (from, frames) in &traffic.batches {
            let now = clock.next_batch();
            let batch = frames.iter().zip(0..).map(|(octets, number)| Handle { octets, number });
            bridge::run(&mut self.worker, &mut MemoryPorts::of(&mut self.memory), *from, batch, now);
        }
    }

    pub(crate) fn take_sent(&mut self) -> u64 {
        std::mem::take(&mut self.memory.0.sent)
    }
}

fn bits(edit: TagEdit) -> u32 {
    match edit {
        TagEdit::Keep => 0,
        TagEdit::Strip => 1,
        TagEdit::Set(tag) => u32::from(tag.tci) << 16 | u32::from(tag.tpid.0),
    }
}

struct Memory(Queues);

struct MemoryPorts<'a, 'b> {
    queues: &'b mut Queues,
    frames: std::marker::PhantomData<&'a Octets>,
}

impl<'b> MemoryPorts<'_, 'b> {
    fn of(memory: &'b mut Memory) -> Self {
        Self { queues: &mut memory.0, frames: std::marker::PhantomData }
    }
}

#[derive(Clone, Copy)]
struct Handle<'a> {
    octets: &'a Octets,
    number: u32,
}

impl FrameBuf for Handle<'_> {
    #[inline]
    fn head(&self) -> &[u8] {
        self.octets
    }

    #[inline]
    fn meta(&self) -> Meta {
        Meta { bytes: self.octets.len() as u32, ..Meta::default() }
    }

    #[inline]
    fn share(&self) -> Option<Self> {
        Some(*self)
    }
}

impl<'a> Ports for MemoryPorts<'a, '_> {
    type Buf = Handle<'a>;

    #[inline]
    fn send(&mut self, to: PortId, frame: Handle<'a>, edit: TagEdit) {
        self.queues.append(u64::from(to.get()), frame.number, bits(edit));
    }

    #[inline]
    fn flush(&mut self) {
        self.queues.flush();
    }
}
