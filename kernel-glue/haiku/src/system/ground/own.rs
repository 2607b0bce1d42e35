//! One of our interfaces, while it is in a picture.

use super::super::datalink::{self, Handle};
use super::super::sockaddr::Far;
use super::is_of;
use super::links::Linked;
use crate::kernel::{Status, thread};
use crate::stack::Interface;
use crate::unit::{MOST_WAITS, Unit, UnitKind, WAIT};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};
use haiku_abi::IFF_UP;
use kernel_glue::admin::{AdminStatus, Device};
use tap::Link;

pub(super) struct Own {
    pub(super) unit: Arc<Unit>,
    /// How its device was configured last, if it has one.
    pub(super) device: Option<Box<Device>>,
    /// Set for a tun.
    pub(super) link: Option<Box<Linked>>,
    /// The number by which the stack knows the interface; 0 until it was found.
    index: AtomicU32,
}

impl Own {
    pub(super) fn new(unit: Arc<Unit>) -> Self {
        Self { unit, device: None, link: None, index: AtomicU32::new(0) }
    }

    /// Finds the interface; `None` if it is just going up or down, or is gone.
    pub(super) fn handle(&self) -> Option<Handle> {
        let known = self.index.load(Ordering::Relaxed);
        let known = (known != 0).then(|| Handle::numbered(known).ok()).flatten();
        let handle = match known.filter(|handle| is_of(handle, &self.unit)) {
            Some(handle) => handle,
            None => Handle::named(self.unit.interface()).ok().filter(|handle| is_of(handle, &self.unit))?,
        };
        self.index.store(handle.index(), Ordering::Relaxed);
        Some(handle)
    }

    /// Brings the interface up or down, and returns how it was.
    ///
    /// The stack lets two bring an interface up at once. It counts them both then, and takes the device down only after as
    /// many `down`s, of which it lets none through but the first. So whoever is at it is waited for.
    pub(super) fn set_admin(&self, admin: AdminStatus) -> Result<AdminStatus, Status> {
        for _ in 0..MOST_WAITS {
            if self.unit.is_dead() || self.is_settled() {
                break;
            }
            thread::sleep(WAIT);
        }
        let set = datalink::set_admin(self.unit.interface(), admin);
        if set.is_err() && admin == AdminStatus::Up && !self.has_flag() {
            // Where it gets no reader, the stack does not say `down` to a device that it has said `up` to.
            self.unit.set_link(Link::Down);
        }
        set
    }

    /// Returns whether the stack says of the interface what its device heard last.
    fn is_settled(&self) -> bool {
        // One that is just going up or down has no flags.
        Interface::flags(self.unit.interface()).is_ok_and(|flags| is_up(flags) == self.unit.is_up())
    }

    fn has_flag(&self) -> bool {
        Interface::flags(self.unit.interface()).is_ok_and(is_up)
    }
}

const fn is_up(flags: u32) -> bool {
    flags & IFF_UP != 0
}

/// Returns whom an interface of ours reaches.
pub(super) fn far_of(unit: &Unit) -> Far {
    match unit.name().kind {
        UnitKind::Bridge | UnitKind::Tap => Far::All,
        UnitKind::Tun => Far::One,
    }
}
