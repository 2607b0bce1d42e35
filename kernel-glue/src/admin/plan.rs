//! From one picture of the system to another: the steps between them, and how a failed step takes back the others.
//!
//! Whatever changes, a command line, a restart or an interface that came or went, becomes a difference of two
//! pictures, so there is one way to bring things about.

mod words;

use super::error::Errno;
use super::picture::{AdminStatus, Attached, Device, Interface, Picture};
use super::request::InetAddress;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use frame::{Mac, PortId};

/// A system that can be made to show a picture.
pub trait Perform {
    /// Performs a step and returns the one that takes it back, if anything changed that can be.
    ///
    /// # Errors
    /// What the system said; nothing changed.
    fn perform(&mut self, step: &Step) -> Result<Option<Step>, SystemError>;
}

/// Why a step failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SystemError {
    /// The class.
    pub errno: Errno,
    /// What the system said, and what to do about it.
    pub detail: String,
}

impl fmt::Display for SystemError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.errno, self.detail)
    }
}

impl core::error::Error for SystemError {}

/// One step. Each can be performed, and most can be taken back.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "each variant's line says what its fields are")]
pub enum Step {
    /// Takes what is attached to a port off it.
    Detach { bridge: String, port: PortId, what: Attached },
    /// Takes an address of the host off an interface of ours.
    DeleteAddress { interface: String, address: InetAddress },
    /// Makes an interface, down, with MTU 1500.
    CreateInterface { name: String, mac: Mac },
    /// Makes an interface with a node.
    CreateDevice { name: String, mac: Mac, device: Device },
    /// Sets what a device is beside its interface.
    ConfigureDevice { name: String, device: Device },
    /// Sets a MAC address.
    SetMac { interface: String, mac: Mac },
    /// Sets the MTU of an interface, ours or a member of others: payload bytes.
    SetMtu { interface: String, bytes: u32 },
    /// Notes the operator's words.
    SetDescription { interface: String, text: String },
    /// Makes the forwarding engine of a bridge.
    AddEngine { bridge: String },
    /// Attaches something to a port of a bridge.
    Attach { bridge: String, port: PortId, what: Attached },
    /// Joins the applications of a device to its interface.
    Join { device: String },
    /// The opposite.
    Part { device: String },
    /// Brings an interface up or down.
    SetAdmin { interface: String, status: AdminStatus },
    /// Gives the host an address on an interface of ours.
    AddAddress { interface: String, address: InetAddress },
    /// Removes a forwarding engine, whose ports are all detached.
    RemoveEngine { bridge: String },
    /// Removes an interface, with its node.
    DestroyInterface { name: String },
}

/// Steps in the order in which they are performed.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct Plan {
    /// Those that may fail, each of which can be taken back.
    pub attempt: Vec<Step>,
    /// Those that destroy. They come after the new state is safe on the disk.
    pub conclude: Vec<Step>,
}

/// Finds the steps from `old` to `new`.
#[inline(never)]
pub fn plan(old: &Picture, new: &Picture) -> Plan {
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
/// The failed step, the system's word, and what could not be taken back.
#[inline(never)]
pub fn attempt(system: &mut impl Perform, steps: &[Step]) -> Result<Undo, Box<Failed>> {
    let mut undo = Undo(Vec::new());
    for step in steps {
        match system.perform(step) {
            Ok(inverse) => undo.0.extend(inverse),
            Err(error) => {
                let stuck = undo.take_back(system);
                return Err(Box::new(Failed { step: step.clone(), error, stuck }));
            }
        }
    }
    Ok(undo)
}

/// A step that failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failed {
    /// The step.
    pub step: Step,
    /// The system's word.
    pub error: SystemError,
    /// Steps that would have taken back others, and failed themselves.
    pub stuck: Vec<(Step, SystemError)>,
}

/// How to take performed steps back.
#[must_use]
#[derive(Debug)]
pub struct Undo(Vec<Step>);

impl Undo {
    /// Collects the inverses of steps, in the order in which the steps were performed.
    pub fn of(inverses: Vec<Step>) -> Self {
        Self(inverses)
    }

    /// Takes the steps back, the last first. A step that cannot be taken back is passed over and returned.
    pub fn take_back(self, system: &mut impl Perform) -> Vec<(Step, SystemError)> {
        let failed = |step: Step| system.perform(&step).err().map(|error| (step, error));
        self.0.into_iter().rev().filter_map(failed).collect()
    }
}

/// Performs every step that can be performed, and takes the others out of the picture that they should have led to.
///
/// `told` hears of each: what the system said of one that it refused.
#[inline(never)]
pub fn follow(
    system: &mut impl Perform,
    old: &Picture,
    new: &mut Picture,
    told: &mut dyn FnMut(&Step, Option<SystemError>),
) {
    let steps = plan(old, new);
    for step in steps.attempt.iter().chain(&steps.conclude) {
        let refused = system.perform(step).err();
        if refused.is_some() {
            new.leave_out(step);
        }
        told(step, refused);
    }
}

#[cfg(test)]
mod tests;
