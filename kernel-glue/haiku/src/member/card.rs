//! The hold on a member's device.

use super::classify::Activity;
use super::device::Device;
use super::roll::Enrolled;
use super::{AttachError, Condition, HostMode, Member, Part, find, monitor};
use crate::bell::Bell;
use crate::kernel::log::log;
use crate::net_buffer::NetBuf;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::cell::UnsafeCell;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;
use core::time::Duration;
use frame::{DropReason, FrameBuf, Instant, Mac};
use haiku_abi::net_device_monitor;

/// A member's device, with the monitor that looks at it.
///
/// One thread has it at a time: the control side makes it, and gives it to the worker. It is let go by a thread that
/// holds no lock of the stack, for unregistering takes the list of devices, and waits for calls of the monitor; a
/// callback never lets go.
pub(crate) struct Card {
    member: Arc<Member>,
    device: Device,
    /// In a place of its own: the stack links monitors by address.
    monitor: Box<UnsafeCell<net_device_monitor>>,
    registered: bool,
    enrolled: Option<Enrolled>,
    /// What was taken from the stack the last time the device was looked at, which the stack has counted by now.
    counted: (u32, u64),
}

// SAFETY: the monitor is touched by the stack alone, under its locks; the member it points to is shared and lives as
// long as it is registered.
unsafe impl Send for Card {}

/// A device that was let go, and whose interface is given back with this.
pub(crate) struct Parting {
    _card: Card,
    /// When it is to be dropped, and not before.
    pub(crate) at: Instant,
}

/// What a look at a device has shown. The member says it as well.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Change {
    /// Nothing new.
    None,
    /// What it is able to from here on.
    To(Condition),
}

impl Card {
    /// Makes an interface a member, whose worker waits at `bell`.
    ///
    /// # Errors
    /// It cannot become one.
    #[inline(never)]
    pub(crate) fn attach(interface: &str, part: Part, bell: &Arc<Bell>) -> Result<Self, AttachError> {
        let device = find(interface)?;
        let enrolled = Enrolled::new(device.identity()).ok_or(AttachError::Taken)?;
        let member = Member::make(interface, part, bell, &device);
        let monitor = Box::new(UnsafeCell::new(monitor::monitor_of(&member)));
        let enrolled = Some(enrolled);
        let mut card = Self { member, device, monitor, registered: false, enrolled, counted: (0, 0) };
        // SAFETY: the monitor lies in a box that goes after it was unregistered, in `drop` at the latest; and so does the
        // member that it points to.
        unsafe { card.device.register(card.hook()) }.map_err(AttachError::Refused)?;
        card.registered = true;
        // What it is able to is known before the first configuration is made of it.
        card.examine();
        Ok(card)
    }

    /// Returns what everybody may look at.
    pub(crate) fn member(&self) -> &Arc<Member> {
        &self.member
    }

    /// Sends a frame that the bridge has for this port: out on the wire, to the host, or to both.
    ///
    /// # Errors
    /// Why one that was to get it did not.
    pub(crate) fn send(&self, frame: NetBuf) -> Result<(), DropReason> {
        let policy = self.member.policy.get();
        let to = frame.head().first_chunk().map_or(Mac::ZERO, |&to| Mac(to));
        match (policy.activity, policy.host) {
            (Activity::Port, HostMode::Member) if to == policy.mac => self.device.give_host(frame),
            (Activity::Port, HostMode::Member) if to.is_group() => {
                let host = frame.share().ok_or(DropReason::NoBuffer).and_then(|copy| self.device.give_host(copy));
                self.device.transmit(frame).and(host)
            }
            (Activity::Port | Activity::Idle | Activity::Mirror, HostMode::Bridge | HostMode::Member) => {
                self.device.transmit(frame)
            }
        }
    }

    /// Looks at the device.
    pub(crate) fn examine(&mut self) -> Change {
        self.excuse();
        let member = &*self.member;
        let before = member.condition();
        let after = if member.is_gone() { Condition::Gone } else { self.device.run() };
        let fell = member.take_fall() || matches!(before, Condition::Down | Condition::Gone);
        if fell && matches!(after, Condition::Running | Condition::NoCarrier) {
            self.come_up();
        }
        if after == before {
            return Change::None;
        }
        log!("{}: {before:?} -> {after:?}", member.name);
        member.mtu_bytes.store(self.device.mtu_bytes(), Ordering::Relaxed);
        member.speed.store(self.device.speed(), Ordering::Relaxed);
        member.condition.store(after as u8, Ordering::Release);
        Change::To(after)
    }

    /// A driver knows its address, and takes orders, only while it is up.
    fn come_up(&self) {
        let member = &*self.member;
        let mac = self.device.mac();
        member.policy.change(|policy| policy.mac = mac);
        if member.policy.get().activity == Activity::Mirror {
            return;
        }
        let set = self.device.set_promiscuous(true);
        member.promiscuous.store(set.is_ok(), Ordering::Relaxed);
        if let Err(status) = set {
            log!("{}: receives nothing that is for others ({:#x})", member.name, status.code());
        }
    }

    /// Corrects the stack's counts by what was taken from it before the last look: it has counted that by now.
    fn excuse(&mut self) {
        let (frames, bytes) = self.counted;
        if frames > 0 {
            self.device.count_taken(frames, bytes);
        }
        self.counted = self.member.take_taken();
    }

    /// Lets the device go: its monitor is called no more, and nothing is sent to it.
    pub(crate) fn part(mut self, now: Instant) -> Parting {
        self.let_go();
        self.enrolled = None;
        Parting { _card: self, at: now.plus(QUIET) }
    }

    fn let_go(&mut self) {
        if !core::mem::take(&mut self.registered) {
            return;
        }
        if self.member.is_promiscuous() && !self.member.is_gone() {
            // A driver that is down has forgotten it, and says so.
            let _ = self.device.set_promiscuous(false);
        }
        self.device.unregister(self.hook());
        // What was taken since the last look, and before it.
        self.excuse();
        self.excuse();
    }

    fn hook(&self) -> NonNull<net_device_monitor> {
        NonNull::from(&*self.monitor).cast()
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// How long nothing has come to a device before its interface is given back. The stack ends the queue of a device while
/// its consumer, which the last frame woke, may be about to look into it: on some kernels a panic, on others both wait
/// for ever. A guess, a thousand times what the consumer takes.
const QUIET: Duration = Duration::from_millis(20);
