//! What the data plane refuses.

use super::BridgeId;
use crate::linux::caps::PrivilegeError;
use crate::linux::error::DeviceError;
use frame::PortId;
use rustix::io::Errno;

/// Why the data plane does not do what it was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaneError {
    /// A worker cannot be started.
    #[error("start worker: {0}")]
    Start(Errno),
    /// The priority is not allowed.
    #[error("set nice {nice}: {errno}")]
    Nice {
        /// The nice value.
        nice: i8,
        /// What the system said.
        errno: Errno,
    },
    /// The worker cannot give up its privileges.
    #[error(transparent)]
    Privileges(#[from] PrivilegeError),
    /// A bridge cannot be served.
    #[error("serve bridge {}: {errno}", .bridge.0)]
    Bridge {
        /// The bridge.
        bridge: BridgeId,
        /// What the system said.
        errno: Errno,
    },
    /// A port cannot be served.
    #[error("serve port {port} of bridge {}: {errno}", .bridge.0)]
    Port {
        /// The bridge.
        bridge: BridgeId,
        /// The port.
        port: PortId,
        /// What the system said.
        errno: Errno,
    },
    /// A device refuses.
    #[error(transparent)]
    Device(#[from] DeviceError),
}
