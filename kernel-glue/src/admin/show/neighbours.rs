//! Bindings of bridges, as they are reported.

use super::super::report::{NeighbourEntry, NeighbourKind, NeighbourState};
use super::super::state::BridgeState;
use alloc::vec::Vec;
use arp::{Binding, Prefix, Source};
use frame::{Instant, PortId};

/// Reports who has which address on a bridge, by VLAN and address; what is behind a port that is being removed is left
/// out.
pub fn report_bindings(name: &str, bridge: &BridgeState, bindings: &[Binding], now: Instant) -> Vec<NeighbourEntry> {
    let line = |binding: &Binding| {
        let member = match binding.port {
            PortId::HOST => None,
            port => Some(bridge.interface_of(port)?.into()),
        };
        Some(NeighbourEntry {
            interface: name.into(),
            member,
            vlan: binding.vid,
            address: Prefix::single(binding.address),
            mac: Some(binding.mac),
            kind: NeighbourKind::Binding,
            state: match binding.source {
                Source::Arp => NeighbourState::Arp,
                Source::Nd => NeighbourState::Nd,
                Source::Dhcp => NeighbourState::Dhcp,
                Source::Static => NeighbourState::Static,
            },
            age_seconds: u32::try_from(now.since(binding.updated).as_secs()).unwrap_or(u32::MAX),
        })
    };
    let mut lines: Vec<_> = bindings.iter().filter_map(line).collect();
    lines.sort_unstable_by_key(|line| (line.vlan, line.address));
    lines
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use arp::Role;
    use frame::Mac;
    use std::string::ToString;

    #[test]
    fn bindings_with_their_members() {
        let text = "[bridge.bridge0]\nmember = [{ interface = \"eth1\" }]\n";
        let state: super::super::super::State = toml::from_str(text).unwrap();
        let binding = |address: &str, vid, port, source| {
            let (address, port) = (address.parse().unwrap(), PortId::new(port).unwrap());
            let (mac, updated) = (Mac([2, 0, 0, 0, 0, 9]), Instant::from_secs(30));
            Binding { address, vid, mac, port, source, role: Role::Unknown, updated }
        };
        let bindings = [
            binding("10.0.0.2", 20, 1, Source::Dhcp),
            binding("fd00::1", 0, 0, Source::Nd),
            binding("10.0.0.2", 0, 1, Source::Arp),
            binding("10.0.0.10", 0, 1, Source::Static),
            binding("10.0.0.3", 0, 9, Source::Arp),
        ];
        let got = report_bindings("bridge0", &state.bridges["bridge0"], &bindings, Instant::from_secs(42));
        assert!(got.iter().all(|line| (line.interface.as_str(), line.age_seconds) == ("bridge0", 12)));
        let got =
            got.iter().map(|line| (line.address.to_string(), line.vlan, line.member.as_deref(), line.state.name()));
        let want = [
            ("10.0.0.2", 0, Some("eth1"), "arp"),
            ("10.0.0.10", 0, Some("eth1"), "static"),
            ("fd00::1", 0, None, "nd"),
            ("10.0.0.2", 20, Some("eth1"), "dhcp"),
        ];
        assert_eq!(
            got.collect::<Vec<_>>(),
            want.map(|(address, vlan, member, state)| (address.into(), vlan, member, state))
        );
    }
}
