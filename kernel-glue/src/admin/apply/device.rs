//! Verbs that only a tap or tun has.

use super::super::state::TapState;
use super::{Draft, Errno, Refusal, format, limits, refuse};

impl Draft<'_> {
    pub(super) fn set_owner(&mut self, uid: u32) -> Result<(), Refusal> {
        let device = self.device()?;
        limits::account(uid)?;
        device.owner = uid;
        Ok(())
    }

    /// In FreeBSD, `group` puts an interface into a group of interfaces.
    pub(super) fn set_group(&mut self, gid: Option<u32>) -> Result<(), Refusal> {
        let platform = self.platform();
        let name = &self.name;
        let Some(device) = self.state.device_mut(name) else {
            let detail =
                format!("{name} has no node, and is in the interface group of its kind; only a tap or tun has a group");
            return refuse(Errno::Invalid, detail);
        };
        gid.map_or(Ok(()), |gid| limits::group(gid, platform))?;
        device.group = gid;
        Ok(())
    }

    pub(super) fn set_mode(&mut self, mode: u16) -> Result<(), Refusal> {
        let device = self.device()?;
        limits::node_mode(mode)?;
        device.mode = mode;
        Ok(())
    }

    pub(super) fn set_queue(&mut self, packets: u16) -> Result<(), Refusal> {
        let device = self.device()?;
        limits::queue(packets)?;
        device.queue_packets = packets;
        Ok(())
    }

    /// Returns the tap or tun that the change is about.
    pub(super) fn device(&mut self) -> Result<&mut TapState, Refusal> {
        let name = &self.name;
        let none = || Refusal {
            errno: Errno::Invalid,
            detail: format!("{name} has no node for applications; only a tap or tun has: ifconfig tap create"),
        };
        self.state.device_mut(name).ok_or_else(none)
    }
}
