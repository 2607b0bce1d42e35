//! From one picture of the system to another: the steps between them, and how a failed step takes back the others.
//!
//! Whatever changes, a command line, a restart or an interface that came or went, becomes a difference of two
//! pictures, so there is one way to bring things about.

use super::picture::{AdminStatus, Attached, Device, Interface, Picture};
use super::system::{System, SystemError};
use frame::{Mac, PortId};
use kernel_glue::admin::InetAddress;
use std::collections::BTreeSet;

/// One step. Each can be performed, and most can be taken back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    Detach {
        bridge: String,
        port: PortId,
        what: Attached,
    },
    DeleteAddress {
        interface: String,
        address: InetAddress,
    },
    CreateInterface {
        name: String,
        mac: Mac,
    },
    CreateDevice {
        name: String,
        mac: Mac,
        device: Device,
    },
    ConfigureDevice {
        name: String,
        device: Device,
    },
    SetMac {
        interface: String,
        mac: Mac,
    },
    SetMtu {
        interface: String,
        bytes: u32,
    },
    SetDescription {
        interface: String,
        text: String,
    },
    AddEngine {
        bridge: String,
    },
    Attach {
        bridge: String,
        port: PortId,
        what: Attached,
    },
    /// Joins the applications of a device to its interface.
    Join {
        device: String,
    },
    /// The opposite.
    Part {
        device: String,
    },
    SetAdmin {
        interface: String,
        status: AdminStatus,
    },
    AddAddress {
        interface: String,
        address: InetAddress,
    },
    RemoveEngine {
        bridge: String,
    },
    DestroyInterface {
        name: String,
    },
}

/// Steps in the order in which they are performed.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Plan {
    /// Those that may fail, each of which can be taken back.
    pub(crate) attempt: Vec<Step>,
    /// Those that destroy. They come after the new state is safe on the disk.
    pub(crate) conclude: Vec<Step>,
}

/// Finds the steps from `old` to `new`.
pub(crate) fn plan(old: &Picture, new: &Picture) -> Plan {
    let mut steps = Plan::default();
    let attempt = &mut steps.attempt;
    for ((bridge, port), what) in &old.ports {
        let key = (bridge.clone(), *port);
        if new.ports.get(&key) != Some(what) {
            attempt.push(Step::Detach { bridge: bridge.clone(), port: *port, what: what.clone() });
        }
    }
    for device in old.wires.difference(&new.wires) {
        attempt.push(Step::Part { device: device.clone() });
    }
    for (name, now) in &new.interfaces {
        match old.interfaces.get(name) {
            Some(was) => change(attempt, name, was, now),
            None => create(attempt, name, now, new.devices.get(name)),
        }
    }
    for (name, device) in &new.devices {
        if old.devices.get(name).is_some_and(|was| was != device) {
            attempt.push(Step::ConfigureDevice { name: name.clone(), device: device.clone() });
        }
    }
    borrow(attempt, old, new);
    for bridge in new.bridges.difference(&old.bridges) {
        attempt.push(Step::AddEngine { bridge: bridge.clone() });
    }
    for ((bridge, port), what) in &new.ports {
        let key = (bridge.clone(), *port);
        if old.ports.get(&key) != Some(what) {
            attempt.push(Step::Attach { bridge: bridge.clone(), port: *port, what: what.clone() });
        }
    }
    for device in new.wires.difference(&old.wires) {
        attempt.push(Step::Join { device: device.clone() });
    }
    for (name, now) in &new.interfaces {
        let was = old.interfaces.get(name);
        bring_up(attempt, name, was, now);
    }
    for bridge in old.bridges.difference(&new.bridges) {
        steps.conclude.push(Step::RemoveEngine { bridge: bridge.clone() });
    }
    for name in old.interfaces.keys().filter(|&name| !new.interfaces.contains_key(name)) {
        steps.conclude.push(Step::DestroyInterface { name: name.clone() });
    }
    steps
}

/// Gives members of others the bridge's MTU, and those that leave the one they had.
fn borrow(steps: &mut Vec<Step>, old: &Picture, new: &Picture) {
    for (interface, mtu) in &old.borrowed {
        if !new.borrowed.contains_key(interface) && mtu.before != mtu.member {
            steps.push(Step::SetMtu { interface: interface.clone(), bytes: mtu.before });
        }
    }
    for (interface, mtu) in &new.borrowed {
        let present = old.borrowed.get(interface).map_or(mtu.before, |old| old.member);
        if present != mtu.member {
            steps.push(Step::SetMtu { interface: interface.clone(), bytes: mtu.member });
        }
    }
}

fn create(steps: &mut Vec<Step>, name: &str, now: &Interface, device: Option<&Device>) {
    let interface = || name.to_owned();
    steps.push(match device {
        Some(device) => Step::CreateDevice { name: interface(), mac: now.mac, device: device.clone() },
        None => Step::CreateInterface { name: interface(), mac: now.mac },
    });
    steps.push(Step::SetMtu { interface: interface(), bytes: now.mtu_bytes });
    if !now.description.is_empty() {
        steps.push(Step::SetDescription { interface: interface(), text: now.description.clone() });
    }
}

fn change(steps: &mut Vec<Step>, name: &str, was: &Interface, now: &Interface) {
    let interface = || name.to_owned();
    for &address in was.addresses.difference(&now.addresses) {
        steps.push(Step::DeleteAddress { interface: interface(), address });
    }
    if was.mac != now.mac {
        steps.push(Step::SetMac { interface: interface(), mac: now.mac });
    }
    if was.mtu_bytes != now.mtu_bytes {
        steps.push(Step::SetMtu { interface: interface(), bytes: now.mtu_bytes });
    }
    if was.description != now.description {
        steps.push(Step::SetDescription { interface: interface(), text: now.description.clone() });
    }
}

/// Last, since the system may speak from an interface as soon as it is up.
fn bring_up(steps: &mut Vec<Step>, name: &str, was: Option<&Interface>, now: &Interface) {
    let interface = || name.to_owned();
    if was.map_or(AdminStatus::Down, |was| was.admin) != now.admin {
        steps.push(Step::SetAdmin { interface: interface(), status: now.admin });
    }
    let none = BTreeSet::new();
    for &address in now.addresses.difference(was.map_or(&none, |was| &was.addresses)) {
        steps.push(Step::AddAddress { interface: interface(), address });
    }
}

/// Performs steps in order. When one fails, those before it are taken back, the last first.
///
/// # Errors
/// The failed step and the system's word.
pub(crate) fn attempt(system: &mut impl System, steps: &[Step]) -> Result<Undo, (Step, SystemError)> {
    let mut undo = Undo(Vec::new());
    for step in steps {
        match system.perform(step) {
            Ok(inverse) => undo.0.extend(inverse),
            Err(error) => {
                undo.take_back(system);
                return Err((step.clone(), error));
            }
        }
    }
    Ok(undo)
}

/// How to take performed steps back.
#[must_use]
#[derive(Debug)]
pub(crate) struct Undo(Vec<Step>);

impl Undo {
    /// Collects the inverses of steps, in the order in which the steps were performed.
    pub(crate) fn of(inverses: Vec<Step>) -> Self {
        Self(inverses)
    }

    /// Takes the steps back, the last first. A step that cannot be taken back is logged and passed over.
    pub(crate) fn take_back(self, system: &mut impl System) {
        for step in self.0.into_iter().rev() {
            if let Err(error) = system.perform(&step) {
                tracing::error!("taking back: {step:?}: {error}");
            }
        }
    }
}

#[cfg(test)]
mod tests;
