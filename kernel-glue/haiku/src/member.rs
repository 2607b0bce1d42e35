//! An Ethernet interface of another driver as a port of a bridge.
//!
//! A [`Card`] is the hold on the device, and is the worker's from when the port is made to when it is let go. A
//! [`Member`] is what everybody may look at: the device's monitor, the control side.

mod card;
mod classify;
mod device;
mod monitor;
mod packet;
mod recent;
mod roll;

pub(crate) use card::{Card, Change, Parting};

use crate::bell::Bell;
use crate::inlet::Inlet;
use crate::kernel::Status;
use crate::modules;
use crate::net_buffer::NetBuf;
use crate::ring::Ring;
use crate::stack::{Interface, InterfaceName};
use alloc::string::String;
use alloc::sync::Arc;
use classify::{Activity, Policy, Published};
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use device::{Device, Kind};
use frame::{Frame, Mac};
use recent::Recent;

/// A member, as far as everybody may look at it.
pub(crate) struct Member {
    name: String,
    policy: Published,
    /// Frames that the monitor took or shared.
    inlet: Inlet<NetBuf>,
    /// Headers of frames that the host has, whose sources the bridge is to know.
    overheard: Ring<Frame>,
    recent: Recent,
    /// Frames that were taken away from the stack, and their bytes, since the stack's counts were corrected.
    taken_frames: AtomicU32,
    taken_bytes: AtomicU64,
    /// The device is to be looked at.
    nudged: AtomicBool,
    /// The device went down, whatever it is since.
    fell: AtomicBool,
    /// The device is being removed.
    gone: AtomicBool,
    condition: AtomicU8,
    promiscuous: AtomicBool,
    mtu_bytes: AtomicU32,
    speed: AtomicU64,
}

/// Whose the host's addresses are, on an interface that is a member.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum HostMode {
    /// The bridge's interface has them: nothing that the member receives reaches the host by the member.
    Bridge,
    /// The member keeps them (`hostaddr`): what it receives for the host, for a group or for all reaches the host by
    /// it, and what the bridge has for the member's own address is given to the host.
    Member,
}

/// What a member is able to at present.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Condition {
    /// Up, and its link has a carrier.
    Running = 0,
    /// Up, without a carrier.
    NoCarrier = 1,
    /// Down; or the stack has removed the interface, while the device is there.
    Down = 2,
    /// The device was removed, and is let go. The port is to be detached; when the device is back, it may be attached.
    Gone = 3,
}

/// How a member takes part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    /// A port.
    Port(HostMode),
    /// A span port: it only sends.
    Mirror,
}

/// Why an interface does not become a port.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum AttachError {
    /// There is no interface of that name, or it is being removed.
    NoInterface,
    /// It is no Ethernet.
    NotEthernet,
    /// It is wireless: a station there carries frames of its own address alone.
    Wireless,
    /// It is one of ours, which is no member of this kind.
    Own,
    /// Another bridge has it.
    Taken,
    /// The port's number is in use.
    PortInUse,
    /// The kernel refused something.
    Refused(Status),
}

/// Finds a device that can be a member's.
fn find(interface: &str) -> Result<Device, AttachError> {
    let name = InterfaceName::new(interface).ok_or(AttachError::NoInterface)?;
    let found = Interface::find(&name).map_err(|_| AttachError::NoInterface)?;
    let device = Device::new(found).ok_or(AttachError::NotEthernet)?;
    if device.module_name() == modules::NAME {
        return Err(AttachError::Own);
    }
    match device.kind() {
        Kind::Ethernet => Ok(device),
        Kind::Wireless => Err(AttachError::Wireless),
        Kind::Other => Err(AttachError::NotEthernet),
    }
}

impl Member {
    #[inline(never)]
    fn make(name: &str, part: Part, bell: &Arc<Bell>, device: &Device) -> Arc<Self> {
        let (activity, host) = match part {
            // Until a configuration says so, nothing passes.
            Part::Port(host) => (Activity::Idle, host),
            Part::Mirror => (Activity::Mirror, HostMode::Bridge),
        };
        Arc::new(Self {
            name: name.into(),
            policy: Published::new(Policy { activity, host, mac: device.mac() }),
            inlet: Inlet::new(bell),
            overheard: Ring::new(OVERHEARD),
            recent: Recent::new(),
            taken_frames: AtomicU32::new(0),
            taken_bytes: AtomicU64::new(0),
            nudged: AtomicBool::new(false),
            fell: AtomicBool::new(false),
            gone: AtomicBool::new(false),
            condition: AtomicU8::new(Condition::Down as u8),
            promiscuous: AtomicBool::new(false),
            mtu_bytes: AtomicU32::new(device.mtu_bytes()),
            speed: AtomicU64::new(device.speed()),
        })
    }

    /// Returns what it is able to at present.
    pub(crate) fn condition(&self) -> Condition {
        match self.condition.load(Ordering::Acquire) {
            0 => Condition::Running,
            1 => Condition::NoCarrier,
            2 => Condition::Down,
            _ => Condition::Gone,
        }
    }

    /// Returns the hardware address.
    pub(crate) fn mac(&self) -> Mac {
        self.policy.get().mac
    }

    /// Returns what may follow the Ethernet header, in bytes.
    pub(crate) fn mtu_bytes(&self) -> u32 {
        self.mtu_bytes.load(Ordering::Relaxed)
    }

    /// Returns the link's speed in bits a second.
    pub(crate) fn speed(&self) -> u64 {
        self.speed.load(Ordering::Relaxed)
    }

    /// Returns whether its driver receives what is for others; some cannot, and then only the host is on the bridge.
    pub(crate) fn is_promiscuous(&self) -> bool {
        self.promiscuous.load(Ordering::Relaxed)
    }

    /// Follows the configuration: whether frames pass the port.
    pub(crate) fn set_active(&self, active: bool) {
        self.policy.change(|policy| match policy.activity {
            Activity::Mirror => {}
            Activity::Idle | Activity::Port => {
                policy.activity = if active { Activity::Port } else { Activity::Idle };
            }
        });
    }

    /// Returns what it has received for the bridge.
    pub(crate) fn inlet(&self) -> &Inlet<NetBuf> {
        &self.inlet
    }

    /// Returns whether it has received anything for the bridge.
    pub(crate) fn has_frames(&self) -> bool {
        !self.inlet.is_empty() || !self.overheard.is_empty()
    }

    /// Takes the header of a frame that only the host has.
    pub(crate) fn take_overheard(&self) -> Option<Frame> {
        self.overheard.pop()
    }

    /// Learns that a station is not on the wire, but elsewhere.
    pub(crate) fn forget(&self, station: Mac) {
        self.recent.forget(station);
    }

    /// Returns whether the device is to be looked at, and forgets it.
    pub(crate) fn take_nudge(&self) -> bool {
        self.nudged.load(Ordering::Relaxed) && self.nudged.swap(false, Ordering::AcqRel)
    }

    fn overheard(&self, frame: Frame) {
        // Where there is no room it is heard again.
        if self.overheard.push(frame).is_ok() {
            self.inlet.ring();
        }
    }

    fn count_taken(&self, bytes: usize) {
        self.taken_frames.fetch_add(1, Ordering::Relaxed);
        self.taken_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn take_taken(&self) -> (u32, u64) {
        (self.taken_frames.swap(0, Ordering::Relaxed), self.taken_bytes.swap(0, Ordering::Relaxed))
    }

    fn nudge(&self) {
        self.nudged.store(true, Ordering::Release);
        self.inlet.ring();
    }

    /// Says that the device went down.
    fn fall(&self) {
        self.fell.store(true, Ordering::Release);
        self.nudge();
    }

    fn take_fall(&self) -> bool {
        self.fell.swap(false, Ordering::AcqRel)
    }

    /// Says that the device is being removed.
    fn be_gone(&self) {
        self.gone.store(true, Ordering::Release);
        self.nudge();
    }

    fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }
}

/// Stations that speak with the host and were not heard a moment ago, between two turns of the port; a guess.
const OVERHEARD: usize = 64;
