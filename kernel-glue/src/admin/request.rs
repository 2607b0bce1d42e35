//! What an operator can ask for: the verbs of `ifconfig`, typed.
//!
//! Ranges that depend on nothing but the number are checked where text becomes a verb and again when a change is
//! applied, since a request may come from another program than ours.

mod read;

use super::text::{mss, prefix};
use alloc::string::String;
use alloc::vec::Vec;
use arp::Prefix;
use core::net::IpAddr;
use frame::{Mac, Tpid, Vid, VidSet};
use serde::{Deserialize, Serialize};

/// One command line: verbs about one interface, all of them or none.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The interface, `bridge0`, or for [`Verb::Create`] a clone name, `bridge`, whose lowest free unit is taken.
    pub interface: String,
    /// What to do, in order.
    pub verbs: Vec<Verb>,
}

/// An address with its prefix length, as `inet` and `inet6` take it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InetAddress {
    /// The address.
    pub address: IpAddr,
    /// Leading bits that name the network.
    pub prefix: u8,
    /// The broadcast address; `None` for the highest of an IPv4 network, or IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broadcast: Option<IpAddr>,
    /// The address at the other end of a point-to-point link; with it the prefix is a single address's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<IpAddr>,
}

impl InetAddress {
    /// An address in a network.
    pub const fn new(address: IpAddr, prefix: u8) -> Self {
        Self { address, prefix, broadcast: None, destination: None }
    }

    /// An address that knows one other, at the far end of a link.
    pub const fn point_to_point(address: IpAddr, destination: IpAddr) -> Self {
        let prefix = if address.is_ipv4() { 32 } else { 128 };
        Self { address, prefix, broadcast: None, destination: Some(destination) }
    }
}

/// A yes-or-no property of a member.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberFlag {
    /// Sources are entered into the address table.
    Learn,
    /// Frames to unknown unicast addresses are sent here.
    Discover,
    /// Takes part in spanning tree.
    Stp,
    /// Addresses learned here neither age nor move.
    Sticky,
    /// The operator says that no bridge is behind the port.
    Edge,
    /// Spanning tree finds out whether a bridge is behind the port.
    Autoedge,
    /// The operator says that the link has one peer.
    Ptp,
    /// The duplex mode says whether the link has one peer.
    Autoptp,
    /// Nothing is forwarded between two private members.
    Private,
    /// Only registered sources may send.
    Locked,
    /// A second VLAN tag is accepted.
    Qinq,
    /// The host keeps its addresses on the interface: what is for its MAC address, or for all, goes on to the host.
    #[serde(rename = "hostaddr")]
    HostAddress,
}

/// A class of traffic that is sent to many ports.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StormClass {
    /// To ff:ff:ff:ff:ff:ff.
    Broadcast,
    /// To any other group.
    Multicast,
    /// To an address that is in no table.
    Unknown,
}

/// Which spanning tree protocol a bridge speaks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StpProtocol {
    /// 802.1D-1998.
    Stp,
    /// 802.1D-2004 §17.
    #[default]
    Rstp,
}

/// What decides whether the medium of a tap or tun is there.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carrier {
    /// It is while somebody has the device open.
    #[default]
    Auto,
    /// It always is.
    Up,
    /// It never is.
    Down,
}

/// How the addresses of a point-to-point link lie to each other, in OpenVPN's words.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topology {
    /// Two addresses, each the other's destination.
    P2p,
    /// A network of four addresses for each pair.
    Net30,
    /// One network of all.
    Subnet,
}

/// Whether the maximum segment size of TCP connections is lowered to what the link carries.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mss {
    /// It is left as it is.
    #[default]
    Off,
    /// To the link's MTU less the headers of IP and TCP, 40 bytes or 60.
    Auto,
    /// To this many bytes.
    Bytes(u16),
}

/// One verb with its arguments.
///
/// Times are in seconds. A `member` is an interface name; for [`Verb::IfUntagged`] it may also be the bridge itself,
/// its host port, which is a tagged member of every VLAN.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "verb", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant's line shows its arguments in order")]
pub enum Verb {
    /// `create`.
    Create,
    /// As `create`, of a tap or tun that lives as long as somebody has it open. Only the daemon itself says so, for a
    /// program that opened a clone node or attached to an unused name: no message can carry it.
    #[serde(skip)]
    CreateTransient,
    /// `destroy`; the last verb of its line. What is a port leaves its bridge by it.
    Destroy,
    /// `up`.
    Up,
    /// `down`.
    Down,
    /// `mtu N`, 72..=65521: payload bytes after the Ethernet header and any VLAN tag; a bridge's holds for its members,
    /// but for tuns.
    Mtu { bytes: u32 },
    /// `ether MAC`.
    Ether { address: Mac },
    /// `description TEXT`; empty removes it.
    Description { text: String },
    /// `inet A/N` or `inet A B` and those of `inet6`: adds the address or changes the rest of it, and brings the
    /// interface up.
    AddAddress { address: InetAddress },
    /// `inet A delete` or `-alias`.
    DeleteAddress { address: IpAddr },
    /// `addm IF [untagged VID] [tagged SET]`.
    AddMember {
        member: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        untagged: Option<Vid>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tagged: Option<VidSet>,
    },
    /// `deletem IF`.
    DeleteMember { member: String },
    /// `span IF`.
    AddSpan { member: String },
    /// `-span IF`.
    DeleteSpan { member: String },
    /// `learn IF`, `-learn IF` and their like.
    SetFlag { member: String, flag: MemberFlag, on: bool },
    /// `suppress IF [SET]`, `-suppress IF [SET]`: where requests for known neighbours are answered instead of flooded;
    /// without a set everywhere, in no VLAN too. The verb adds to what is set, or takes from it.
    Suppress {
        member: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        vlans: Option<VidSet>,
        on: bool,
    },
    /// `protected IF 1,2`: groups 1..=31 of which no two members may share one; empty for none.
    Protected { member: String, groups: Vec<u8> },
    /// `ifmaxaddr IF N`; 0 for no limit.
    IfMaxAddresses { member: String, addresses: u32 },
    /// `ifpriority IF N`, 0..=240, rounded down to a multiple of 16.
    IfPriority { member: String, priority: u8 },
    /// `ifpathcost IF N`, 0..=200,000,000; 0 for automatic.
    IfPathCost { member: String, cost: u32 },
    /// `ifuntagged IF VID`, `-ifuntagged IF`.
    IfUntagged { member: String, vid: Option<Vid> },
    /// `iftagged IF SET`: replaces the set.
    IfTagged { member: String, set: VidSet },
    /// `+iftagged IF SET`.
    IfTaggedAdd { member: String, set: VidSet },
    /// `-iftagged IF SET`.
    IfTaggedRemove { member: String, set: VidSet },
    /// `ifvlanproto IF 802.1q|802.1ad`.
    IfVlanProtocol { member: String, protocol: Tpid },
    /// `storm IF broadcast|multicast|unknown N`, `-storm IF CLASS`: frames a second that may enter.
    Storm { member: String, class: StormClass, frames_per_second: Option<u32> },
    /// `maxaddr N`, 0..=1,048,576; 0 learns nothing.
    MaxAddresses { addresses: u32 },
    /// `timeout S`; 0 for never.
    Timeout { seconds: u32 },
    /// `priority N`, 0..=61440, rounded down to a multiple of 4096.
    Priority { priority: u16 },
    /// `hellotime S`, 1..=2, only in `proto stp`.
    HelloTime { seconds: u8 },
    /// `fwddelay S`, 4..=30.
    ForwardDelay { seconds: u8 },
    /// `maxage S`, 6..=40.
    MaxAge { seconds: u8 },
    /// `holdcnt N`, 1..=10.
    HoldCount { frames: u8 },
    /// `proto stp|rstp`; also sets the hello time to 2.
    Protocol { protocol: StpProtocol },
    /// `vlanfilter`, `-vlanfilter`.
    VlanFilter { on: bool },
    /// `defuntagged VID`, `-defuntagged`: PVID of members added afterwards.
    DefaultUntagged { vid: Option<Vid> },
    /// `defqinq`, `-defqinq`: for members added afterwards.
    DefaultQinq { on: bool },
    /// `static IF MAC [vlan VID]`.
    Static {
        member: String,
        address: Mac,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        vid: Option<Vid>,
    },
    /// `deladdr MAC [vlan VID]`; without a VLAN, the address outside any VLAN.
    DeleteMac {
        address: Mac,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        vid: Option<Vid>,
    },
    /// `owner USER`, by number: whose the node of a tap or tun is.
    Owner { uid: u32 },
    /// `group GROUP`, by number, `-group`: whose group the node is.
    Group { gid: Option<u32> },
    /// `mode OCTAL`, 0..=0o777: the permissions of the node.
    Mode { mode: u16 },
    /// `multiqueue`, `-multiqueue`: whether several may have the device open.
    MultiQueue { on: bool },
    /// `carrier auto|up|down`.
    Carrier { carrier: Carrier },
    /// `queue N`, 16..=4096: packets that wait for the application at most.
    Queue { packets: u16 },
    /// `persist`, `-persist`: whether the device stays when nobody has it open.
    Persist { on: bool },
    /// `peer A` or `peer A/N`: the link stands for the address or network on the Ethernet side.
    AddPeer {
        #[serde(with = "prefix")]
        prefix: Prefix,
    },
    /// `-peer A` or `-peer A/N`.
    DeletePeer {
        #[serde(with = "prefix")]
        prefix: Prefix,
    },
    /// `topology p2p|net30|subnet`, `-topology`: for whom the host's requests are answered; without, for everybody.
    Topology { topology: Option<Topology> },
    /// `mss N`, 88..=65495, `mss auto`, `-mss`.
    Mss {
        #[serde(with = "mss")]
        mss: Mss,
    },
    /// `gateway A`: whom the link asks on a LAN for what is not there; the one of its family.
    SetGateway { address: IpAddr },
    /// `-gateway A`.
    DeleteGateway { address: IpAddr },
    /// `onlink P/N`: a network that is on the LAN of which the link is a member.
    AddOnLink {
        #[serde(with = "prefix")]
        prefix: Prefix,
    },
    /// `-onlink P/N`.
    DeleteOnLink {
        #[serde(with = "prefix")]
        prefix: Prefix,
    },
    /// `dhcp`, `-dhcp`: whether the link asks for an IPv4 address of that LAN.
    Dhcp { on: bool },
    /// `flush`: forgets what was learned and may age.
    Flush,
    /// `flushall`: forgets every address.
    FlushAll,
}

impl Verb {
    /// Returns the port that the verb is about, if it is about one.
    pub(super) fn member_mut(&mut self) -> Option<&mut String> {
        if let Self::AddMember { member, .. }
        | Self::DeleteMember { member }
        | Self::AddSpan { member }
        | Self::DeleteSpan { member }
        | Self::SetFlag { member, .. }
        | Self::Suppress { member, .. }
        | Self::Protected { member, .. }
        | Self::IfMaxAddresses { member, .. }
        | Self::IfPriority { member, .. }
        | Self::IfPathCost { member, .. }
        | Self::IfUntagged { member, .. }
        | Self::IfTagged { member, .. }
        | Self::IfTaggedAdd { member, .. }
        | Self::IfTaggedRemove { member, .. }
        | Self::IfVlanProtocol { member, .. }
        | Self::Storm { member, .. }
        | Self::Static { member, .. } = self
        {
            return Some(member);
        }
        None
    }
}
