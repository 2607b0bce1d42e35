//! The table of keywords: every verb, its other spellings, its arguments and a line of help.

mod shape;

use super::error::UsageError;
use super::nearest::nearest;
use crate::platform::{INSTEAD_OF_RULES, INSTEAD_OF_STACKS, PERSIST};
use frame::VidSet;
use kernel_glue::admin::{MemberFlag as F, Mss, Verb};
pub(super) use shape::{Clause, Number, Reading, Shape};

/// One row of the table.
pub(super) struct Keyword {
    /// The word, then its aliases.
    pub(super) words: &'static [&'static str],
    /// Its arguments and what they make.
    pub(super) shape: Shape,
    /// What it does, in one line.
    pub(super) help: &'static str,
}

/// Rows that belong together.
pub(super) struct Section {
    /// The heading.
    pub(super) title: &'static str,
    /// The rows.
    pub(super) keywords: &'static [Keyword],
}

impl Keyword {
    /// Returns the word that stands for all of its spellings.
    pub(super) fn word(&self) -> &'static str {
        self.words.first().copied().unwrap_or_default()
    }

    /// Returns how to write it, `ifmaxaddr <interface> <count>`.
    pub(super) fn synopsis(&self) -> String {
        let mut text = self.word().to_owned();
        for argument in self.shape.required() {
            text.push_str(&format!(" <{argument}>"));
        }
        if !self.shape.optional().is_empty() {
            text.push(' ');
            text.push_str(self.shape.optional());
        }
        text
    }

    /// Returns the line of help with the range of the number.
    pub(super) fn description(&self) -> String {
        match self.shape.range() {
            Some(range) => format!("{} ({range})", self.help),
            None => self.help.to_owned(),
        }
    }
}

/// Finds the row of a word.
pub(super) fn find(word: &str) -> Option<&'static Keyword> {
    all().find(|keyword| keyword.words.contains(&word))
}

/// Returns whether a word is a verb of `ifconfig`.
pub(crate) fn is_verb(word: &str) -> bool {
    find(word).is_some()
}

/// Finds the row of a word that should have one.
pub(super) fn expect(word: &str) -> Result<&'static Keyword, UsageError> {
    find(word).ok_or_else(|| UsageError::UnknownVerb {
        word: word.to_owned(),
        nearest: nearest(word, all().flat_map(|keyword| keyword.words.iter().copied())),
    })
}

/// Iterates over all rows.
pub(super) fn all() -> impl Iterator<Item = &'static Keyword> {
    SECTIONS.iter().flat_map(|section| section.keywords)
}

const fn row(words: &'static [&'static str], shape: Shape, help: &'static str) -> Keyword {
    Keyword { words, shape, help }
}

const fn number(name: &'static str, range: &'static str) -> Number {
    Number { name, range }
}

/// Any number of 32 bits.
pub(super) const U32_RANGE: &str = "0 to 4294967295";
const NO_RENAMING: &str = "one interface has one name here; destroy it and create another";

/// Every keyword. Ranges and defaults are those of FreeBSD 15 where it has the verb.
#[rustfmt::skip]
pub(super) static SECTIONS: &[Section] = &[
    Section { title: "Interfaces", keywords: &[
        row(&["create", "plumb"], Shape::Plain(|| Verb::Create), "makes the interface; a name without a number takes the lowest free one and prints it"),
        row(&["destroy", "unplumb"], Shape::Plain(|| Verb::Destroy), "removes the interface"),
        row(&["up"], Shape::Plain(|| Verb::Up), "lets it carry frames"),
        row(&["down"], Shape::Plain(|| Verb::Down), "stops it"),
        row(&["mtu"], Shape::U32(number("bytes", "72 to 65521"), |bytes| Verb::Mtu { bytes }), "sets the payload size of the largest frame, for a bridge on every member but tuns too"),
        row(&["ether", "link", "lladdr"], Shape::Mac(|address| Verb::Ether { address }), "sets the MAC address"),
        row(&["description", "descr"], Shape::Text(|text| Verb::Description { text }), "sets a note"),
        row(&["-description", "-descr"], Shape::Plain(|| Verb::Description { text: String::new() }), "removes the note"),
    ]},
    Section { title: "IP addresses", keywords: &[
        row(&["inet"], Shape::Address(Clause::Inet), "adds an IPv4 address, A or A/N, and for a tun that of the other end; without a length it has that of its class"),
        row(&["inet6"], Shape::Address(Clause::Inet6), "adds an IPv6 address, A or A/N, and for a tun that of the other end; without a length it has 64"),
        row(&["alias"], Shape::Address(Clause::Add), "adds an address of either family; after an address, the same"),
        row(&["-alias", "delete"], Shape::Address(Clause::Delete), "removes an address; after an address, the same"),
        row(&["netmask"], Shape::AddressOption("mask"), "after inet: the mask, 0xffffff00, 255.255.255.0 or /24"),
        row(&["prefixlen"], Shape::AddressOption("length"), "after inet or inet6: the length of the network's prefix in bits"),
        row(&["broadcast"], Shape::AddressOption("address"), "after inet: the broadcast address, otherwise the highest of the network"),
    ]},
    Section { title: "Members", keywords: &[
        row(&["addm", "add"], Shape::AddMember, "adds a member, with its VLANs if given"),
        row(&["deletem", "del"], Shape::Member(|member| Verb::DeleteMember { member }), "removes a member and its addresses"),
        row(&["span", "addspan"], Shape::Member(|member| Verb::AddSpan { member }), "adds a port that gets a copy of every frame"),
        row(&["-span", "delspan"], Shape::Member(|member| Verb::DeleteSpan { member }), "removes a span port"),
    ]},
    Section { title: "Flags of a member", keywords: &[
        row(&["learn"], Shape::Flag(F::Learn), "enters sources into the address table (default)"),
        row(&["-learn"], Shape::FlagOff(F::Learn), "does not learn"),
        row(&["discover"], Shape::Flag(F::Discover), "sends frames to unknown unicast addresses here (default)"),
        row(&["-discover"], Shape::FlagOff(F::Discover), "sends only to addresses that are known to be here"),
        row(&["sticky"], Shape::Flag(F::Sticky), "addresses learned from then on neither age nor move"),
        row(&["-sticky"], Shape::FlagOff(F::Sticky), "addresses learned from then on age and move (default)"),
        row(&["private"], Shape::Flag(F::Private), "forwards nothing to other private members"),
        row(&["-private"], Shape::FlagOff(F::Private), "forwards to every member (default)"),
        row(&["locked"], Shape::Flag(F::Locked), "lets only registered sources send"),
        row(&["-locked"], Shape::FlagOff(F::Locked), "lets every source send (default)"),
        row(&["qinq"], Shape::Flag(F::Qinq), "accepts a second VLAN tag while VLANs are filtered"),
        row(&["-qinq"], Shape::FlagOff(F::Qinq), "drops frames with a second VLAN tag while VLANs are filtered (default)"),
        row(&["hostaddr"], Shape::Flag(F::HostAddress), "leaves the host its addresses on the member, and what is for them (Haiku; there the default of a member that has one)"),
        row(&["-hostaddr"], Shape::FlagOff(F::HostAddress), "takes the member for the bridge alone (default)"),
        row(&["suppress"], Shape::Suppress, "answers requests for neighbours that are known (ARP, ND) instead of flooding them; in some VLANs, or everywhere"),
        row(&["-suppress"], Shape::SuppressOff, "floods them (default)"),
        row(&["stp"], Shape::Flag(F::Stp), "takes part in spanning tree, which is not available: refused"),
        row(&["-stp"], Shape::FlagOff(F::Stp), "takes no part in spanning tree (default)"),
        row(&["edge"], Shape::Flag(F::Edge), "says that no bridge is behind the member: refused while spanning tree is not available"),
        row(&["-edge"], Shape::FlagOff(F::Edge), "says nothing of what is behind the member (default)"),
        row(&["autoedge"], Shape::Flag(F::Autoedge), "lets spanning tree find out whether a bridge is behind the member (default)"),
        row(&["-autoedge"], Shape::FlagOff(F::Autoedge), "does not find out: refused while spanning tree is not available"),
        row(&["ptp"], Shape::Flag(F::Ptp), "says that the link has one peer: refused while spanning tree is not available"),
        row(&["-ptp"], Shape::FlagOff(F::Ptp), "says that the link may have many peers (default)"),
        row(&["autoptp"], Shape::Flag(F::Autoptp), "takes a full duplex link to have one peer (default)"),
        row(&["-autoptp"], Shape::FlagOff(F::Autoptp), "does not look at the duplex mode: refused while spanning tree is not available"),
    ]},
    Section { title: "Values of a member", keywords: &[
        row(&["ifmaxaddr"], Shape::MemberU32(number("count", U32_RANGE), |member, addresses| Verb::IfMaxAddresses { member, addresses }), "limits how many addresses are learned here, 0 for no limit; unknown sources over it are dropped"),
        row(&["ifpriority"], Shape::MemberU8(number("priority", "0 to 240, rounded down to a multiple of 16; default 128"), |member, priority| Verb::IfPriority { member, priority }), "sets the spanning tree port priority"),
        row(&["ifpathcost", "ifcost"], Shape::MemberU32(number("cost", "0 to 200000000"), |member, cost| Verb::IfPathCost { member, cost }), "sets the spanning tree path cost, 0 for one that follows the speed"),
        row(&["-ifcost"], Shape::Member(|member| Verb::IfPathCost { member, cost: 0 }), "lets the path cost follow the speed"),
        row(&["ifuntagged", "untagged"], Shape::MemberVlan(|member, vid| Verb::IfUntagged { member, vid: Some(vid) }), "puts untagged frames into a VLAN, whose frames leave untagged"),
        row(&["-ifuntagged", "-untagged"], Shape::Member(|member| Verb::IfUntagged { member, vid: None }), "puts untagged frames into no VLAN (default)"),
        row(&["iftagged"], Shape::MemberSet(|member, set| Verb::IfTagged { member, set }), "sets the VLANs that pass tagged"),
        row(&["+iftagged"], Shape::MemberSet(|member, set| Verb::IfTaggedAdd { member, set }), "adds to the VLANs that pass tagged"),
        row(&["-iftagged"], Shape::MemberSet(|member, set| Verb::IfTaggedRemove { member, set }), "removes from the VLANs that pass tagged"),
        row(&["tagged"], Shape::MemberSignedSet, "sets, adds to or removes from the VLANs that pass tagged"),
        row(&["-tagged"], Shape::Member(|member| Verb::IfTagged { member, set: VidSet::EMPTY }), "lets no VLAN pass tagged"),
        row(&["ifvlanproto"], Shape::MemberVlanProtocol, "sets the protocol of tags that the bridge inserts (default 802.1q)"),
        row(&["protected"], Shape::MemberGroups, "forwards nothing to members that share one of the groups, 1 to 31 in a comma list"),
        row(&["-protected"], Shape::Member(|member| Verb::Protected { member, groups: Vec::new() }), "takes the member out of all groups (default)"),
        row(&["storm"], Shape::Storm, "drops frames of a class over a rate"),
        row(&["-storm"], Shape::StormOff, "drops none for its rate (default)"),
    ]},
    Section { title: "Values of a bridge", keywords: &[
        row(&["maxaddr"], Shape::U32(number("count", "0 to 1048576; default 2000"), |addresses| Verb::MaxAddresses { addresses }), "sets how many addresses the table holds"),
        row(&["timeout"], Shape::U32(number("seconds", "0 to 4294967295; default 1200"), |seconds| Verb::Timeout { seconds }), "sets how long a learned address lives unheard, 0 for ever"),
        row(&["vlanfilter"], Shape::Plain(|| Verb::VlanFilter { on: true }), "lets only the VLANs of a member pass"),
        row(&["-vlanfilter"], Shape::Plain(|| Verb::VlanFilter { on: false }), "lets every VLAN pass (default)"),
        row(&["defuntagged", "vnetid"], Shape::Vlan(|vid| Verb::DefaultUntagged { vid: Some(vid) }), "sets the untagged VLAN of members added afterwards"),
        row(&["-defuntagged", "-vnetid"], Shape::Plain(|| Verb::DefaultUntagged { vid: None }), "gives members added afterwards no untagged VLAN (default)"),
        row(&["defqinq"], Shape::Plain(|| Verb::DefaultQinq { on: true }), "sets qinq on members added afterwards"),
        row(&["-defqinq"], Shape::Plain(|| Verb::DefaultQinq { on: false }), "sets no qinq on members added afterwards (default)"),
        row(&["proto"], Shape::StpProtocol, "sets the spanning tree protocol (default rstp) and the hello time to 2"),
        row(&["priority", "spanpriority"], Shape::U16(number("priority", "0 to 61440, rounded down to a multiple of 4096; default 32768"), |priority| Verb::Priority { priority }), "sets the spanning tree priority"),
        row(&["hellotime"], Shape::U8(number("seconds", "1 to 2; default 2"), |seconds| Verb::HelloTime { seconds }), "sets the time between hellos, with proto stp"),
        row(&["fwddelay"], Shape::U8(number("seconds", "4 to 30; default 15"), |seconds| Verb::ForwardDelay { seconds }), "sets the time in each of listening and learning"),
        row(&["maxage"], Shape::U8(number("seconds", "6 to 40; default 20"), |seconds| Verb::MaxAge { seconds }), "sets how long spanning tree information lives"),
        row(&["holdcnt"], Shape::U8(number("frames", "1 to 10; default 6"), |frames| Verb::HoldCount { frames }), "sets how many BPDUs a second may be sent"),
    ]},
    Section { title: "TAP and TUN devices", keywords: &[
        row(&["owner"], Shape::User(|uid| Verb::Owner { uid }), "sets the user whose node it is, by name or number (default root)"),
        row(&["group"], Shape::Group(|gid| Verb::Group { gid: Some(gid) }), "sets the group whose node it is, by name or number"),
        row(&["-group"], Shape::Plain(|| Verb::Group { gid: None }), "gives the node to the group of root (default)"),
        row(&["mode"], Shape::Mode, "sets who may open the node, in octal (0 to 777; default 600)"),
        row(&["multiqueue"], Shape::Plain(|| Verb::MultiQueue { on: true }), "lets several open it, each with a share of the flows"),
        row(&["-multiqueue"], Shape::Plain(|| Verb::MultiQueue { on: false }), "lets one open it at a time (default)"),
        row(&["carrier"], Shape::Carrier, "sets whether the medium is there: auto, while somebody has it open (default), or always, or never"),
        row(&["queue"], Shape::U16(number("packets", "16 to 4096; default 512"), |packets| Verb::Queue { packets }), "sets how many packets may wait for the application"),
        row(&["persist"], Shape::Plain(|| Verb::Persist { on: true }), PERSIST),
        row(&["-persist"], Shape::Plain(|| Verb::Persist { on: false }), "lets it go with the last descriptor that is open on it"),
    ]},
    Section { title: "Point-to-point links", keywords: &[
        row(&["peer"], Shape::Prefix(|prefix| Verb::AddPeer { prefix }), "lets a tun answer for an address or network beyond it"),
        row(&["-peer"], Shape::Prefix(|prefix| Verb::DeletePeer { prefix }), "does not answer for it"),
        row(&["topology"], Shape::Topology, "lets a tun answer the host only for peers and what lies across from the host's addresses: their destinations, the networks of four around them, or their networks"),
        row(&["-topology"], Shape::Plain(|| Verb::Topology { topology: None }), "answers the host for every address but its own (default)"),
        row(&["mss"], Shape::Mss, "lowers the segment size of TCP connections through a tun to a number of bytes, or to what its MTU carries (88 to 65495)"),
        row(&["-mss"], Shape::Plain(|| Verb::Mss { mss: Mss::Off }), "leaves the segment size as it is (default)"),
        row(&["gateway"], Shape::Ip(|address| Verb::SetGateway { address }), "names the router of a LAN for a tun that is a member; one for IPv4, one for IPv6"),
        row(&["-gateway"], Shape::Ip(|address| Verb::DeleteGateway { address }), "names none"),
        row(&["onlink"], Shape::Prefix(|prefix| Verb::AddOnLink { prefix }), "says which network is on that LAN and takes no gateway; if none is said, all are"),
        row(&["-onlink"], Shape::Prefix(|prefix| Verb::DeleteOnLink { prefix }), "does not say so of it"),
        row(&["dhcp"], Shape::Plain(|| Verb::Dhcp { on: true }), "lets a tun that is a member ask that LAN for an IPv4 address and stand for it"),
        row(&["-dhcp"], Shape::Plain(|| Verb::Dhcp { on: false }), "asks for none (default)"),
    ]},
    Section { title: "Address table", keywords: &[
        row(&["static"], Shape::Static, "enters an address that neither ages nor moves; the address may be written MAC@VID"),
        row(&["deladdr"], Shape::DeleteMac, "removes an address, without a VLAN the one outside any"),
        row(&["flush"], Shape::Plain(|| Verb::Flush), "forgets the addresses that age"),
        row(&["flushall"], Shape::Plain(|| Verb::FlushAll), "forgets every address"),
    ]},
    Section { title: "Reading", keywords: &[
        row(&["addr"], Shape::Read(Reading::Addresses), "prints the address table; must be the last verb"),
        row(&["-v"], Shape::Read(Reading::Verbose), "shows the interface with its counters, as the option does"),
        row(&["-j"], Shape::Read(Reading::Json), "prints JSON, as the option does"),
    ]},
    Section { title: "Not supported", keywords: &[
        row(&["rule", "rules", "rulefile", "flushrule"], Shape::Unsupported(INSTEAD_OF_RULES), "filter rules of OpenBSD"),
        row(&["blocknonip", "-blocknonip"], Shape::Unsupported(INSTEAD_OF_RULES), "OpenBSD's filter for IP"),
        row(&["name"], Shape::Unsupported(NO_RENAMING), "renaming"),
        row(&["vnet", "-vnet"], Shape::Unsupported(INSTEAD_OF_STACKS), "FreeBSD's network stacks"),
        row(&["monitor", "-monitor"], Shape::Unsupported("put the host's address on another interface"), "FreeBSD's monitor mode"),
        row(&["metric"], Shape::Unsupported("routes carry the metric"), "the routing metric"),
    ]},
];

#[cfg(test)]
mod tests;
