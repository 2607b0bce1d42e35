//! Drives the engine and the model with the same random steps and compares them after each.
//!
//! Steps are read from bytes, so that a fuzzer and a property test can both make them up: any bytes are valid.

use super::{Copies, Model};
use crate::{Bridge, Config, EntryKind, Flush, PortConfig, PortFlags, Verdict, Worker};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Debug;
use core::time::Duration;
use frame::offload::{Gso, Offload};
use frame::{DropReason, EtherType, Frame, Instant, Mac, Meta, PortId, Tag, Tpid, Vid, VidSet};

/// Where engine and model differ.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mismatch {
    /// The number of the step.
    pub step: usize,
    /// What was done, what the engine made of it, and what the model.
    pub what: String,
}

/// Plays the steps that some bytes stand for.
///
/// # Errors
/// [`Mismatch`] after the first step at which engine and model differ.
pub fn drive(bytes: &[u8]) -> Result<(), Mismatch> {
    let mut choices = Choices(bytes.iter());
    let config = first_config(&mut choices);
    let bridge = Arc::new(Bridge::new(config.clone(), 1, SECRET));
    let Some(worker) = bridge.worker(0) else { return Ok(()) };
    let model = Model::new(config.clone());
    let mut pair = Pair { bridge, worker, model, config, now: Instant::from_secs(1000) };
    let mut step = 0;
    while !choices.0.as_slice().is_empty() {
        pair.step(&mut choices).and_then(|()| pair.compare_tables()).map_err(|what| Mismatch { step, what })?;
        step += 1;
    }
    Ok(())
}

/// The two that should be the same.
struct Pair {
    bridge: Arc<Bridge>,
    worker: Worker,
    model: Model,
    config: Config,
    now: Instant,
}

impl Pair {
    fn step(&mut self, choices: &mut Choices<'_>) -> Result<(), String> {
        let Self { bridge, model, now, .. } = self;
        match choices.below(16) {
            10 => {
                // Whole seconds: the engine may round to a quarter, and sweeps at most once a second.
                let secs = choices.of(&[1, 2, 9, 10, 11, 300, 301]);
                *now = now.plus(Duration::from_secs(secs));
                model.expire(*now);
                bridge.on_timeout(*now);
                Ok(())
            }
            11 => {
                let (vid, mac, port) = (choices.of(&VIDS), choices.of(&MACS), choices.port());
                let got = bridge.insert_static(vid, mac, port);
                same("static", (vid, mac, port), got, model.insert_static(vid, mac, port))
            }
            12 => {
                let (vid, mac) = (choices.of(&VIDS), choices.of(&MACS));
                let vid = (choices.below(3) > 0).then_some(vid);
                same("remove", (vid, mac), bridge.remove(vid, mac), model.remove(vid, mac))
            }
            13 => {
                let what = choices.of(&[Flush::Dynamic, Flush::All]);
                let port = (choices.below(3) > 0).then(|| choices.port());
                port.map_or_else(|| bridge.flush(what), |port| bridge.flush_port(port, what));
                model.flush(port, what);
                Ok(())
            }
            14 | 15 => {
                change(&mut self.config, choices);
                bridge.publish(self.config.clone());
                model.publish(self.config.clone());
                model.expire(*now);
                bridge.on_timeout(*now);
                Ok(())
            }
            _ => {
                let (from, frame, meta) = (choices.port(), choices.frame(), choices.meta());
                let got = self.engine_ingress(from, &frame, &meta);
                same("frame", (from, frame, meta), got, self.model.ingress(from, &frame, &meta, self.now))
            }
        }
    }

    fn engine_ingress(&mut self, from: PortId, frame: &Frame, meta: &Meta) -> Result<Copies, DropReason> {
        self.worker.begin();
        match self.worker.ingress(from, frame, meta, self.now) {
            Verdict::Drop(why) => Err(why),
            Verdict::Unicast { to, edit } => Ok([(to, edit)].into()),
            Verdict::Flood(flood) => Ok(self.worker.flood_targets(&flood).collect()),
        }
    }

    fn compare_tables(&self) -> Result<(), String> {
        let entries = self.bridge.entries(self.now);
        let engine: Vec<_> = entries.iter().map(|e| ((e.vid, e.mac), e.port, e.kind, e.left)).collect();
        let ageing = self.config.ageing.filter(|ageing| !ageing.is_zero());
        let left = |heard| ageing.map(|ageing| ageing.saturating_sub(self.now.since(heard)));
        let model = self.model.table().iter().map(|(&key, known)| {
            (key, known.port, known.kind, left(known.heard).filter(|_| known.kind == EntryKind::Dynamic))
        });
        same("table", self.now, engine, model.collect())?;
        let counts = self.bridge.address_counts();
        same("count", self.now, counts.total as usize, self.model.table().len())?;
        let by_port: u32 = counts.by_port.iter().map(|&(_, count)| count).sum();
        same("sum of counts", self.now, by_port, counts.total)
    }
}

fn same<T: Debug + PartialEq>(name: &str, input: impl Debug, engine: T, model: T) -> Result<(), String> {
    match engine == model {
        true => Ok(()),
        false => Err(format!("{name} {input:?}\nengine: {engine:?}\nmodel:  {model:?}")),
    }
}

fn first_config(choices: &mut Choices<'_>) -> Config {
    let mut config = Config { own_mac: OWN, ageing: Some(Duration::from_secs(10)), ..Config::default() };
    for number in 0..PORTS {
        let flags = PortFlags::UP | PortFlags::LEARN | PortFlags::DISCOVER;
        config.ports.push((PortId::from_low_bits(number), PortConfig { flags, ..PortConfig::default() }));
    }
    for _ in 0..choices.below(8) {
        change(&mut config, choices);
    }
    config
}

/// Changes one thing of a configuration.
fn change(config: &mut Config, choices: &mut Choices<'_>) {
    let port = choices.port();
    let place = config.ports.iter().position(|&(other, _)| other == port);
    let of = place.and_then(|place| config.ports.get_mut(place)).map(|(_, of)| of);
    match (choices.below(12), of) {
        (0, _) => config.vlan_filter = !config.vlan_filter,
        (1, _) => config.ageing = choices.of(&[None, Some(0), Some(1), Some(10), Some(300)]).map(Duration::from_secs),
        (2, _) => config.max_addresses = choices.of(&[0, 1000, 2000]),
        (3, None) => config.ports.push((port, PortConfig { flags: PortFlags::UP, ..PortConfig::default() })),
        (3, Some(_)) => config.ports.retain(|&(other, _)| other != port),
        (4, Some(of)) => of.pvid = Vid::new(choices.of(&VIDS)),
        (5, Some(of)) => of.tagged = choices.vids(),
        (6, Some(of)) => of.tpid = choices.of(&[Tpid::Dot1q, Tpid::Dot1ad]),
        (7, Some(of)) => of.protected = u32::from(choices.byte()),
        (8, Some(of)) => of.max_addresses = choices.of(&[0, 1, 2, 3]),
        (_, Some(of)) => of.flags.toggle(PortFlags::from_bits_truncate(1 << choices.below(8))),
        (_, None) => {}
    }
}

/// Choices made by bytes; when they run out, the first of everything.
struct Choices<'a>(core::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    fn below(&mut self, bound: u8) -> u8 {
        self.byte() % bound
    }

    #[expect(clippy::indexing_slicing, reason = "a remainder of the length")]
    fn of<T: Copy, const N: usize>(&mut self, all: &[T; N]) -> T {
        all[usize::from(self.byte()) % N]
    }

    /// A port that is there, mostly.
    fn port(&mut self) -> PortId {
        PortId::from_low_bits(u64::from(self.byte()) % (PORTS + 1))
    }

    fn vids(&mut self) -> VidSet {
        let mut set = VidSet::EMPTY;
        let chosen = self.byte();
        for (bit, vid) in VIDS.into_iter().enumerate() {
            if let Some(vid) = Vid::new(vid).filter(|_| chosen >> bit & 1 == 1) {
                set.insert(vid);
            }
        }
        set
    }

    fn frame(&mut self) -> Frame {
        let (dst, src) = (self.of(&MACS), self.of(&MACS));
        let tpid = self.of(&[EtherType::VLAN, EtherType::QINQ]);
        let tci = self.of(&[0, 1, 2, 3, 4095, 4094]) | u16::from(self.byte() & 0xf0) << 8;
        let tag = (self.below(2) > 0).then_some(Tag { tpid, tci });
        let ether_type = self.of(&[
            EtherType::IPV4,
            EtherType::IPV4,
            EtherType::IPV6,
            EtherType::VLAN,
            EtherType::QINQ,
            EtherType::OLD_QINQ,
        ]);
        Frame { dst, src, tag, ether_type }
    }

    fn meta(&mut self) -> Meta {
        let bytes = self.of(&[64, 64, 64, 1514, 1515, 1518, 1519, 1522, 1523, 65_550]);
        let gso = self.of(&[Gso::None, Gso::None, Gso::None, Gso::TcpV4]);
        Meta { bytes, offload: Offload { gso, ..Offload::default() }, stripped: None }
    }
}

const PORTS: u64 = 6;
const SECRET: [u64; 4] = [11, 12, 13, 14];
const OWN: Mac = Mac([2, 0, 0, 0, 0, 0xff]);
const VIDS: [u16; 6] = [0, 1, 2, 3, 4094, 4095];
const MACS: [Mac; 10] = [
    Mac([2, 0, 0, 0, 0, 1]),
    Mac([2, 0, 0, 0, 0, 2]),
    Mac([2, 0, 0, 0, 0, 3]),
    Mac([2, 0, 0, 0, 0, 4]),
    Mac([2, 0, 0, 0, 0, 5]),
    OWN,
    Mac::BROADCAST,
    Mac([1, 0, 0x5e, 0, 0, 1]),
    Mac([1, 0x80, 0xc2, 0, 0, 0]),
    Mac::ZERO,
];
