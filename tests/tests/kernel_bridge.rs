//! The scenarios on the Linux kernel's bridge: shows that a failure elsewhere is not theirs.

use tests::{KernelBridge, Kind, Lab, Offloads, scenario};

#[test]
fn everyone_reaches_everyone() {
    let Some(lab) = Lab::open("everyone_reaches_everyone") else { return };
    let kinds = [Kind::Veth, Kind::Vport, Kind::Tap, Kind::Host];
    scenario::everyone_reaches_everyone(&lab, &KernelBridge::new(lab.ns("switch")), &kinds);
}

#[test]
fn streams_arrive_intact() {
    let Some(lab) = Lab::open("streams_arrive_intact") else { return };
    let machines = [[Kind::Veth, Kind::Tap], [Kind::Host, Kind::TapWithOffloads]];
    for kinds in [[Kind::Veth, Kind::Vport], [Kind::Vport, Kind::Host]].into_iter().chain(machines) {
        for offloads in [Offloads::On, Offloads::Off] {
            let switch = KernelBridge::new(lab.ns("switch"));
            scenario::streams_arrive_intact(&lab, &switch, kinds, offloads, 32);
        }
    }
}

#[test]
fn a_removed_member_is_cut_off() {
    let Some(lab) = Lab::open("a_removed_member_is_cut_off") else { return };
    scenario::a_removed_member_is_cut_off(&lab, &KernelBridge::new(lab.ns("switch")));
}

#[test]
fn unknown_is_flooded_and_known_is_not() {
    let Some(lab) = Lab::open("unknown_is_flooded_and_known_is_not") else { return };
    scenario::unknown_is_flooded_and_known_is_not(&lab, &KernelBridge::new(lab.ns("switch")));
}

#[test]
fn a_flood_reaches_everyone_once() {
    let Some(lab) = Lab::open("a_flood_reaches_everyone_once") else { return };
    scenario::a_flood_reaches_everyone_once(&KernelBridge::new(lab.ns("switch")), 40, 10);
}

#[test]
fn tags_pass() {
    let Some(lab) = Lab::open("tags_pass") else { return };
    scenario::tags_pass(&KernelBridge::new(lab.ns("switch")));
}
