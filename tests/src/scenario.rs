//! What holds for every bridge, told over [`Switch`].

use crate::host::{Offloads, Pings};
use crate::lab::Lab;
use crate::plug::{Kind, Station, plug};
use crate::stream::{echo, transfer};
use crate::switch::Switch;
use crate::vm::{Tagging, Vm};
use crate::{BROADCAST, EtherFrame, Limit, Wire, mac, within};
use std::time::Duration;

/// End hosts behind ports of `kinds` reach each other, both ways and with full frames, and the table says where each is.
pub fn everyone_reaches_everyone(lab: &Lab, switch: &dyn Switch, kinds: &[Kind]) {
    switch.create();
    let stations = stations(lab, switch, kinds);
    for (a, from) in stations.iter().enumerate() {
        for (b, to) in stations.iter().enumerate().filter(|&(b, _)| b != a) {
            assert!(from.reaches(to), "{:?} {} to {:?} {}", kinds[a], from.address(), kinds[b], to.address());
        }
    }
    for station in &stations {
        if let Station::Kernel(host) = station {
            for to in stations.iter().filter(|to| to.address() != host.address) {
                let full = Pings { count: 5, payload: 1472, interval: Duration::from_millis(20) };
                assert_eq!(host.ping(to.address(), full), 5, "full frames from {} to {}", host.address, to.address());
            }
            assert_eq!(host.bad_checksums(), 0, "{}", host.address);
        }
    }
    let learned = switch.learned();
    for (station, kind) in stations.iter().zip(kinds) {
        let (mac, member) = match (station, kind) {
            (Station::Machine(vm), _) => (vm.mac.clone(), format!("tap{}", vm.address.octets()[3])),
            (Station::Kernel(_), Kind::Host) => continue,
            (Station::Kernel(host), Kind::Veth) => (host.mac(), format!("eth{}", host.address.octets()[3])),
            (Station::Kernel(host), _) => (host.mac(), host.interface.clone()),
        };
        assert!(learned.contains(&(mac.clone(), member.clone())), "{mac} behind {member}: {learned:?}");
    }
}

/// Streams pass between every two of `kinds`, byte for byte, with offloads as given at the ends.
pub fn streams_arrive_intact(lab: &Lab, switch: &dyn Switch, kinds: [Kind; 2], offloads: Offloads, mebibytes: usize) {
    switch.create();
    let stations = stations(lab, switch, &kinds);
    for station in &stations {
        if let Station::Kernel(host) = station {
            host.offloads(offloads);
        }
    }
    match (&stations[0], &stations[1]) {
        (Station::Kernel(a), Station::Kernel(b)) => {
            let there = transfer(a, b, mebibytes);
            let back = transfer(b, a, mebibytes);
            println!("{kinds:?} offloads {offloads:?}: {there:.0} Mbit/s there, {back:.0} back");
        }
        (Station::Kernel(host), Station::Machine(vm)) | (Station::Machine(vm), Station::Kernel(host)) => {
            echo(host, vm.address, mebibytes);
            let left_to_the_machine = kinds.contains(&Kind::TapWithOffloads) && offloads == Offloads::On;
            assert_eq!(vm.largest_frame() > 1514, left_to_the_machine, "{} bytes at once", vm.largest_frame());
        }
        (Station::Machine(_), Station::Machine(_)) => unreachable!("one of the two is a kernel"),
    }
    for station in &stations {
        if let Station::Kernel(host) = station {
            assert_eq!(host.bad_checksums(), 0, "checksums at {}", host.address);
        }
    }
}

/// A member that is removed is cut off; the others go on; added again, it is back.
pub fn a_removed_member_is_cut_off(lab: &Lab, switch: &dyn Switch) {
    switch.create();
    let stations = stations(lab, switch, &[Kind::Tap, Kind::Veth, Kind::Veth]);
    assert!(stations[0].reaches(&stations[1]));
    switch.remove("tap1");
    assert!(stations[0].is_cut_from(&stations[1]));
    assert!(stations[1].is_cut_from(&stations[0]));
    assert!(stations[1].reaches(&stations[2]));
    assert!(switch.learned().iter().all(|(_, member)| member != "tap1"), "{:?}", switch.learned());
    switch.add("tap1");
    assert!(stations[0].reaches(&stations[1]));
}

/// A frame to nobody known goes to every other port once; a frame to someone known goes there alone; none comes back.
pub fn unknown_is_flooded_and_known_is_not(lab: &Lab, switch: &dyn Switch) {
    let _ = lab;
    switch.create();
    let wires: Vec<Wire> = (0..4).map(|n| Wire::tap(switch.ns(), &format!("tap{n}"))).collect();
    (0..4).for_each(|n| switch.add(&format!("tap{n}")));
    let last = |n: u32| EtherFrame::new(BROADCAST, mac(0xff), &format!("last {n}")).bytes();
    settle(&wires.iter().collect::<Vec<_>>());

    let unknown = EtherFrame::new(mac(2), mac(1), "to nobody known").bytes();
    wires[0].send(&unknown);
    wires[0].send(&last(0));
    for wire in &wires[1..] {
        assert_eq!(wire.until(&last(0)), vec![unknown.clone()]);
    }
    let answer = EtherFrame::new(mac(1), mac(2), "to one known").bytes();
    wires[1].send(&answer);
    wires[1].send(&last(1));
    assert_eq!(wires[0].until(&last(1)), [answer]);
    assert_eq!(wires[2].until(&last(1)), Vec::<Vec<u8>>::new());
    assert_eq!(wires[3].until(&last(1)), Vec::<Vec<u8>>::new());
    let known = EtherFrame::new(mac(2), mac(1), "known by its answer").bytes();
    wires[0].send(&known);
    wires[0].send(&last(2));
    assert_eq!(wires[1].until(&last(2)), [known]);
    assert_eq!(wires[2].until(&last(2)), Vec::<Vec<u8>>::new());
    wires[3].send(&EtherFrame::new(mac(3), mac(9), "done").bytes());
    assert!(wires[1].hears(&EtherFrame::new(mac(3), mac(9), "done").bytes()));
    wires[0].drain();
}

/// What is flooded reaches each of very many members once: `taps` TAPs and `vports` virtual ports.
pub fn a_flood_reaches_everyone_once(switch: &dyn Switch, taps: u32, vports: u32) {
    switch.create();
    let taps: Vec<_> = (0..taps).map(|n| Wire::tap(switch.ns(), &format!("tap{n}"))).collect();
    (0..vports).for_each(|n| switch.vport(&format!("vport{n}")));
    let vports: Vec<_> = (0..vports).map(|n| Wire::tapping(switch.ns(), &format!("vport{n}"))).collect();
    let names = (0..taps.len()).map(|n| format!("tap{n}")).chain((0..vports.len()).map(|n| format!("vport{n}")));
    switch.add_all(&names.collect::<Vec<_>>());

    let wires: Vec<&Wire> = taps.iter().chain(&vports).collect();
    settle(&[wires[0], wires[1], wires[wires.len() - 1]]);
    wires.iter().for_each(|wire| wire.drain());
    let flood: Vec<_> = (0..8).map(|n| EtherFrame::new(BROADCAST, mac(1), &format!("flood {n}")).bytes()).collect();
    let last = EtherFrame::new(BROADCAST, mac(1), "last").bytes();
    flood.iter().chain([&last]).for_each(|frame| taps[0].send(frame));
    for (n, wire) in wires.iter().enumerate().skip(1) {
        assert_eq!(wire.until(&last), flood, "member {n}");
    }
    let from_vport = EtherFrame::new(BROADCAST, mac(2), "from a virtual port").bytes();
    vports[0].send(&from_vport);
    assert!(taps.iter().chain(&vports[1..]).all(|wire| wire.hears(&from_vport)));
    assert_eq!(vports[0].receive(Limit::after(Duration::ZERO)), None, "it came back");
}

/// Machines that tag with the same VLAN ID hear each other and none that tags otherwise; nobody filters.
pub fn tags_pass(switch: &dyn Switch) {
    switch.create();
    let machines = [(1, Tagging::Vlan(5)), (2, Tagging::Vlan(5)), (3, Tagging::Vlan(6)), (4, Tagging::None)];
    let [a, b, c, d] = machines.map(|(n, tagging)| {
        let wire = Wire::tap(switch.ns(), &format!("tap{n}"));
        switch.add(&format!("tap{n}"));
        Vm::start(wire, n, tagging)
    });
    assert!(a.reaches(b.address) && b.reaches(a.address));
    assert!(a.is_cut_from(c.address) && c.is_cut_from(a.address));
    assert!(a.is_cut_from(d.address) && d.is_cut_from(a.address));
}

/// Waits until frames from the first wire reach the others: members of a bridge just made forward a moment later.
pub fn settle(wires: &[&Wire]) {
    let probe = EtherFrame::new(BROADCAST, mac(0xfe), "is anyone there").bytes();
    for wire in &wires[1..] {
        let there = within(Duration::from_secs(3), || {
            wires[0].send(&probe);
            let limit = Limit::after(Duration::from_millis(50));
            std::iter::from_fn(|| wire.receive(limit)).any(|frame| frame == probe)
        });
        assert!(there, "nothing passes");
    }
    std::thread::sleep(Duration::from_millis(20));
    wires.iter().for_each(|wire| wire.drain());
}

fn stations(lab: &Lab, switch: &dyn Switch, kinds: &[Kind]) -> Vec<Station> {
    kinds.iter().zip(1..).map(|(&kind, n)| plug(lab, switch, kind, n)).collect()
}
