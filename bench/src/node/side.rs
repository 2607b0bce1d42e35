//! Those that are compared.

use super::measure::Work;
use crate::named;

/// A device as a program holds it, or the core's queues without one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Side {
    /// The queues and wake-ups of the core, between two threads.
    Queue,
    /// A device of a kind, by a face.
    Device(Kind, Face),
}

/// What a device carries.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Kind {
    /// Ethernet frames.
    Tap,
    /// IP packets.
    Tun,
}

/// How a program comes to it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Face {
    /// The kernel's `/dev/net/tun`.
    Kernel,
    /// `/dev/net/tun` under `trestle exec`.
    Exec,
    /// The node that Trestle serves.
    Node,
}

impl Kind {
    /// Returns the name of the device that is made.
    pub(crate) const fn device(self) -> &'static str {
        match self {
            Self::Tap => "tap0",
            Self::Tun => "tun0",
        }
    }
}

impl named::Subject for Side {
    fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Device(Kind::Tap, Face::Kernel) => "tap-kernel",
            Self::Device(Kind::Tap, Face::Exec) => "tap-exec",
            Self::Device(Kind::Tap, Face::Node) => "tap-node",
            Self::Device(Kind::Tun, Face::Kernel) => "tun-kernel",
            Self::Device(Kind::Tun, Face::Exec) => "tun-exec",
            Self::Device(Kind::Tun, Face::Node) => "tun-node",
        }
    }
}

impl Side {
    /// All, in the order of a round.
    pub(crate) const ALL: [Self; 7] = [
        Self::Queue,
        Self::Device(Kind::Tap, Face::Kernel),
        Self::Device(Kind::Tap, Face::Exec),
        Self::Device(Kind::Tap, Face::Node),
        Self::Device(Kind::Tun, Face::Kernel),
        Self::Device(Kind::Tun, Face::Exec),
        Self::Device(Kind::Tun, Face::Node),
    ];

    /// Returns what it is compared with.
    pub(crate) const fn peer(self) -> Option<Self> {
        match self {
            Self::Queue => None,
            Self::Device(kind, _) => Some(Self::Device(kind, Face::Kernel)),
        }
    }

    /// Returns what it is put to; what needs quiet comes first.
    pub(crate) const fn works(self) -> &'static [Work] {
        match self {
            Self::Queue => &[Work::Offer, Work::Write],
            Self::Device(..) => &Work::OF_A_PROGRAM,
        }
    }
}
