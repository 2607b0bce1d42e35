//! What the system refused: the action, the interface, the reason.

use super::InterfaceName;
use core::fmt;
use rustix::io::Errno;

/// An action on a device that the system refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{name}: {action}: {errno}")]
pub struct DeviceError {
    /// The interface.
    pub name: InterfaceName,
    /// What was tried.
    pub action: Action,
    /// What the system said.
    pub errno: Errno,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// What is asked of the system for a device.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[non_exhaustive]
        pub enum Action {
            $($(#[$doc])* $variant,)*
        }

        impl fmt::Display for Action {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(match self {
                    $(Self::$variant => $text,)*
                })
            }
        }
    };
}

actions! {
    /// Open the TUN/TAP driver.
    OpenTun = "open /dev/net/tun",
    /// Create a TAP device, or a further queue of it.
    CreateTap = "create tap",
    /// Choose the offloads of a TAP device.
    SetOffload = "set offloads",
    /// Show or take away the carrier of a TAP device.
    SetCarrier = "set carrier",
    /// Open a packet socket; takes CAP_NET_RAW.
    OpenPacket = "open packet socket",
    /// Set an option of a packet socket.
    SetOption = "set packet socket option",
    /// Make the receive ring.
    MakeRing = "make receive ring",
    /// Map the receive ring.
    MapRing = "map receive ring",
    /// Bind a packet socket to the interface.
    Bind = "bind packet socket",
    /// Enter promiscuous mode.
    Promiscuous = "enter promiscuous mode",
    /// Share the interface's frames among workers.
    Fanout = "join packet fanout",
    /// Create the descriptor that wakes a worker.
    MakeEvent = "create event descriptor",
    /// Watch the device for frames.
    Watch = "watch for frames",
}

impl Action {
    /// Returns a closure that makes an error of what the system said.
    pub(crate) fn on(self, name: InterfaceName) -> impl Fn(Errno) -> DeviceError {
        move |errno| DeviceError { name, action: self, errno }
    }
}
