//! What a tunnel over our device must reach, beside the same program on the kernel's TUN.

use super::measure::Measure;
use super::side::{Program, Side, Way};
use crate::{Bound, Target};

pub(super) const TARGETS: [Target<Measure, Side>; 12] = [
    Target::new(OPENVPN_EXEC, Measure::Out, Bound::TimesPeer(0.85, OPENVPN_EXEC.peer())),
    Target::new(OPENVPN_EXEC, Measure::In, Bound::TimesPeer(0.85, OPENVPN_EXEC.peer())),
    Target::new(OPENVPN_EXEC, Measure::Ping, later(OPENVPN_EXEC)),
    Target::new(OPENVPN_PLUG, Measure::Out, Bound::TimesPeer(0.85, OPENVPN_PLUG.peer())),
    Target::new(OPENVPN_PLUG, Measure::In, Bound::TimesPeer(0.85, OPENVPN_PLUG.peer())),
    Target::new(OPENVPN_PLUG, Measure::Ping, later(OPENVPN_PLUG)),
    Target::new(WIREGUARD_GO, Measure::Out, Bound::TimesPeer(1.0, WIREGUARD_GO.peer())),
    Target::new(WIREGUARD_GO, Measure::In, Bound::TimesPeer(1.0, WIREGUARD_GO.peer())),
    Target::new(WIREGUARD_GO, Measure::Ping, later(WIREGUARD_GO)),
    Target::new(BORINGTUN, Measure::Out, Bound::TimesPeer(1.0, BORINGTUN.peer())),
    Target::new(BORINGTUN, Measure::In, Bound::TimesPeer(1.0, BORINGTUN.peer())),
    Target::new(BORINGTUN, Measure::Ping, later(BORINGTUN)),
];

/// Returns how much later a round trip may end: 200 µs.
const fn later(side: Side) -> Bound<Side> {
    Bound::AbovePeer(200.0, side.peer())
}

const OPENVPN_EXEC: Side = Side::new(Program::OpenVpn, Way::Exec);
const OPENVPN_PLUG: Side = Side::new(Program::OpenVpn, Way::Plug);
const WIREGUARD_GO: Side = Side::new(Program::WireguardGo, Way::Exec);
const BORINGTUN: Side = Side::new(Program::Boringtun, Way::Exec);
