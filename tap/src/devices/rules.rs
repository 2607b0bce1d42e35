//! Who may do what.

use super::{ControlError, DeviceSettings};
use crate::Kind;
use alloc::boxed::Box;
use core::ops::RangeInclusive;

/// Who asks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Credentials {
    /// The effective user ID.
    pub uid: u32,
    /// The effective group ID.
    pub gid: u32,
    /// The other groups.
    pub groups: Box<[u32]>,
    /// What the platform trusts it with.
    pub standing: Standing,
}

/// What the platform trusts a caller with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Everything, and devices that are not there yet: CAP_NET_ADMIN on Linux.
    Administrator,
    /// Devices whose owner, group and mode admit it.
    User,
}

impl Credentials {
    /// Returns an administrator of user and group 0.
    #[must_use]
    pub fn root() -> Self {
        Self { uid: 0, gid: 0, groups: Box::new([]), standing: Standing::Administrator }
    }

    /// Returns whether the caller may read and write a device.
    pub(super) fn may_open(&self, settings: &DeviceSettings) -> bool {
        // The first class that fits decides, as for files.
        let shift = if self.uid == settings.owner {
            6
        } else if self.gid == settings.group || self.groups.contains(&settings.group) {
            3
        } else {
            0
        };
        self.is_administrator() || settings.mode >> shift & READ_WRITE == READ_WRITE
    }

    /// Returns whether the caller may give a device away, or change how long it lives.
    pub(super) fn may_give(&self, settings: &DeviceSettings) -> bool {
        self.is_administrator() || self.uid == settings.owner
    }

    pub(super) fn is_administrator(&self) -> bool {
        self.standing == Standing::Administrator
    }
}

/// Checks what follows the Ethernet header, in bytes.
pub(super) fn check_mtu(kind: Kind, mtu_bytes: u32) -> Result<(), ControlError> {
    if mtu_range(kind).contains(&mtu_bytes) { Ok(()) } else { Err(ControlError::Invalid) }
}

/// From what IPv4 must be able to send (RFC 791 §3.2) to what fits Linux's TUN driver (`MAX_MTU`).
fn mtu_range(kind: Kind) -> RangeInclusive<u32> {
    match kind {
        Kind::Tap => 68..=65535 - frame::HEADER_BYTES as u32,
        Kind::Tun => 68..=65535,
    }
}

/// The bits of one class in a file's mode.
const READ_WRITE: u16 = 0o6;
