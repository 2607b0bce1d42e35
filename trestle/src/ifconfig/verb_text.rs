//! Verbs as they are written, for logs and for reading back.

use frame::VidSet;
use kernel_glue::admin::{Carrier, Change, MemberFlag, Mss, StormClass, StpProtocol, Topology, Verb};
use std::fmt::Display;
use std::net::IpAddr;

/// Returns a change as one line for a shell: the interface, then its verbs, quoted where they must be.
///
/// Splitting it as a shell does and parsing it gives the change again.
pub fn change_text(change: &Change) -> String {
    let words = change.verbs.iter().flat_map(verb_words);
    let words = std::iter::once(change.interface.clone()).chain(words);
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

/// Returns a verb and its arguments, each one word.
#[rustfmt::skip]
pub fn verb_words(verb: &Verb) -> Vec<String> {
    match verb {
        Verb::Create => words(&[&"create"]),
        // Only a log holds it: the line that leaves the same state.
        Verb::CreateTransient => words(&[&"create", &"-persist"]),
        Verb::Destroy => words(&[&"destroy"]),
        Verb::Up => words(&[&"up"]),
        Verb::Down => words(&[&"down"]),
        Verb::Mtu { bytes } => words(&[&"mtu", bytes]),
        Verb::Ether { address } => words(&[&"ether", address]),
        Verb::Description { text } if text.is_empty() => words(&[&"-description"]),
        Verb::Description { text } => words(&[&"description", text]),
        Verb::AddAddress { address } => {
            let mut all = words(&[&family(address.address), &format!("{}/{}", address.address, address.prefix)]);
            if let Some(destination) = &address.destination {
                all.extend(words(&[destination]));
            }
            if let Some(broadcast) = &address.broadcast {
                all.extend(words(&[&"broadcast", broadcast]));
            }
            all
        }
        Verb::DeleteAddress { address } => words(&[&family(*address), address, &"-alias"]),
        Verb::AddMember { member, untagged, tagged } => {
            let mut all = words(&[&"addm", member]);
            if let Some(vid) = untagged {
                all.extend(words(&[&"untagged", vid]));
            }
            if let Some(set) = tagged {
                all.extend(words(&[&"tagged", set]));
            }
            all
        }
        Verb::DeleteMember { member } => words(&[&"deletem", member]),
        Verb::AddSpan { member } => words(&[&"span", member]),
        Verb::DeleteSpan { member } => words(&[&"-span", member]),
        Verb::SetFlag { member, flag, on: true } => words(&[&flag_word(*flag), member]),
        Verb::SetFlag { member, flag, on: false } => words(&[&format!("-{}", flag_word(*flag)), member]),
        Verb::Suppress { member, vlans, on } => {
            let mut all = words(&[if *on { &"suppress" } else { &"-suppress" }, member]);
            all.extend(vlans.as_ref().map(VidSet::to_string));
            all
        }
        Verb::Protected { member, groups } if groups.is_empty() => words(&[&"-protected", member]),
        Verb::Protected { member, groups } => {
            let groups: Vec<_> = groups.iter().map(u8::to_string).collect();
            words(&[&"protected", member, &groups.join(",")])
        }
        Verb::IfMaxAddresses { member, addresses } => words(&[&"ifmaxaddr", member, addresses]),
        Verb::IfPriority { member, priority } => words(&[&"ifpriority", member, priority]),
        Verb::IfPathCost { member, cost } => words(&[&"ifpathcost", member, cost]),
        Verb::IfUntagged { member, vid: Some(vid) } => words(&[&"ifuntagged", member, vid]),
        Verb::IfUntagged { member, vid: None } => words(&[&"-ifuntagged", member]),
        Verb::IfTagged { member, set } => words(&[&"iftagged", member, set]),
        Verb::IfTaggedAdd { member, set } => words(&[&"+iftagged", member, set]),
        Verb::IfTaggedRemove { member, set } => words(&[&"-iftagged", member, set]),
        Verb::IfVlanProtocol { member, protocol } => words(&[&"ifvlanproto", member, &protocol.name()]),
        Verb::Storm { member, class, frames_per_second: Some(rate) } => {
            words(&[&"storm", member, &storm_word(*class), rate])
        }
        Verb::Storm { member, class, frames_per_second: None } => words(&[&"-storm", member, &storm_word(*class)]),
        Verb::MaxAddresses { addresses } => words(&[&"maxaddr", addresses]),
        Verb::Timeout { seconds } => words(&[&"timeout", seconds]),
        Verb::Priority { priority } => words(&[&"priority", priority]),
        Verb::HelloTime { seconds } => words(&[&"hellotime", seconds]),
        Verb::ForwardDelay { seconds } => words(&[&"fwddelay", seconds]),
        Verb::MaxAge { seconds } => words(&[&"maxage", seconds]),
        Verb::HoldCount { frames } => words(&[&"holdcnt", frames]),
        Verb::Protocol { protocol } => words(&[&"proto", &stp_word(*protocol)]),
        Verb::VlanFilter { on: true } => words(&[&"vlanfilter"]),
        Verb::VlanFilter { on: false } => words(&[&"-vlanfilter"]),
        Verb::DefaultUntagged { vid: Some(vid) } => words(&[&"defuntagged", vid]),
        Verb::DefaultUntagged { vid: None } => words(&[&"-defuntagged"]),
        Verb::DefaultQinq { on: true } => words(&[&"defqinq"]),
        Verb::DefaultQinq { on: false } => words(&[&"-defqinq"]),
        Verb::Static { member, address, vid: None } => words(&[&"static", member, address]),
        Verb::Static { member, address, vid: Some(vid) } => words(&[&"static", member, address, &"vlan", vid]),
        Verb::DeleteMac { address, vid: None } => words(&[&"deladdr", address]),
        Verb::DeleteMac { address, vid: Some(vid) } => words(&[&"deladdr", address, &"vlan", vid]),
        Verb::Owner { uid } => words(&[&"owner", uid]),
        Verb::Group { gid: Some(gid) } => words(&[&"group", gid]),
        Verb::Group { gid: None } => words(&[&"-group"]),
        Verb::Mode { mode } => words(&[&"mode", &format!("{mode:03o}")]),
        Verb::MultiQueue { on: true } => words(&[&"multiqueue"]),
        Verb::MultiQueue { on: false } => words(&[&"-multiqueue"]),
        Verb::Carrier { carrier } => words(&[&"carrier", &carrier_word(*carrier)]),
        Verb::Queue { packets } => words(&[&"queue", packets]),
        Verb::Persist { on: true } => words(&[&"persist"]),
        Verb::Persist { on: false } => words(&[&"-persist"]),
        Verb::AddPeer { prefix } => words(&[&"peer", prefix]),
        Verb::DeletePeer { prefix } => words(&[&"-peer", prefix]),
        Verb::Topology { topology: Some(topology) } => words(&[&"topology", &topology_word(*topology)]),
        Verb::Topology { topology: None } => words(&[&"-topology"]),
        Verb::Mss { mss: Mss::Off } => words(&[&"-mss"]),
        Verb::Mss { mss: Mss::Auto } => words(&[&"mss", &"auto"]),
        Verb::Mss { mss: Mss::Bytes(bytes) } => words(&[&"mss", bytes]),
        Verb::SetGateway { address } => words(&[&"gateway", address]),
        Verb::DeleteGateway { address } => words(&[&"-gateway", address]),
        Verb::AddOnLink { prefix } => words(&[&"onlink", prefix]),
        Verb::DeleteOnLink { prefix } => words(&[&"-onlink", prefix]),
        Verb::Dhcp { on: true } => words(&[&"dhcp"]),
        Verb::Dhcp { on: false } => words(&[&"-dhcp"]),
        Verb::Flush => words(&[&"flush"]),
        Verb::FlushAll => words(&[&"flushall"]),
    }
}

/// Returns the word that sets a flag.
pub(super) fn flag_word(flag: MemberFlag) -> &'static str {
    match flag {
        MemberFlag::Learn => "learn",
        MemberFlag::Discover => "discover",
        MemberFlag::Stp => "stp",
        MemberFlag::Sticky => "sticky",
        MemberFlag::Edge => "edge",
        MemberFlag::Autoedge => "autoedge",
        MemberFlag::Ptp => "ptp",
        MemberFlag::Autoptp => "autoptp",
        MemberFlag::Private => "private",
        MemberFlag::Locked => "locked",
        MemberFlag::Qinq => "qinq",
        MemberFlag::HostAddress => "hostaddr",
    }
}

/// Returns the word for a class of traffic.
pub(super) fn storm_word(class: StormClass) -> &'static str {
    match class {
        StormClass::Broadcast => "broadcast",
        StormClass::Multicast => "multicast",
        StormClass::Unknown => "unknown",
    }
}

/// Returns the word for a spanning tree protocol.
pub(super) fn stp_word(protocol: StpProtocol) -> &'static str {
    match protocol {
        StpProtocol::Stp => "stp",
        StpProtocol::Rstp => "rstp",
    }
}

/// Returns the word for what decides on a medium.
pub(super) fn carrier_word(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Auto => "auto",
        Carrier::Up => "up",
        Carrier::Down => "down",
    }
}

/// Returns the word for how addresses lie to each other.
pub(super) fn topology_word(topology: Topology) -> &'static str {
    match topology {
        Topology::P2p => "p2p",
        Topology::Net30 => "net30",
        Topology::Subnet => "subnet",
    }
}

fn family(address: IpAddr) -> &'static str {
    match address {
        IpAddr::V4(_) => "inet",
        IpAddr::V6(_) => "inet6",
    }
}

fn words(parts: &[&dyn Display]) -> Vec<String> {
    parts.iter().map(|part| part.to_string()).collect()
}

/// Quotes a word that a POSIX shell would not leave as it is.
fn quoted(word: String) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,+@%=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
