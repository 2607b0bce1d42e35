//! What a bridge's state means to the forwarding engine.

use super::request::StormClass;
use super::state::{BridgeState, MemberState};
use bridge::{Config, PortConfig, PortFlags, Rate, Storm};
use core::time::Duration;
use frame::{Mac, PortId};

/// Whether a port's interface is there and has its link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PortRun {
    /// Frames can pass.
    Running,
    /// They can not.
    Stopped,
}

/// Returns the engine's configuration of one bridge. Nothing passes a bridge that is down, its host port included.
pub fn engine_config(bridge: &BridgeState, own_mac: Mac, run_of: &dyn Fn(PortId) -> PortRun) -> Config {
    let up = |port| match (bridge.up, run_of(port)) {
        (true, PortRun::Running) => PortFlags::UP,
        (false, _) | (_, PortRun::Stopped) => PortFlags::empty(),
    };
    let host = (PortId::HOST, host_config(bridge));
    let members = bridge.members.iter().map(|member| (member.port, member_config(member, up(member.port))));
    let span = |port| PortConfig { flags: PortFlags::SPAN | up(port), ..PortConfig::default() };
    let spans = bridge.spans.iter().map(|one| (one.port, span(one.port)));
    Config {
        own_mac,
        ageing: Some(Duration::from_secs(bridge.timeout.into())).filter(|ageing| !ageing.is_zero()),
        max_addresses: bridge.max_addresses,
        mtu_bytes: bridge.mtu_bytes(),
        vlan_filter: bridge.vlan_filter,
        ports: core::iter::once(host).chain(members).chain(spans).collect(),
    }
}

/// The host learns, so that stations behind it, on a macvlan of the bridge for one, can be answered: unknown unicast is
/// not flooded to the host.
fn host_config(bridge: &BridgeState) -> PortConfig {
    let up = if bridge.up { PortFlags::UP } else { PortFlags::empty() };
    PortConfig { flags: PortFlags::LEARN | up, pvid: bridge.host_untagged, ..PortConfig::default() }
}

fn member_config(member: &MemberState, up: PortFlags) -> PortConfig {
    let set = [
        (member.learn, PortFlags::LEARN),
        (member.discover, PortFlags::DISCOVER),
        (member.sticky, PortFlags::STICKY),
        (member.private, PortFlags::PRIVATE),
        (member.locked, PortFlags::LOCKED),
        (member.qinq, PortFlags::QINQ),
    ];
    let rate = |class| member.storm.get(&class).map(|&frames_per_second| Rate { frames_per_second });
    PortConfig {
        flags: set.into_iter().filter(|&(on, _)| on).fold(up, |flags, (_, flag)| flags | flag),
        pvid: member.untagged,
        tagged: member.tagged.clone(),
        tpid: member.vlan_protocol,
        protected: member.protected.iter().fold(0, |bits, &group| bits | 1_u32.checked_shl(group.into()).unwrap_or(0)),
        max_addresses: member.max_addresses,
        storm: Storm {
            broadcast: rate(StormClass::Broadcast),
            multicast: rate(StormClass::Multicast),
            unknown: rate(StormClass::Unknown),
        },
        suppress: member.suppress.clone(),
    }
}

#[cfg(test)]
mod tests;
