//! The books of the control side: which devices there are, who may open them, who has, and how.
//!
//! One thread owns them. A call changes the books and the devices at once; what the platform has to bring about besides
//! is told by [`Devices::poll_effect`], to be drained after each call.

mod control;
mod open;
mod rules;

use crate::ioctl::{Lifetime, Offloads, Part};
use crate::{Carrier, Device, DeviceName, Handle, Header, Kind, Link, Settings};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use core::fmt;
use frame::Mac;
pub use open::{Opening, Transport};
pub use rules::{Credentials, Standing};

/// Devices and the descriptors that are open on them.
pub struct Devices<P, W> {
    devices: BTreeMap<DeviceName, Entry<P, W>>,
    handles: BTreeMap<HandleId, open::Open<P, W>>,
    effects: VecDeque<Effect>,
    next_handle: u64,
}

/// An open descriptor; no two of a [`Devices`] are ever the same.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HandleId(pub u64);

/// What an operator, or the application that made it, has set for a device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceSettings {
    /// Packets that wait for an application at most; changed, it holds for descriptors that are opened afterwards.
    pub queue_packets: usize,
    /// How many descriptors may be open at once.
    pub sharing: Sharing,
    /// The user who may open it, besides administrators.
    pub owner: u32,
    /// The group that may open it.
    pub group: u32,
    /// Who may read and write, as `chmod` counts.
    pub mode: u16,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// The hardware address of a TAP's interface.
    pub mac: Mac,
    /// What follows the Ethernet header, in bytes.
    pub mtu_bytes: u32,
    /// What decides about the carrier while no application does.
    pub carrier: Carrier,
}

impl Default for DeviceSettings {
    /// Returns what an administrator's device has: root's, exclusive, with the MTU of Ethernet.
    fn default() -> Self {
        Self {
            queue_packets: Settings::default().queue_packets,
            sharing: Sharing::Exclusive,
            owner: 0,
            group: 0,
            mode: 0o600,
            lifetime: Lifetime::Persistent,
            mac: Mac::ZERO,
            mtu_bytes: 1500,
            carrier: Carrier::FollowsOpen,
        }
    }
}

/// How many descriptors may have a device open at once.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Sharing {
    /// One.
    #[default]
    Exclusive,
    /// [`MAX_QUEUES`], among which packets are spread by flow.
    MultiQueue,
}

/// What the platform has to bring about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// The first descriptor is open: the interface comes up, unless the operator said otherwise.
    FirstOpened(DeviceName),
    /// The last descriptor is closed; a transient device is to be destroyed.
    LastClosed(DeviceName, Lifetime),
    /// The interface has a carrier, or has none.
    Carrier(DeviceName, Link),
    /// The device outlives its descriptors, or does not.
    Lifetime(DeviceName, Lifetime),
    /// A user owns the device.
    Owner(DeviceName, u32),
    /// A group may open the device.
    Group(DeviceName, u32),
    /// The interface gets another hardware address.
    Mac(DeviceName, Mac),
    /// The interface gets another MTU, in bytes.
    Mtu(DeviceName, u32),
    /// What precedes a descriptor's packets, where the platform keeps its queues.
    Header(HandleId, Header),
    /// What work a descriptor takes unfinished.
    Offload(HandleId, Offloads),
    /// How many bytes a descriptor may have under way.
    SendBuffer(HandleId, u32),
    /// Whether a descriptor takes its share of packets.
    Queue(HandleId, Part),
}

/// Why a call is refused. Each says its errno.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ControlError {
    /// No such descriptor is open (EBADF).
    NoHandle(HandleId),
    /// No such device is there. The platform may make it, and then asks again; else ENODEV.
    NoDevice(DeviceName),
    /// A device of that name is there (EEXIST).
    DeviceExists(DeviceName),
    /// The descriptor has no device (EBADFD).
    Detached,
    /// The descriptor has its device already (EEXIST).
    Attached,
    /// The device is gone (EBADFD on Linux, ENXIO elsewhere).
    Dead,
    /// Another has it open (EBUSY).
    Busy(DeviceName),
    /// The caller may not (EPERM; EACCES at open).
    NotPermitted,
    /// The argument does not fit the device (EINVAL).
    Invalid,
    /// What is asked for is not done here (EINVAL).
    Refused(&'static str),
    /// There are as many devices as may be (ENOSPC).
    TooManyDevices,
    /// There are as many descriptors as may be (ENFILE).
    TooManyHandles,
    /// The device has as many queues as may be (E2BIG).
    TooManyQueues(DeviceName),
}

impl fmt::Display for ControlError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHandle(HandleId(id)) => write!(out, "descriptor {id} is not open"),
            Self::NoDevice(name) => write!(out, "{name} does not exist"),
            Self::DeviceExists(name) => write!(out, "{name} exists"),
            Self::Detached => out.write_str("the descriptor has no device"),
            Self::Attached => out.write_str("the descriptor has a device"),
            Self::Dead => out.write_str("the device is gone"),
            Self::Busy(name) => write!(out, "{name} is open"),
            Self::NotPermitted => out.write_str("not permitted"),
            Self::Invalid => out.write_str("invalid argument"),
            Self::Refused(what) => out.write_str(what),
            Self::TooManyDevices => write!(out, "{MAX_DEVICES} devices exist"),
            Self::TooManyHandles => write!(out, "{MAX_HANDLES} descriptors are open"),
            Self::TooManyQueues(name) => write!(out, "{name} is open {MAX_QUEUES} times"),
        }
    }
}

impl core::error::Error for ControlError {}

struct Entry<P, W> {
    device: Arc<Device<P, W>>,
    settings: DeviceSettings,
    /// What the platform was last told.
    carrier: bool,
    /// Nobody has opened it since it was made.
    fresh: bool,
}

impl<P, W> Devices<P, W> {
    /// Begins with nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { devices: BTreeMap::new(), handles: BTreeMap::new(), effects: VecDeque::new(), next_handle: 0 }
    }

    /// Makes a device; its link is down until the platform says otherwise.
    ///
    /// # Errors
    /// [`ControlError::DeviceExists`], [`ControlError::TooManyDevices`], [`ControlError::Invalid`] for the MTU.
    pub fn create(&mut self, name: DeviceName, settings: DeviceSettings) -> Result<Arc<Device<P, W>>, ControlError> {
        if self.devices.contains_key(&name) {
            return Err(ControlError::DeviceExists(name));
        }
        if self.devices.len() >= MAX_DEVICES {
            return Err(ControlError::TooManyDevices);
        }
        rules::check_mtu(name.kind, settings.mtu_bytes)?;
        let device = Arc::new(Device::new(name, Settings { queue_packets: settings.queue_packets }));
        device.set_carrier(settings.carrier);
        let entry = Entry { carrier: device.carrier(), device: Arc::clone(&device), settings, fresh: true };
        self.devices.insert(name, entry);
        Ok(device)
    }

    /// Destroys a device at once. Its descriptors stay open, and fail.
    ///
    /// # Errors
    /// [`ControlError::NoDevice`].
    pub fn destroy(&mut self, name: DeviceName, wake: &mut dyn FnMut(W)) -> Result<(), ControlError> {
        let entry = self.devices.remove(&name).ok_or(ControlError::NoDevice(name))?;
        entry.device.destroy(wake);
        Ok(())
    }

    /// Returns a device.
    pub fn device(&self, name: DeviceName) -> Option<&Arc<Device<P, W>>> {
        self.devices.get(&name).map(|entry| &entry.device)
    }

    /// Returns the names of all devices, in order.
    pub fn names(&self) -> impl Iterator<Item = DeviceName> + '_ {
        self.devices.keys().copied()
    }

    /// Returns what is set for a device.
    pub fn settings(&self, name: DeviceName) -> Option<&DeviceSettings> {
        self.devices.get(&name).map(|entry| &entry.settings)
    }

    /// Replaces what is set for a device; who has it open keeps it.
    ///
    /// # Errors
    /// [`ControlError::NoDevice`], [`ControlError::Invalid`] for the MTU.
    pub fn set(&mut self, name: DeviceName, settings: DeviceSettings) -> Result<(), ControlError> {
        rules::check_mtu(name.kind, settings.mtu_bytes)?;
        let entry = self.devices.get_mut(&name).ok_or(ControlError::NoDevice(name))?;
        if entry.settings.carrier != settings.carrier {
            entry.device.set_carrier(settings.carrier);
        }
        if entry.settings.queue_packets != settings.queue_packets {
            entry.device.set_queue_packets(settings.queue_packets);
        }
        entry.settings = settings;
        self.follow_carrier(name);
        Ok(())
    }

    /// Returns the lowest free name of a kind that `taken` does not hold against.
    pub fn free_name(&self, kind: Kind, taken: impl Fn(DeviceName) -> bool) -> Option<DeviceName> {
        let free = |name: &DeviceName| !self.devices.contains_key(name) && !taken(*name);
        (0..=DeviceName::MAX_UNIT).map(|unit| DeviceName { kind, unit }).find(free)
    }

    /// Returns an open descriptor.
    pub fn handle(&self, id: HandleId) -> Option<&Arc<Handle<P, W>>> {
        self.handles.get(&id).map(|open| &open.handle)
    }

    /// Returns the descriptors that have a device open, in the order in which they were opened.
    pub fn opens(&self, name: DeviceName) -> impl Iterator<Item = (HandleId, &Arc<Handle<P, W>>)> {
        let device = self.device(name);
        let on = move |handle: &Handle<P, W>| device.zip(handle.device()).is_some_and(|(a, b)| Arc::ptr_eq(a, b));
        self.handles.iter().filter(move |(_, open)| on(&open.handle)).map(|(&id, open)| (id, &open.handle))
    }

    /// Returns the next thing that the platform has to bring about.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn entry(&mut self, name: DeviceName) -> Result<&mut Entry<P, W>, ControlError> {
        self.devices.get_mut(&name).ok_or(ControlError::NoDevice(name))
    }

    fn follow_carrier(&mut self, name: DeviceName) {
        let Some(entry) = self.devices.get_mut(&name) else { return };
        let carrier = entry.device.carrier();
        if carrier != entry.carrier {
            entry.carrier = carrier;
            self.effects.push_back(Effect::Carrier(name, if carrier { Link::Up } else { Link::Down }));
        }
    }
}

impl<P, W> Default for Devices<P, W> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P, W> fmt::Debug for Devices<P, W> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Devices").field("handles", &self.handles.len()).finish_non_exhaustive()
    }
}

/// Bounds the memory that descriptors can have allocated; a guess.
pub const MAX_DEVICES: usize = 4096;
/// As [`MAX_DEVICES`].
pub const MAX_HANDLES: usize = 16384;
/// `MAX_TAP_QUEUES` of Linux.
pub const MAX_QUEUES: usize = 256;

#[cfg(test)]
#[cfg(not(loom))]
mod tests;
