#![cfg(not(loom))]

extern crate std;
use super::*;
use crate::{Config, PortConfig, Rate, Storm};
use core::time::Duration;
use frame::offload::{Gso, Offload};
use frame::{EtherType, Mac, Vid};
use std::collections::BTreeSet;
use std::vec::Vec;

pub(crate) const A: Mac = Mac([2, 0, 0, 0, 0, 0xa]);
pub(crate) const B: Mac = Mac([2, 0, 0, 0, 0, 0xb]);
pub(crate) const OWN: Mac = Mac([2, 0, 0, 0, 0, 0xff]);
const GROUP: Mac = Mac([1, 0, 0x5e, 0, 0, 1]);
const SLOW: Mac = Mac([1, 0x80, 0xc2, 0, 0, 2]);
const SECRET: [u64; 4] = [1, 2, 3, 4];

pub(crate) fn port(number: u16) -> PortId {
    PortId::from_low_bits(u64::from(number))
}

pub(crate) fn vid(number: u16) -> Option<Vid> {
    Vid::new(number)
}

pub(crate) const ON: PortFlags = PortFlags::UP.union(PortFlags::LEARN).union(PortFlags::DISCOVER);

/// The host and ports 1 to 4, up, learning and discovering.
pub(crate) fn config() -> Config {
    let port_config = PortConfig { flags: ON, ..PortConfig::default() };
    Config {
        own_mac: OWN,
        ageing: Some(Duration::from_secs(300)),
        ports: (0..=4).map(|number| (port(number), port_config.clone())).collect(),
        ..Config::default()
    }
}

/// Changes one port of a configuration.
pub(crate) fn of(config: &mut Config, number: u16) -> &mut PortConfig {
    &mut config.ports.iter_mut().find(|(id, _)| *id == port(number)).unwrap().1
}

pub(crate) fn plain(dst: Mac, src: Mac) -> Frame {
    Frame { dst, src, tag: None, ether_type: EtherType::IPV4 }
}

pub(crate) fn tagged(dst: Mac, src: Mac, tci: u16) -> Frame {
    Frame { tag: Some(Tag { tpid: EtherType::VLAN, tci }), ..plain(dst, src) }
}

pub(crate) const fn bytes(bytes: u32) -> Meta {
    Meta { bytes, offload: NO_OFFLOAD, stripped: None }
}

const NO_OFFLOAD: Offload = Offload {
    needs_checksum: false,
    data_valid: false,
    gso: Gso::None,
    ecn: false,
    header_bytes: 0,
    segment_bytes: 0,
    csum_start: 0,
    csum_offset: 0,
};

pub(crate) type Targets = Vec<(u16, TagEdit)>;

/// What becomes of one frame, as ports and edits.
pub(crate) fn outcome(
    worker: &mut Worker,
    from: u16,
    frame: &Frame,
    meta: &Meta,
    secs: u64,
) -> Result<Targets, DropReason> {
    worker.begin();
    match worker.ingress(port(from), frame, meta, Instant::from_secs(secs)) {
        Verdict::Drop(why) => Err(why),
        Verdict::Unicast { to, edit } => Ok([(to.get(), edit)].into()),
        Verdict::Flood(flood) => Ok(worker.flood_targets(&flood).map(|(to, edit)| (to.get(), edit)).collect()),
    }
}

pub(crate) fn bridge(config: Config) -> (Arc<Bridge>, Worker) {
    let bridge = Arc::new(Bridge::new(config, 1, SECRET));
    let worker = bridge.worker(0).unwrap();
    (bridge, worker)
}

/// Every reason that the engine itself gives, and a frame that it gives it for. B is behind port 2 since t = 1.
type Setup = fn(&mut Config);
type Row = (&'static str, Setup, u16, Frame, Meta, Result<&'static [u16], DropReason>);

fn rows() -> Vec<Row> {
    use DropReason::*;
    const M: Meta = bytes(64);
    let none: Setup = |_| {};
    const NOTHING: Rate = Rate { frames_per_second: 0 };
    let gso = Meta { offload: frame::offload::Offload { gso: Gso::TcpV4, ..NO_OFFLOAD }, ..bytes(60_000) };
    let stripped = Meta { stripped: Some(Tag { tpid: EtherType::VLAN, tci: 5 }), ..bytes(1514) };
    let nested = |ether_type| Frame { ether_type, ..tagged(B, A, 5) };
    #[rustfmt::skip]
    let rows: Vec<Row> = [
        // name                      setup                                      in frame                meta         ports or reason
        ("known unicast",            none,                                       1, plain(B, A),        M,           Ok(&[2][..])),
        ("broadcast",                none,                                       1, plain(Mac::BROADCAST, A), M,     Ok(&[0, 2, 3, 4])),
        ("group",                    none,                                       3, plain(GROUP, A),    M,           Ok(&[0, 1, 2, 4])),
        ("unknown, not to the host", none,                                       1, plain(A, A),        M,           Err(SamePort)),
        ("unknown to discover only", |c| of(c, 3).flags -= PortFlags::DISCOVER,  1, plain(Mac([2; 6]), A), M,        Ok(&[2, 4])),
        ("group to all though",      |c| of(c, 3).flags -= PortFlags::DISCOVER,  1, plain(GROUP, A),    M,           Ok(&[0, 2, 3, 4])),
        ("to the host",              none,                                       1, plain(OWN, A),      M,           Ok(&[0])),
        ("from the host",            none,                                       0, plain(B, OWN),      M,           Ok(&[2])),
        ("from a guest of the host", none,                                       0, plain(B, A),        M,           Ok(&[2])),
        ("host to itself",           none,                                       0, plain(OWN, A),      M,           Err(SamePort)),
        ("nobody is nobody known",   |c| c.ageing = None,                        1, plain(Mac::ZERO, A), M,          Ok(&[2, 3, 4])),
        ("group source",             none,                                       1, plain(B, GROUP),    M,           Err(GroupSource)),
        ("broadcast source",         none,                                       1, plain(B, Mac::BROADCAST), M,     Err(GroupSource)),
        ("zero source",              none,                                       1, plain(B, Mac::ZERO), M,          Err(ZeroSource)),
        ("own source",               none,                                       1, plain(B, OWN),      M,           Err(OwnAddress)),
        ("bpdu",                     none,                                       1, plain(Mac::BRIDGE_GROUP, A), M,  Err(LinkLocal)),
        ("slow protocols",           none,                                       1, plain(SLOW, A),     M,           Err(LinkLocal)),
        ("beyond the reserved",      none,                                       1, plain(Mac([1, 0x80, 0xc2, 0, 0, 0x10]), A), M, Ok(&[0, 2, 3, 4])),
        ("no such port",             none,                                       9, plain(B, A),        M,           Err(PortDown)),
        ("beyond all ports",         none,                                    1023, plain(B, A),        M,           Err(PortDown)),
        ("in port down",             |c| of(c, 1).flags -= PortFlags::UP,        1, plain(B, A),        M,           Err(PortDown)),
        ("out port down",            |c| of(c, 2).flags -= PortFlags::UP,        1, plain(B, A),        M,           Err(PortDown)),
        ("host down",                |c| of(c, 0).flags -= PortFlags::UP,        1, plain(OWN, A),      M,           Err(PortDown)),
        ("flood passes a down port", |c| of(c, 2).flags -= PortFlags::UP,        1, plain(GROUP, A),    M,           Ok(&[0, 3, 4])),
        ("span ingress",             |c| of(c, 1).flags |= PortFlags::SPAN,      1, plain(B, A),        M,           Err(SpanIngress)),
        ("span down",                |c| of(c, 1).flags = PortFlags::SPAN,       1, plain(B, A),        M,           Err(PortDown)),
        ("known behind a span",      |c| of(c, 2).flags |= PortFlags::SPAN,      1, plain(B, A),        M,           Err(PortDown)),
        ("flood passes a span",      |c| of(c, 4).flags |= PortFlags::SPAN,      1, plain(GROUP, A),    M,           Ok(&[0, 2, 3])),
        ("locked",                   |c| of(c, 1).flags |= PortFlags::LOCKED,    1, plain(B, A),        M,           Err(Locked)),
        ("locked, registered",       |c| of(c, 2).flags |= PortFlags::LOCKED,    2, plain(OWN, B),      M,           Ok(&[0])),
        ("locked, of another port",  |c| of(c, 1).flags |= PortFlags::LOCKED,    1, plain(OWN, B),      M,           Err(Locked)),
        ("over the port's limit",    |c| of(c, 2).max_addresses = 1,             2, plain(OWN, A),      M,           Err(AddressLimit)),
        ("known at the limit",       |c| of(c, 2).max_addresses = 1,             2, plain(OWN, B),      M,           Ok(&[0])),
        ("not learning, no limit",   |c| { of(c, 2).max_addresses = 1; of(c, 2).flags -= PortFlags::LEARN; }, 2, plain(OWN, A), M, Ok(&[0])),
        ("same port",                none,                                       2, plain(B, A),        M,           Err(SamePort)),
        ("private to private",       |c| for n in [1, 2] { of(c, n).flags |= PortFlags::PRIVATE }, 1, plain(B, A), M, Err(Isolated)),
        ("private to public",        |c| of(c, 1).flags |= PortFlags::PRIVATE,   1, plain(B, A),        M,           Ok(&[2])),
        ("private to host",          |c| for n in [0, 1] { of(c, n).flags |= PortFlags::PRIVATE }, 1, plain(OWN, A), M, Ok(&[0])),
        ("private flood",            |c| for n in [0, 1, 3] { of(c, n).flags |= PortFlags::PRIVATE }, 1, plain(GROUP, A), M, Ok(&[0, 2, 4])),
        ("protected",                |c| { of(c, 1).protected = 0b110; of(c, 2).protected = 0b100; }, 1, plain(B, A), M, Err(Isolated)),
        ("protected apart",          |c| { of(c, 1).protected = 0b010; of(c, 2).protected = 0b100; }, 1, plain(B, A), M, Ok(&[2])),
        ("protected, bit 0 is none", |c| { of(c, 1).protected = 1; of(c, 2).protected = 1; }, 1, plain(B, A), M,     Ok(&[2])),
        ("protected flood",          |c| { of(c, 1).protected = 6; of(c, 2).protected = 2; of(c, 3).protected = 4; of(c, 0).protected = 4; }, 1, plain(GROUP, A), M, Ok(&[0, 4])),
        ("no port",                  |c| for n in [0, 2, 3, 4] { of(c, n).flags -= PortFlags::UP }, 1, plain(GROUP, A), M, Err(NoPort)),
        ("no port discovers",        |c| for n in [2, 3, 4] { of(c, n).flags -= PortFlags::DISCOVER }, 1, plain(Mac([2; 6]), A), M, Err(NoPort)),
        ("as large as may be",       none,                                       1, plain(B, A),        bytes(1514), Ok(&[2])),
        ("too big",                  none,                                       1, plain(B, A),        bytes(1515), Err(TooBig)),
        ("too big, to be segmented", none,                                       1, plain(B, A),        gso,         Ok(&[2])),
        ("a tag does not count",     none,                                       1, tagged(GROUP, A, 5), bytes(1518), Ok(&[0, 2, 3, 4])),
        ("too big with a tag",       none,                                       1, tagged(GROUP, A, 5), bytes(1519), Err(TooBig)),
        ("a stripped tag is not there", none,                                    1, tagged(GROUP, A, 5), stripped,   Ok(&[0, 2, 3, 4])),
        ("nor does a second tag",    none,                                       1, Frame { dst: GROUP, ..nested(EtherType::VLAN) }, bytes(1522), Ok(&[0, 2, 3, 4])),
        ("too big with two",         none,                                       1, Frame { dst: GROUP, ..nested(EtherType::VLAN) }, bytes(1523), Err(TooBig)),
        ("small mtu",                |c| c.mtu_bytes = 46,                       1, plain(B, A),        bytes(61),   Err(TooBig)),
        ("reserved vlan",            none,                                       1, tagged(B, A, 0x0fff), M,         Err(VlanInvalid)),
        ("untagged, no pvid",        |c| c.vlan_filter = true,                   1, plain(B, A),        M,           Err(VlanUntagged)),
        ("not of the vlan in",       |c| c.vlan_filter = true,                   1, tagged(B, A, 5),    M,           Err(VlanIngress)),
        ("two tags",                 |c| c.vlan_filter = true,                   1, nested(EtherType::VLAN), M,      Err(VlanNested)),
        ("not of the vlan out",      |c| { c.vlan_filter = true; of(c, 1).pvid = vid(7); }, 1, plain(B, A), M,      Err(VlanEgress)),
        ("broadcast storm",          |c| of(c, 1).storm = Storm { broadcast: Some(NOTHING), ..Storm::default() }, 1, plain(Mac::BROADCAST, A), M, Err(StormBroadcast)),
        ("multicast storm",          |c| of(c, 1).storm = Storm { multicast: Some(NOTHING), ..Storm::default() }, 1, plain(GROUP, A), M, Err(StormMulticast)),
        ("unknown storm",            |c| of(c, 1).storm = Storm { unknown: Some(NOTHING), ..Storm::default() }, 1, plain(Mac([2; 6]), A), M, Err(StormUnknown)),
        ("known is no storm",        |c| of(c, 1).storm = Storm { broadcast: Some(NOTHING), multicast: Some(NOTHING), unknown: Some(NOTHING) }, 1, plain(B, A), M, Ok(&[2])),
    ].into();
    rows
}

#[test]
fn ingress_table() {
    for (name, setup, from, frame, meta, want) in rows() {
        let (bridge, mut worker) = bridge(config());
        for vlan in [0, 7] {
            let seen = Frame { tag: (vlan > 0).then_some(Tag { tpid: EtherType::VLAN, tci: vlan }), ..plain(OWN, B) };
            outcome(&mut worker, 2, &seen, &bytes(64), 1).unwrap();
        }
        let mut changed = config();
        setup(&mut changed);
        bridge.publish(changed);
        let before = bridge.port_counters(port(from));
        let got = outcome(&mut worker, from, &frame, &meta, 2);
        let ports = got.clone().map(|targets| targets.iter().map(|&(to, _)| to).collect::<Vec<_>>());
        assert_eq!(ports, want.map(Vec::from), "{name}");
        let counted = bridge.port_counters(port(from)).since(&before);
        assert_eq!((counted.rx_frames, counted.rx_bytes), (1, u64::from(meta.bytes)), "{name}");
        assert_eq!(counted.drops.total(), u64::from(got.is_err()), "{name}");
        if let Err(why) = got {
            assert_eq!(counted.drops.get(why), 1, "{name}");
        }
    }
}

#[test]
fn every_reason_of_the_engine_has_a_row() {
    let shown: BTreeSet<_> = rows().into_iter().filter_map(|(.., want)| want.err()).collect();
    for &why in DropReason::ALL {
        use DropReason::*;
        let elsewhere = match why {
            // The frame loop's; its tests show them.
            Malformed | NoBuffer => true,
            // The platform's.
            Truncated | NotOpen | QueueFull | TransmitError | Offload => true,
            // A point-to-point link's.
            NotIp | OtherHost | BadSource | Unresolved | BadNeighbour => true,
            GroupSource | ZeroSource | OwnAddress | LinkLocal | PortDown | SpanIngress | VlanInvalid | VlanUntagged
            | VlanIngress | VlanEgress | VlanNested | Locked | AddressLimit | SamePort | Isolated | NoPort | TooBig
            | StormBroadcast | StormMulticast | StormUnknown => false,
        };
        assert_eq!(shown.contains(&why), !elsewhere, "{why}");
    }
}

#[test]
fn a_reply_takes_the_learned_path() {
    let (bridge, mut worker) = bridge(config());
    assert!(bridge.worker(0).is_none(), "taken");
    let ports = |got: Result<Targets, DropReason>| got.unwrap().iter().map(|&(to, _)| to).collect::<Vec<_>>();
    assert_eq!(ports(outcome(&mut worker, 1, &plain(B, A), &bytes(64), 1)), [2, 3, 4]);
    assert_eq!(ports(outcome(&mut worker, 2, &plain(A, B), &bytes(64), 1)), [1]);
    assert_eq!(ports(outcome(&mut worker, 1, &plain(B, A), &bytes(64), 300)), [2]);
    assert_eq!(ports(outcome(&mut worker, 1, &plain(B, A), &bytes(64), 301)), [2, 3, 4], "aged");
    drop(worker);
    assert!(bridge.worker(0).is_some(), "given back");
}

#[test]
fn what_is_overheard_teaches_and_counts_nothing() {
    let (bridge, mut worker) = bridge(config());
    worker.overhear(port(2), &plain(A, B), Instant::from_secs(1));
    assert_eq!(outcome(&mut worker, 1, &plain(B, A), &bytes(64), 1), Ok([(2, TagEdit::Keep)].into()));
    assert_eq!(bridge.port_counters(port(2)), crate::PortCounters::default());
    let mut down = config();
    of(&mut down, 3).flags = PortFlags::LEARN;
    bridge.publish(down);
    worker.overhear(port(3), &plain(A, B), Instant::from_secs(1));
    assert_eq!(
        outcome(&mut worker, 1, &plain(B, A), &bytes(64), 1),
        Ok([(2, TagEdit::Keep)].into()),
        "not on a port that is down"
    );
}

#[test]
fn what_the_table_does_is_told() {
    let (bridge, mut worker) = bridge(Config { max_addresses: 1, ..config() });
    for (from, src, secs) in [(1, A, 1), (2, B, 2), (3, B, 3)] {
        outcome(&mut worker, from, &plain(Mac::BROADCAST, src), &bytes(64), secs).unwrap();
    }
    let got: Vec<_> = core::iter::from_fn(|| worker.poll_event()).collect();
    let want = [
        Event::Learned { vid: 0, mac: A, port: port(1) },
        Event::Evicted { vid: 0, mac: A, port: port(1) },
        Event::Learned { vid: 0, mac: B, port: port(2) },
        Event::Moved { vid: 0, mac: B, from: port(2), to: port(3) },
    ];
    assert_eq!(got, want);
    for number in 0..1000_u16 {
        let [hi, lo] = number.to_be_bytes();
        outcome(&mut worker, 1, &plain(Mac::BROADCAST, Mac([4, 0, 0, 0, hi, lo])), &bytes(64), 5).unwrap();
    }
    let counters = bridge.counters();
    let told = core::iter::from_fn(|| worker.poll_event()).count() as u64 + counters.events_lost;
    assert_eq!(told, counters.learned + counters.moved + counters.evicted - want.len() as u64);
    assert!(counters.events_lost > 0);
}

#[test]
fn a_sticky_port_pins_and_a_learnless_one_forgets() {
    let mut config = config();
    of(&mut config, 1).flags |= PortFlags::STICKY;
    of(&mut config, 2).flags -= PortFlags::LEARN;
    let (bridge, mut worker) = bridge(config);
    outcome(&mut worker, 1, &plain(Mac::BROADCAST, A), &bytes(64), 1).unwrap();
    outcome(&mut worker, 2, &plain(Mac::BROADCAST, B), &bytes(64), 1).unwrap();
    assert_eq!(outcome(&mut worker, 3, &plain(A, A), &bytes(64), 2), Ok([(1, TagEdit::Keep)].into()));
    let entries = bridge.entries(Instant::from_secs(1_000_000));
    assert_eq!(
        entries.iter().map(|e| (e.mac, e.port, e.kind, e.left)).collect::<Vec<_>>(),
        [(A, port(1), EntryKind::Sticky, None)]
    );
}

#[test]
fn a_port_number_used_again_starts_afresh() {
    let (bridge, mut worker) = bridge(config());
    outcome(&mut worker, 1, &plain(Mac::BROADCAST, A), &bytes(64), 1).unwrap();
    bridge.insert_static(7, B, port(1)).unwrap();
    let mut without = config();
    without.ports.retain(|&(id, _)| id != port(1));
    bridge.publish(without.clone());
    assert_eq!(bridge.entries(Instant::from_secs(1)), []);
    // A worker in the midst of a batch has not seen that yet, and learns from the port that was.
    let verdict = worker.ingress(port(1), &plain(Mac::BROADCAST, A), &bytes(64), Instant::from_secs(1));
    assert!(matches!(verdict, Verdict::Flood(_)));
    bridge.publish(config());
    bridge.reset_port_counters(port(1));
    assert_eq!(bridge.entries(Instant::from_secs(1)), []);
    assert_eq!(bridge.port_counters(port(1)), crate::PortCounters::default());
    assert_eq!(bridge.insert_static(0, A, port(9)), Err(crate::TableError::NoPort(port(9))));
    assert_eq!(bridge.insert_static(4095, A, port(1)), Err(crate::TableError::NoVlan(4095)));
    assert_eq!(bridge.insert_static(0, GROUP, port(1)), Err(crate::TableError::NotAStation(GROUP)));
}

#[test]
fn the_table_grows_and_shrinks_with_what_is_allowed() {
    let (bridge, mut worker) = bridge(Config { max_addresses: 100, ..config() });
    let learn = |worker: &mut Worker, count: u16| {
        for number in 0..count {
            let [hi, lo] = number.to_be_bytes();
            outcome(worker, 1, &plain(Mac::BROADCAST, Mac([4, 0, 0, 0, hi, lo])), &bytes(64), 5).unwrap();
        }
    };
    learn(&mut worker, 100);
    assert_eq!(bridge.address_counts().total, 100);
    bridge.publish(Config { max_addresses: 10_000, ..config() });
    assert_eq!(bridge.entries(Instant::from_secs(5)).len(), 100);
    learn(&mut worker, 5000);
    assert_eq!(bridge.address_counts().by_port, [(port(1), 5000)]);
    bridge.publish(Config { max_addresses: 50, ..config() });
    assert_eq!(bridge.address_counts().total, 50);
    bridge.publish(Config { max_addresses: 0, ..config() });
    learn(&mut worker, 5);
    assert_eq!(bridge.address_counts().total, 0);
}

#[test]
fn sweeping_is_due_when_the_oldest_may_be_too_old() {
    let (bridge, mut worker) = bridge(config());
    let at = Instant::from_secs;
    bridge.on_timeout(at(10));
    assert_eq!(bridge.next_timeout(), Some(at(310)));
    outcome(&mut worker, 1, &plain(Mac::BROADCAST, A), &bytes(64), 100).unwrap();
    bridge.on_timeout(at(310));
    assert_eq!(bridge.next_timeout(), Some(at(400)));
    bridge.on_timeout(at(399));
    assert_eq!(bridge.address_counts().total, 1);
    bridge.on_timeout(at(400));
    assert_eq!((bridge.address_counts().total, bridge.counters().expired), (0, 1));
    bridge.publish(Config { ageing: None, ..config() });
    assert_eq!(bridge.next_timeout(), None);
    bridge.publish(Config { ageing: Some(Duration::from_secs(5)), ..config() });
    assert!(bridge.next_timeout().is_some_and(|due| due <= at(400)), "a shorter time is looked into at once");
}
