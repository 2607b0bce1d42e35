//! Why frames are dropped, and how many were.

use crate::{Counts, named};

named! {
    /// Why a frame was dropped. Each has a counter and a name that `ifconfig -v` prints.
    DropReason {
        /// The frame ends within its header or outermost tag, or its IP header contradicts itself.
        Malformed = "malformed",
        /// The platform could only store a part of the frame.
        Truncated = "truncated",
        /// The source is a group address (802.3-2018 §3.2.3).
        GroupSource = "group-source",
        /// The source is all zero.
        ZeroSource = "zero-source",
        /// The source is the bridge's own address: the frame came back through a loop.
        OwnAddress = "own-address",
        /// The destination is 01-80-C2-00-00-0X, which no bridge relays (802.1Q Table 8-1).
        LinkLocal = "link-local",
        /// The port is down, blocked or being removed.
        PortDown = "port-down",
        /// The port only mirrors; nothing that enters it is relayed.
        SpanIngress = "span-ingress",
        /// The tag carries the reserved VLAN ID 4095.
        VlanInvalid = "vlan-invalid",
        /// Untagged, and the port has no PVID, while VLAN filtering is on.
        VlanUntagged = "vlan-untagged",
        /// The port is no member of the frame's VLAN on the way in.
        VlanIngress = "vlan-ingress",
        /// The port is no member of the frame's VLAN on the way out, or is a link of IP, which carries no tags.
        VlanEgress = "vlan-egress",
        /// A second tag follows, and the port does not carry stacked tags.
        VlanNested = "vlan-nested",
        /// The port is locked and the source is not registered on it.
        Locked = "locked",
        /// The source is unknown and the port has learned as many addresses as it may.
        AddressLimit = "address-limit",
        /// The destination is behind the port the frame came from.
        SamePort = "same-port",
        /// Both ports are private, or share a protected group.
        Isolated = "isolated",
        /// No other port takes the frame.
        NoPort = "no-port",
        /// Larger than the MTU of the bridge and not to be segmented.
        TooBig = "too-big",
        /// Over the port's broadcast rate.
        StormBroadcast = "storm-broadcast",
        /// Over the port's multicast rate.
        StormMulticast = "storm-multicast",
        /// Over the port's unknown-unicast rate.
        StormUnknown = "storm-unknown",
        /// No application has the device open.
        NotOpen = "not-open",
        /// The port's transmit queue was full.
        QueueFull = "queue-full",
        /// The system refused the frame on transmission.
        TransmitError = "transmit-error",
        /// No buffer was free for a copy.
        NoBuffer = "no-buffer",
        /// The offload state is not one that can be finished in software.
        Offload = "offload",
        /// Neither IP nor a neighbour's message, and the port carries nothing else.
        NotIp = "not-ip",
        /// To a station other than the one behind the port.
        OtherHost = "other-host",
        /// From an address that the port does not stand for.
        BadSource = "bad-source",
        /// Nobody has answered for the next hop.
        Unresolved = "unresolved",
        /// An ARP or neighbour discovery message that breaks a rule of its protocol.
        BadNeighbour = "bad-neighbour",
    }
}

/// Frames dropped, by reason.
pub type DropCounts = Counts<DropReason, { DropReason::ALL.len() }>;
