//! Interfaces go up and down.

use super::Interface;
use crate::stack::devices::Device;
use haiku_abi::*;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Interface {
    /// Brings the device up, then each way to the link, then sets the routes that addresses have by themselves.
    pub(super) fn set_up(self: &Arc<Self>) -> Result<(), status_t> {
        self.device.up()?;
        self.set_busy();
        let links = self.links();
        for (at, link) in links.iter().enumerate() {
            if let Err(failed) = link.up(self) {
                links.iter().take(at).for_each(|link| link.down(self));
                Device::down(&self.device);
                self.busy.store(false, Ordering::Release);
                return Err(failed);
            }
        }
        for address in self.addresses() {
            address.add_default_routes(SIOCSIFADDR);
        }
        self.flags.fetch_or(IFF_UP, Ordering::AcqRel);
        self.busy.store(false, Ordering::Release);
        Ok(())
    }

    /// Takes each way to the link down; the device goes with the first. Does nothing while somebody else is at it.
    pub(super) fn set_down(self: &Arc<Self>) {
        if !self.is_up() {
            return;
        }
        if !self.set_busy_unless_busy() {
            return;
        }
        for link in self.links() {
            link.down(self);
        }
        self.flags.fetch_and(!IFF_UP, Ordering::AcqRel);
        self.busy.store(false, Ordering::Release);
    }

    /// One way to the link is down: the interface's routes go, and the device once no interface needs it.
    pub(crate) fn link_down(&self) {
        let Some(last) = self.device.release_up() else { return };
        for address in self.addresses() {
            address.domain().forget_interface(self);
        }
        if last {
            self.device.down();
        }
    }

    fn set_busy(&self) {
        super::list::locked(|| self.busy.store(true, Ordering::Release));
    }

    fn set_busy_unless_busy(&self) -> bool {
        super::list::locked(|| !self.busy.swap(true, Ordering::AcqRel))
    }
}
