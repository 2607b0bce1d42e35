//! What `ifconfig` calls the operation behind each verb: the words before the colon, FreeBSD's where it has the verb.

use super::super::error::Errno;
use super::super::request::{Mss, StpProtocol, Topology, Verb};
use alloc::format;
use alloc::string::{String, ToString};

/// Names the operation that `verb` is, as it is reported when refused with `errno`.
pub(super) fn of(verb: &Verb, errno: Errno) -> String {
    match verb {
        Verb::Create | Verb::CreateTransient => "SIOCIFCREATE2".into(),
        Verb::Destroy => "SIOCIFDESTROY".into(),
        Verb::Up | Verb::Down => "ioctl (SIOCSIFFLAGS)".into(),
        Verb::Mtu { .. } => "ioctl SIOCSIFMTU (set mtu)".into(),
        Verb::Ether { .. } => "ioctl (SIOCSIFLLADDR)".into(),
        Verb::Description { .. } => "ioctl (set descr)".into(),
        Verb::AddAddress { .. } => "ioctl (SIOCAIFADDR)".into(),
        Verb::DeleteAddress { .. } => "ioctl (SIOCDIFADDR)".into(),
        Verb::AddMember { member, .. } => format!("BRDGADD {member}"),
        Verb::DeleteMember { member } => format!("BRDGDEL {member}"),
        Verb::AddSpan { member } => format!("BRDGADDS {member}"),
        Verb::DeleteSpan { member } => format!("BRDGDELS {member}"),
        // A flag is read before it is written there; who is no member is found out by reading.
        Verb::SetFlag { .. } | Verb::Suppress { .. } if errno == Errno::NotFound => "unable to get bridge flags".into(),
        Verb::SetFlag { .. } | Verb::Suppress { .. } => "unable to set bridge flags".into(),
        Verb::Protected { member, .. } => format!("BRDGSIFPROT {member}"),
        Verb::IfMaxAddresses { addresses, .. } => format!("BRDGSIFAMAX {addresses}"),
        Verb::IfPriority { priority, .. } => format!("BRDGSIFPRIO {priority}"),
        Verb::IfPathCost { cost, .. } => format!("BRDGSIFCOST {cost}"),
        Verb::IfUntagged { vid: Some(vid), .. } => format!("BRDGSIFPVID {vid}"),
        Verb::IfUntagged { vid: None, .. } => "BRDGSIFPVID".into(),
        Verb::IfTagged { set, .. } | Verb::IfTaggedAdd { set, .. } | Verb::IfTaggedRemove { set, .. } => {
            format!("BRDGSIFVLANSET {set}")
        }
        Verb::IfVlanProtocol { .. } => "BRDGSIFVLANPROTO".into(),
        Verb::Storm { member, .. } => format!("BRDGSIFSTORM {member}"),
        Verb::MaxAddresses { addresses } => format!("BRDGSCACHE {addresses}"),
        Verb::Timeout { seconds } => format!("BRDGSTO {seconds}"),
        Verb::Priority { priority } => format!("BRDGSPRI {priority}"),
        Verb::HelloTime { seconds } => format!("BRDGSHT {seconds}"),
        Verb::ForwardDelay { seconds } => format!("BRDGSFD {seconds}"),
        Verb::MaxAge { seconds } => format!("BRDGSMA {seconds}"),
        Verb::HoldCount { frames } => format!("BRDGSTXHC {frames}"),
        Verb::Protocol { protocol: StpProtocol::Stp } => "BRDGSPROTO stp".into(),
        Verb::Protocol { protocol: StpProtocol::Rstp } => "BRDGSPROTO rstp".into(),
        Verb::VlanFilter { .. } | Verb::DefaultQinq { .. } => "BRDGSFLAGS".into(),
        Verb::DefaultUntagged { .. } => "BRDGSDEFPVID".into(),
        Verb::Static { .. } => "BRDGSADDR".into(),
        Verb::DeleteMac { .. } => "BRDGDADDR".into(),
        // What a node has, Linux sets with these.
        Verb::Owner { uid } => format!("TUNSETOWNER {uid}"),
        Verb::Group { gid: Some(gid) } => format!("TUNSETGROUP {gid}"),
        Verb::Group { gid: None } => "TUNSETGROUP".into(),
        Verb::Mode { mode } => format!("node mode {mode:o}"),
        Verb::MultiQueue { .. } => "TUNSETIFF (multi-queue)".into(),
        Verb::Carrier { .. } => "TUNSETCARRIER".into(),
        Verb::Queue { packets } => format!("SIOCSIFTXQLEN {packets}"),
        Verb::Persist { .. } => "TUNSETPERSIST".into(),
        // Linux knows no such settings, nor do the BSDs.
        Verb::AddPeer { prefix } => format!("peer {prefix}"),
        Verb::DeletePeer { prefix } => format!("-peer {prefix}"),
        Verb::Topology { topology: Some(Topology::P2p) } => "topology p2p".into(),
        Verb::Topology { topology: Some(Topology::Net30) } => "topology net30".into(),
        Verb::Topology { topology: Some(Topology::Subnet) } => "topology subnet".into(),
        Verb::Topology { topology: None } => "-topology".into(),
        Verb::Mss { mss: Mss::Bytes(bytes) } => format!("mss {bytes}"),
        Verb::Mss { mss: Mss::Auto } => "mss auto".into(),
        Verb::Mss { mss: Mss::Off } => "-mss".into(),
        Verb::SetGateway { address } => format!("gateway {address}"),
        Verb::DeleteGateway { address } => format!("-gateway {address}"),
        Verb::AddOnLink { prefix } => format!("onlink {prefix}"),
        Verb::DeleteOnLink { prefix } => format!("-onlink {prefix}"),
        Verb::Dhcp { on: true } => "dhcp".into(),
        Verb::Dhcp { on: false } => "-dhcp".into(),
        Verb::Flush | Verb::FlushAll => "BRDGFLUSH".to_string(),
    }
}
