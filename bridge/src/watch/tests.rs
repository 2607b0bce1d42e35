#![cfg(not(loom))]

extern crate std;
use super::*;
use crate::run::run_watched;
use crate::run::tests::{Wire, buf, frame, sent};
use crate::worker::tests::{A, B, bridge, config, of, outcome, plain, port, vid};
use crate::{Config, PortFlags, Suppress};
use frame::EtherType;
use std::vec::Vec;

/// Notes what it sees of ARP, and takes what it may.
#[derive(Default)]
struct Recorder(Vec<Seen>);

#[derive(Debug, Eq, PartialEq)]
struct Seen {
    from: u16,
    vid: u16,
    payload: Vec<u8>,
    taken: bool,
    reaches_b: bool,
}

impl Watch for Recorder {
    fn wants(&self, frame: &Frame) -> bool {
        frame.ether_type == EtherType::ARP
    }

    fn see(&mut self, sighting: &Sighting<'_>) -> Next {
        self.0.push(Seen {
            from: sighting.from.get(),
            vid: sighting.vid,
            payload: sighting.payload().into(),
            taken: sighting.may_be_taken(),
            reaches_b: sighting.reaches(B),
        });
        if sighting.may_be_taken() { Next::Taken } else { Next::Pass }
    }
}

const ARP: &[u8] = &[8, 6, 1, 2, 3];
const TAGGED_ARP: &[u8] = &[0x81, 0, 0, 20, 8, 6, 1, 2, 3];
const GROUP: Mac = Mac([0x33, 0x33, 0, 0, 0, 1]);

fn set(text: &str) -> Suppress {
    text.parse().unwrap()
}

/// VLAN, whether it may be taken, whether B is reached; `None` if it is not shown.
type Shown = Option<(u16, bool, bool)>;
type Setup = fn(&mut Config);
type Row<'a> = (&'a str, Setup, u16, Mac, &'a [u8], Shown);

#[test]
fn what_a_watch_sees_and_may_take() {
    let none: Setup = |_| {};
    let everywhere: Setup = |c| of(c, 1).suppress = Suppress::everywhere();
    let in_20: Setup = |c| of(c, 1).suppress = set("20");
    let pvid_20: Setup = |c| {
        of(c, 1).suppress = set("20");
        of(c, 1).pvid = vid(20);
        of(c, 2).pvid = vid(20);
    };
    // B is behind port 2, untagged, since t = 1.
    #[rustfmt::skip]
    let rows: &[Row<'_>] = &[
        // name                        setup       in  to               rest        shown
        ("nobody suppresses",          none,       1,  Mac::BROADCAST,  ARP,        None),
        ("broadcast",                  everywhere, 1,  Mac::BROADCAST,  ARP,        Some((0, true, true))),
        ("group",                      everywhere, 1,  GROUP,           ARP,        Some((0, true, true))),
        ("known unicast",              everywhere, 1,  B,               ARP,        Some((0, false, true))),
        ("unknown unicast",            everywhere, 1,  Mac([2; 6]),     ARP,        Some((0, false, true))),
        ("nothing it wants",           everywhere, 1,  Mac::BROADCAST,  &[8, 0],    None),
        ("on another port",            everywhere, 3,  Mac::BROADCAST,  ARP,        Some((0, false, true))),
        ("where the station is",       everywhere, 2,  Mac::BROADCAST,  ARP,        Some((0, false, false))),
        ("tagged",                     everywhere, 1,  Mac::BROADCAST,  TAGGED_ARP, Some((20, true, false))),
        ("in that VLAN",               in_20,      1,  Mac::BROADCAST,  TAGGED_ARP, Some((20, true, false))),
        ("outside any VLAN",           in_20,      1,  Mac::BROADCAST,  ARP,        Some((0, false, true))),
        ("in that VLAN by the port",   pvid_20,    1,  Mac::BROADCAST,  ARP,        Some((20, true, true))),
        ("not let in",                 |c| { of(c, 1).suppress = set("20"); of(c, 1).flags |= PortFlags::LOCKED; },
                                                   1,  Mac::BROADCAST,  ARP,        None),
        ("B is isolated from it",      |c| { of(c, 1).suppress = Suppress::everywhere();
                                             of(c, 1).flags |= PortFlags::PRIVATE; of(c, 2).flags |= PortFlags::PRIVATE; },
                                                   1,  Mac::BROADCAST,  ARP,        Some((0, true, false))),
        ("B's port is down",           |c| { of(c, 1).suppress = Suppress::everywhere(); of(c, 2).flags -= PortFlags::UP; },
                                                   1,  Mac::BROADCAST,  ARP,        Some((0, true, false))),
        ("B's port is of other VLANs", |c| { of(c, 1).suppress = Suppress::everywhere(); of(c, 1).pvid = vid(20);
                                             of(c, 2).pvid = vid(21); c.vlan_filter = true; },
                                                   1,  Mac::BROADCAST,  ARP,        Some((20, true, false))),
    ];
    for &(name, setup, from, to, rest, want) in rows {
        let mut config = config();
        setup(&mut config);
        let up = config.ports[2].1.flags;
        of(&mut config, 2).flags |= PortFlags::UP;
        let (bridge, mut worker) = bridge(config.clone());
        let _ = outcome(&mut worker, 2, &plain(A, B), &Meta { bytes: 64, ..Meta::default() }, 1);
        of(&mut config, 2).flags = up;
        bridge.publish(config);
        let (mut watch, mut wire) = (Recorder::default(), Wire::default());
        let source = Mac([2, 0, 0, 0, 0, from as u8]);
        let batch = [buf(frame(to, source, rest), 9)].into_iter();
        run_watched(&mut worker, &mut wire, &mut watch, port(from), batch, Instant::from_secs(2));
        let seen = watch.0.iter().map(|seen| (seen.vid, seen.taken, seen.reaches_b)).collect::<Vec<_>>();
        assert_eq!(seen, want.into_iter().collect::<Vec<_>>(), "{name}");
        assert!(watch.0.iter().all(|seen| (seen.from, &seen.payload[..]) == (from, &[1, 2, 3])), "{name}");
        let taken = u64::from(want.is_some_and(|(_, taken, _)| taken));
        let counters = bridge.port_counters(port(from));
        assert_eq!(counters.suppressed, taken, "{name}");
        assert_eq!(bridge.counters().ports.suppressed, taken, "{name}");
        if taken == 1 {
            assert_eq!((sent(&wire), counters.rx_frames, counters.drops.total()), (Vec::new(), 1, 0), "{name}");
        }
    }
}
