extern crate std;
use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::vec::Vec;

const AGEING: Duration = Duration::from_secs(1200);

fn port(number: u16) -> PortId {
    PortId::new(number).unwrap()
}

fn at(secs: u64) -> Instant {
    Instant::from_secs(secs)
}

fn v4(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 | number))
}

fn mac(number: u64) -> Mac {
    Mac::from_u64(0x0200_0000_0000 | number)
}

fn said(address: IpAddr, station: u64, on: u16, secs: u64) -> Binding {
    let (source, role) = (Source::Arp, Role::Unknown);
    Binding { address, vid: 0, mac: mac(station), port: port(on), source, role, updated: at(secs) }
}

fn table(capacity: usize) -> Bindings {
    Bindings::new(capacity, Some(AGEING), [1, 2])
}

#[test]
fn a_binding_is_found_by_address_and_vlan_until_it_is_too_old() {
    let mut table = table(8);
    let v6 = IpAddr::V6(Ipv6Addr::LOCALHOST);
    assert_eq!(table.learn(said(v4(1), 1, 1, 0)), Learned::Added);
    assert_eq!(table.learn(Binding { vid: 20, ..said(v4(1), 2, 2, 0) }), Learned::Added);
    assert_eq!(table.learn(said(v6, 3, 3, 600)), Learned::Added);
    #[rustfmt::skip]
    let rows = [
        // name               address vid  t(s)  station
        ("outside any VLAN",  v4(1),   0,     0, Some(1)),
        ("in a VLAN",         v4(1),  20,     0, Some(2)),
        ("in another VLAN",   v4(1),  21,     0, None),
        ("another address",   v4(2),   0,     0, None),
        ("another family",    v6,      0,   600, Some(3)),
        ("not yet too old",   v4(1),   0,  1199, Some(1)),
        ("too old",           v4(1),   0,  1200, None),
        ("younger",           v6,      0,  1799, Some(3)),
    ];
    for (name, address, vid, secs, want) in rows {
        assert_eq!(table.get(address, vid, at(secs)).map(|binding| binding.mac), want.map(mac), "{name}");
    }
    assert_eq!(table.iter(at(1200)).count(), 1);
    table.expire(at(1200));
    assert_eq!((table.len(), table.counters().expired), (1, 2));
}

#[test]
fn what_is_confirmed_lives_on_and_what_moves_is_counted() {
    let mut table = table(8);
    table.learn(said(v4(1), 1, 1, 0));
    assert_eq!(table.learn(said(v4(1), 1, 1, 1000)), Learned::Refreshed);
    assert!(table.get(v4(1), 0, at(2000)).is_some());
    assert_eq!(table.learn(said(v4(1), 1, 2, 1001)), Learned::Moved(mac(1)), "to another port");
    assert_eq!(table.learn(said(v4(1), 2, 2, 1002)), Learned::Moved(mac(1)), "to another station");
    assert_eq!(table.learn(said(v4(1), 3, 3, 9000)), Learned::Added, "what is too old was not moved");
    let want = BindingCounters { added: 2, moved: 2, expired: 1, ..BindingCounters::default() };
    assert_eq!(*table.counters(), want);
    assert_eq!(table.remove(v4(1), 0).map(|binding| binding.mac), Some(mac(3)));
    assert!(table.is_empty() && table.remove(v4(1), 0).is_none());
}

#[test]
fn the_more_trusted_is_believed() {
    use Learned::{Contradicted, Moved, Refreshed};
    use Source::{Arp, Dhcp, Nd, Static};
    #[rustfmt::skip]
    let rows = [
        // known   said    by another      by the same
        (Arp,     Arp,    Moved(mac(1)),  Refreshed),
        (Arp,     Nd,     Moved(mac(1)),  Refreshed),
        (Nd,      Dhcp,   Moved(mac(1)),  Refreshed),
        (Dhcp,    Arp,    Contradicted,   Refreshed),
        (Dhcp,    Dhcp,   Moved(mac(1)),  Refreshed),
        (Dhcp,    Static, Moved(mac(1)),  Refreshed),
        (Static,  Nd,     Contradicted,   Refreshed),
        (Static,  Dhcp,   Contradicted,   Refreshed),
        (Static,  Static, Moved(mac(1)),  Refreshed),
    ];
    for (known, heard, by_another, by_the_same) in rows {
        for (station, want) in [(2, by_another), (1, by_the_same)] {
            let mut table = table(8);
            table.learn(Binding { source: known, ..said(v4(1), 1, 1, 0) });
            assert_eq!(
                table.learn(Binding { source: heard, ..said(v4(1), station, 1, 5) }),
                want,
                "{known:?} {heard:?}"
            );
            let found = *table.get(v4(1), 0, at(5)).unwrap();
            let stays = if want == Contradicted { 1 } else { station };
            assert_eq!((found.mac, found.source), (mac(stays), known.max(heard)), "{known:?} {heard:?}");
            assert_eq!(found.updated, at(if want == Contradicted { 0 } else { 5 }), "{known:?} {heard:?}");
        }
    }
}

#[test]
fn a_role_is_kept_for_the_station_that_said_it() {
    let mut table = table(8);
    table.learn(Binding { role: Role::Router, ..said(v4(1), 1, 1, 0) });
    table.learn(said(v4(1), 1, 1, 1));
    assert_eq!(table.get(v4(1), 0, at(1)).unwrap().role, Role::Router);
    table.learn(Binding { role: Role::Host, ..said(v4(1), 1, 1, 2) });
    assert_eq!(table.get(v4(1), 0, at(2)).unwrap().role, Role::Host);
    table.learn(said(v4(1), 2, 1, 3));
    assert_eq!(table.get(v4(1), 0, at(3)).unwrap().role, Role::Unknown, "another station");
}

#[test]
fn what_the_operator_set_neither_ages_nor_gives_way() {
    let mut table = table(4);
    for number in 0..3 {
        table.learn(Binding { source: Source::Static, ..said(v4(number), 1, 1, 0) });
    }
    for number in 100..200 {
        table.learn(said(v4(number), 2, 2, 1));
    }
    table.forget_port(port(1));
    assert_eq!(table.iter(at(1 << 40)).map(|binding| binding.mac).collect::<Vec<_>>(), [mac(1); 3]);
    assert_eq!(table.len(), 4, "the last that was learned");
    table.flush();
    assert_eq!(table.len(), 3);
    assert_eq!(table.learn(Binding { source: Source::Static, ..said(v4(3), 1, 1, 2) }), Learned::Added);
    assert_eq!(table.learn(said(v4(4), 2, 2, 2)), Learned::Full);
    assert_eq!(table.counters().refused, 1);
}

#[test]
fn without_ageing_nothing_grows_old() {
    let mut table = Bindings::new(2, None, [1, 2]);
    table.learn(said(v4(1), 1, 1, 0));
    assert!(table.get(v4(1), 0, Instant::from_micros(u64::MAX)).is_some());
    assert_eq!(Bindings::new(0, None, [0; 2]).learn(said(v4(1), 1, 1, 0)), Learned::Full, "no room at all");
}

#[test]
fn a_million_spoofed_bindings_displace_none_of_another_port() {
    let mut table = table(4096);
    for number in 0..500 {
        table.learn(said(v4(number), 1, 1 + (number % 5) as u16, 0));
    }
    for number in 0..1_000_000 {
        table.learn(said(v4(0x0010_0000 + number), 2, 9, 1));
    }
    assert!((0..500).all(|number| table.get(v4(number), 0, at(1)).is_some()));
    assert_eq!(table.len(), 4096);
    assert_eq!(table.counters().evicted, 1_000_000 - (4096 - 500));
    let newest: BTreeSet<_> = (0..3596).map(|ago| v4(0x0010_0000 + 999_999 - ago)).collect();
    assert!(newest.iter().all(|&address| table.get(address, 0, at(1)).is_some()), "the oldest went");

    assert_eq!(table.learn(said(v4(600), 3, 3, 2)), Learned::Added, "others still find room");
    let flooder = table.iter(at(2)).filter(|binding| binding.port == port(9)).count();
    assert_eq!(flooder, 3595, "at the expense of the flooder");
}

#[test]
fn what_is_too_old_makes_room_first() {
    let mut table = table(4);
    table.learn(said(v4(1), 1, 1, 0));
    for number in 2..5 {
        table.learn(said(v4(number), 2, 2, 1000));
    }
    assert_eq!(table.learn(said(v4(5), 2, 2, 1200)), Learned::Added);
    assert_eq!((table.counters().evicted, table.counters().expired), (0, 1));
}

proptest! {
    #[test]
    fn only_the_oldest_of_a_largest_port_gives_way(
        capacity in 1..12_usize,
        steps in proptest::collection::vec((0..24_u32, 0..4_u16, 0..8_u8), 0..200),
    ) {
        let mut table = Bindings::new(capacity, None, [7, 8]);
        let mut known: Vec<Binding> = Vec::new();
        for (age, (number, on, what)) in (0..).zip(steps) {
            let new = said(v4(number), 1, on, age);
            match what {
                0 => {
                    table.remove(new.address, 0);
                    known.retain(|old| old.address != new.address);
                }
                1 if number == 0 => {
                    table.forget_port(new.port);
                    known.retain(|old| old.port != new.port);
                }
                _ => {
                    let full = known.len() == capacity && !known.iter().any(|old| old.address == new.address);
                    table.learn(new);
                    known.retain(|old| old.address != new.address);
                    let count = |port: PortId| known.iter().filter(|old| old.port == port).count();
                    let gone = known.iter().position(|old| table.get(old.address, 0, at(age)).is_none());
                    prop_assert_eq!(gone.is_some(), full);
                    if let Some(gone) = gone {
                        let port = known[gone].port;
                        prop_assert!(known.iter().all(|old| count(old.port) <= count(port)), "not of a largest port");
                        prop_assert!(port == new.port || count(new.port) < count(port), "not its own");
                        prop_assert!(known[..gone].iter().all(|old| old.port != port), "not the oldest");
                        known.remove(gone);
                    }
                    known.push(new);
                }
            }
            prop_assert_eq!(table.len(), known.len());
            prop_assert!(known.iter().all(|old| table.get(old.address, 0, at(age)) == Some(old)));
            prop_assert_eq!(table.iter(at(age)).count(), known.len());
        }
    }
}
