//! Numbers of members and of the bridge itself.

use super::super::request::{StormClass, StpProtocol};
use super::super::state::{BridgeState, MemberState};
use super::{Errno, Refusal, limits, refuse};

pub(super) fn protected(member: &mut MemberState, groups: &[u8]) -> Result<(), Refusal> {
    groups.iter().try_for_each(|&group| limits::protected_group(group))?;
    member.protected = groups.into();
    member.protected.sort_unstable();
    member.protected.dedup();
    Ok(())
}

pub(super) fn member_priority(member: &mut MemberState, priority: u8) -> Result<(), Refusal> {
    limits::member_priority(priority)?;
    member.priority = priority / 16 * 16;
    Ok(())
}

pub(super) fn path_cost(member: &mut MemberState, cost: u32) -> Result<(), Refusal> {
    limits::path_cost(cost)?;
    member.path_cost = cost;
    Ok(())
}

pub(super) fn storm(member: &mut MemberState, class: StormClass, frames_per_second: Option<u32>) {
    match frames_per_second {
        Some(rate) => member.storm.insert(class, rate),
        None => member.storm.remove(&class),
    };
}

/// A restart enters every static address again, so they have to fit.
pub(super) fn max_addresses(bridge: &mut BridgeState, addresses: u32) -> Result<(), Refusal> {
    limits::max_addresses(addresses)?;
    limits::room_for_statics(bridge.statics.len(), addresses)?;
    bridge.max_addresses = addresses;
    Ok(())
}

pub(super) fn priority(bridge: &mut BridgeState, priority: u16) -> Result<(), Refusal> {
    limits::priority(priority)?;
    bridge.priority = priority / 4096 * 4096;
    Ok(())
}

/// 802.1D-2004 fixes RSTP's hello time at 2 seconds (Table 17-1); only the older protocol lets it be set.
pub(super) fn hello_time(bridge: &mut BridgeState, seconds: u8) -> Result<(), Refusal> {
    match bridge.protocol {
        StpProtocol::Rstp => {
            let detail = "proto rstp fixes the hello time at 2 seconds; choose proto stp first";
            return refuse(Errno::NotPermitted, detail.into());
        }
        StpProtocol::Stp => limits::hello_time(seconds)?,
    }
    bridge.hello_time = seconds;
    Ok(())
}

pub(super) fn forward_delay(bridge: &mut BridgeState, seconds: u8) -> Result<(), Refusal> {
    limits::forward_delay(seconds)?;
    bridge.forward_delay = seconds;
    Ok(())
}

pub(super) fn max_age(bridge: &mut BridgeState, seconds: u8) -> Result<(), Refusal> {
    limits::max_age(seconds)?;
    bridge.max_age = seconds;
    Ok(())
}

pub(super) fn hold_count(bridge: &mut BridgeState, frames: u8) -> Result<(), Refusal> {
    limits::hold_count(frames)?;
    bridge.hold_count = frames;
    Ok(())
}

pub(super) fn protocol(bridge: &mut BridgeState, protocol: StpProtocol) {
    bridge.protocol = protocol;
    bridge.hello_time = 2;
}
