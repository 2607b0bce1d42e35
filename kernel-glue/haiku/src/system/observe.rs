//! What others do to our interfaces: Haiku's own `ifconfig` makes them, brings them up and gives them addresses as it does
//! with any interface, and programs set up the devices that they have open. The state takes that over, so that no change
//! undoes it.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::IpAddr;
use frame::Mac;
use kernel_glue::admin::{
    AdminStatus, BridgeState, Device, InetAddress, Interface, InterfaceKind, Picture, Role, State, TapState,
};
use tap::DeviceSettings;

/// One of our interfaces as the system has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Seen {
    pub(super) admin: AdminStatus,
    pub(super) mtu_bytes: u32,
    pub(super) mac: Mac,
    pub(super) inet: Vec<InetAddress>,
    /// What is set for its device, if it has one.
    pub(super) settings: Option<DeviceSettings>,
}

/// Enters an interface that the state does not know, as it is; `mac` is the address that it has by itself.
///
/// That one is down says nothing: it comes up when a program opens it.
pub(super) fn adopt(state: &mut State, name: &str, kind: InterfaceKind, mac: Mac, seen: &Seen) {
    match kind {
        InterfaceKind::Bridge => drop(state.bridges.insert(name.to_string(), Box::new(BridgeState::default()))),
        InterfaceKind::Tap => drop(state.taps.insert(name.to_string(), TapState::default())),
        InterfaceKind::Tun => drop(state.tuns.insert(name.to_string(), TapState::default())),
        // Haiku gives no interface to a container or namespace, so there are none.
        InterfaceKind::Vport => return,
    }
    if seen.admin == AdminStatus::Up {
        set_up(state, name, seen.admin);
    }
    if state.mtu_bytes(name) != Some(seen.mtu_bytes) {
        set_mtu(state, name, seen.mtu_bytes);
    }
    if seen.mac != mac {
        set_ether(state, name, seen.mac);
    }
    let by_itself = |one: &&InetAddress| !is_link_local(one);
    set_inet(state, name, seen.inet.iter().filter(by_itself).copied().collect());
    if let Some(settings) = &seen.settings {
        set_device(state, name, settings);
    }
}

/// Takes over what is different from the picture, and returns whether anything is.
pub(super) fn observe(state: &mut State, picture: &mut Picture, name: &str, seen: &Seen) -> Changed {
    let Some(shown) = picture.interfaces.get_mut(name) else { return Changed::No };
    let mut changed = Changed::No;
    if shown.admin != seen.admin {
        shown.admin = seen.admin;
        set_up(state, name, seen.admin);
        changed = Changed::Yes;
    }
    if shown.mtu_bytes != seen.mtu_bytes {
        shown.mtu_bytes = seen.mtu_bytes;
        set_mtu(state, name, seen.mtu_bytes);
        changed = Changed::Yes;
    }
    if shown.mac != seen.mac {
        shown.mac = seen.mac;
        set_ether(state, name, seen.mac);
        changed = Changed::Yes;
    }
    let inet = said(shown, &seen.inet);
    let mut addresses = BTreeSet::new();
    // Entered one by one: to sort all first takes a stack that the kernel has not.
    for &one in &inet {
        addresses.insert(one);
    }
    if shown.addresses != addresses {
        shown.addresses = addresses;
        set_inet(state, name, inet);
        changed = Changed::Yes;
    }
    if let (Some(device), Some(settings)) = (picture.devices.get_mut(name), &seen.settings)
        && let now = as_device(device, settings)
        && *device != now
    {
        *device = now;
        set_device(state, name, settings);
        changed = Changed::Yes;
    }
    changed
}

/// Whether something is different from what it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Changed {
    Yes,
    No,
}

/// Returns the addresses that somebody said: an interface has some link-local address by itself.
fn said(shown: &Interface, inet: &[InetAddress]) -> Vec<InetAddress> {
    let told = |one: &InetAddress| shown.addresses.iter().any(|there| there.address == one.address);
    inet.iter().filter(|one| !is_link_local(one) || told(one)).copied().collect()
}

fn is_link_local(one: &InetAddress) -> bool {
    matches!(one.address, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

fn set_up(state: &mut State, name: &str, admin: AdminStatus) {
    let up = admin == AdminStatus::Up;
    if let Some(bridge) = state.bridges.get_mut(name) {
        bridge.up = up;
    }
    if let Some(device) = device(state, name) {
        device.up = Some(up);
    }
}

/// A tap that is a member has its bridge's MTU, and gets it back.
fn set_mtu(state: &mut State, name: &str, bytes: u32) {
    let is_member = state.taps.contains_key(name) && matches!(state.bridge_of(name), Some((_, Role::Member)));
    if let Some(bridge) = state.bridges.get_mut(name) {
        bridge.mtu_bytes = Some(bytes);
    }
    if let Some(device) = device(state, name).filter(|_| !is_member) {
        device.mtu_bytes = bytes;
    }
}

fn set_ether(state: &mut State, name: &str, mac: Mac) {
    if let Some(bridge) = state.bridges.get_mut(name) {
        bridge.ether = Some(mac);
    }
    if let Some(device) = device(state, name) {
        device.ether = Some(mac);
    }
}

fn set_inet(state: &mut State, name: &str, inet: Vec<InetAddress>) {
    if let Some(bridge) = state.bridges.get_mut(name) {
        bridge.inet = inet;
        return;
    }
    if let Some(device) = device(state, name) {
        device.inet = inet;
    }
}

fn set_device(state: &mut State, name: &str, settings: &DeviceSettings) {
    if let Some(device) = device(state, name) {
        device.follow(settings);
    }
}

/// Returns what a picture says of a device that has these settings.
fn as_device(shown: &Device, settings: &DeviceSettings) -> Device {
    let mut state = TapState::default();
    state.follow(settings);
    Device::of(shown.kind, &state, shown.link.clone())
}

fn device<'a>(state: &'a mut State, name: &str) -> Option<&'a mut TapState> {
    let State { taps, tuns, .. } = state;
    taps.get_mut(name).or_else(|| tuns.get_mut(name))
}

#[cfg(test)]
mod tests;
