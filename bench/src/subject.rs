//! The bridges that are compared.

use crate::Fault;
use crate::bed::Bed;
use crate::named;
use crate::peer::open_vswitch::Segmentation;
use crate::peer::trestle::{Ports, Priority};
use crate::peer::{kernel_bridge, open_vswitch, tap_loop, trestle};

/// A bridge in one configuration.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Subject {
    /// The bridge of the Linux kernel between two veth pairs, offloads as the kernel sets them.
    KernelBridge,
    /// Open vSwitch in user space over packet sockets on veth, with segmentation offload.
    OpenVswitchTso,
    /// Open vSwitch in user space over packet sockets on veth, as it comes: the hosts' offloads must be off.
    OpenVswitch,
    /// Two threads that copy between two TAPs with read and write: no table, no header, a wire.
    TapLoop,
    /// Trestle between two of its virtual ports.
    TrestleVport,
    /// The same at the highest scheduling priority.
    TrestleVportPriority,
    /// Trestle over packet sockets on veth.
    TrestleNetdev,
    /// The same at the highest scheduling priority.
    TrestleNetdevPriority,
}

impl named::Subject for Subject {
    fn name(self) -> &'static str {
        match self {
            Self::KernelBridge => "kernel-bridge",
            Self::OpenVswitchTso => "ovs-tso",
            Self::OpenVswitch => "ovs",
            Self::TapLoop => "tap-loop",
            Self::TrestleVport | Self::TrestleNetdev => "trestle",
            Self::TrestleVportPriority | Self::TrestleNetdevPriority => "trestle-20",
        }
    }
}

impl Subject {
    /// Builds the bridge, connects the hosts to it, and waits until they reach each other.
    ///
    /// # Errors
    /// [`Fault::Missing`] when this machine does not have the bridge.
    pub fn build(self) -> Result<Bed, Fault> {
        let mut bed = Bed::new()?;
        match self {
            Self::KernelBridge => kernel_bridge::build(&bed),
            Self::OpenVswitchTso => open_vswitch::build(&mut bed, Segmentation::Offloaded),
            Self::OpenVswitch => open_vswitch::build(&mut bed, Segmentation::Off),
            Self::TapLoop => tap_loop::build(&mut bed),
            Self::TrestleVport => trestle::build(&mut bed, Ports::Virtual, Priority::Default),
            Self::TrestleVportPriority => trestle::build(&mut bed, Ports::Virtual, Priority::Highest),
            Self::TrestleNetdev => trestle::build(&mut bed, Ports::Packet, Priority::Default),
            Self::TrestleNetdevPriority => trestle::build(&mut bed, Ports::Packet, Priority::Highest),
        }?;
        bed.connect()?;
        Ok(bed)
    }
}
