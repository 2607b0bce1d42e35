extern crate std;
use super::*;
use crate::{Config, PortConfig};
use frame::{EtherType, Mac};
use std::vec::Vec;

const A: Mac = Mac([2, 0, 0, 0, 0, 0xa]);
const B: Mac = Mac([2, 0, 0, 0, 0, 0xb]);

fn port(number: u16) -> PortId {
    PortId::from_low_bits(u64::from(number))
}

#[test]
fn a_reply_takes_the_learned_path() {
    let on = PortFlags::UP | PortFlags::LEARN | PortFlags::DISCOVER;
    let of = PortConfig { flags: on, ..PortConfig::default() };
    let ports = (0..4).map(|n| (port(n), of.clone())).collect();
    let bridge = Arc::new(Bridge::new(Config { ports, own_mac: Mac([2; 6]), ..Config::default() }, 1, [1, 2, 3, 4]));
    let mut worker = bridge.worker(0).unwrap();
    assert!(bridge.worker(0).is_none());
    let frame = |dst, src| Frame { dst, src, tag: None, ether_type: EtherType::IPV4 };
    let meta = Meta { bytes: 64, ..Meta::default() };
    let now = Instant::from_secs(1);
    let Verdict::Flood(flood) = worker.ingress(port(1), &frame(B, A), &meta, now) else { panic!() };
    assert_eq!(worker.flood_targets(&flood).map(|(to, _)| to.get()).collect::<Vec<_>>(), [2, 3]);
    let got = worker.ingress(port(2), &frame(A, B), &meta, now);
    assert_eq!(got, Verdict::Unicast { to: port(1), edit: TagEdit::Keep });
    assert_eq!(bridge.counters().learned, 2);
    drop(worker);
    assert!(bridge.worker(0).is_some());
}
