//! The shapes that a verb's arguments have.

use arp::Prefix;
use core::net::IpAddr;
use frame::{Mac, Vid, VidSet};
use kernel_glue::admin::{MemberFlag, Verb};

/// What a keyword takes, and the verb that this makes.
pub(in crate::ifconfig) enum Shape {
    Plain(fn() -> Verb),
    U8(Number, fn(u8) -> Verb),
    U16(Number, fn(u16) -> Verb),
    U32(Number, fn(u32) -> Verb),
    Vlan(fn(Vid) -> Verb),
    Mac(fn(Mac) -> Verb),
    Text(fn(String) -> Verb),
    StpProtocol,
    Member(fn(String) -> Verb),
    Flag(MemberFlag),
    FlagOff(MemberFlag),
    /// A set that may be left out.
    Suppress,
    SuppressOff,
    MemberU8(Number, fn(String, u8) -> Verb),
    MemberU32(Number, fn(String, u32) -> Verb),
    MemberVlan(fn(String, Vid) -> Verb),
    MemberSet(fn(String, VidSet) -> Verb),
    /// A set that `+` or `-` may precede.
    MemberSignedSet,
    MemberVlanProtocol,
    MemberGroups,
    Storm,
    StormOff,
    AddMember,
    Static,
    DeleteMac,
    /// A user, by name or number.
    User(fn(u32) -> Verb),
    /// A group of users, by name or number.
    Group(fn(u32) -> Verb),
    /// Permissions in octal.
    Mode,
    Carrier,
    /// A single IP address or a network, `A` or `A/N`.
    Prefix(fn(Prefix) -> Verb),
    /// A single IP address.
    Ip(fn(IpAddr) -> Verb),
    Topology,
    /// A number of bytes or `auto`.
    Mss,
    /// Begins an IP address with its options.
    Address(Clause),
    /// An option of an IP address.
    AddressOption(&'static str),
    /// Reads; changes nothing.
    Read(Reading),
    /// A verb of other systems, with what to say of it.
    Unsupported(&'static str),
}

/// A number's name and range in the manual. The range is not checked here, where the system's word for the verb is
/// not known.
pub(in crate::ifconfig) struct Number {
    pub(in crate::ifconfig) name: &'static str,
    pub(in crate::ifconfig) range: &'static str,
}

/// What a word that begins an IP address says of it.
#[derive(Clone, Copy)]
pub(in crate::ifconfig) enum Clause {
    Inet,
    Inet6,
    Add,
    Delete,
}

/// What a word that reads asks for.
#[derive(Clone, Copy)]
pub(in crate::ifconfig) enum Reading {
    Addresses,
    Verbose,
    Json,
}

impl Shape {
    /// Returns the names of the arguments that must be there.
    pub(in crate::ifconfig) fn required(&self) -> Vec<&'static str> {
        match self {
            Self::Plain(_) | Self::Read(_) | Self::Unsupported(_) => vec![],
            Self::U8(number, _) | Self::U16(number, _) | Self::U32(number, _) => vec![number.name],
            Self::Vlan(_) => vec!["vlan id"],
            Self::Mac(_) | Self::DeleteMac | Self::Address(_) => vec!["address"],
            Self::Text(_) => vec!["text"],
            Self::StpProtocol => vec!["stp|rstp"],
            Self::Member(_) | Self::Flag(_) | Self::FlagOff(_) | Self::AddMember => vec!["interface"],
            Self::Suppress | Self::SuppressOff => vec!["interface"],
            Self::MemberU8(number, _) | Self::MemberU32(number, _) => vec!["interface", number.name],
            Self::MemberVlan(_) => vec!["interface", "vlan id"],
            Self::MemberSet(_) => vec!["interface", "vlan set"],
            Self::MemberSignedSet => vec!["interface", "[+|-]vlan set"],
            Self::MemberVlanProtocol => vec!["interface", "802.1q|802.1ad"],
            Self::MemberGroups => vec!["interface", "groups"],
            Self::Storm => vec!["interface", "broadcast|multicast|unknown", "frames a second"],
            Self::StormOff => vec!["interface", "broadcast|multicast|unknown"],
            Self::Static => vec!["interface", "address"],
            Self::User(_) => vec!["user"],
            Self::Group(_) => vec!["group"],
            Self::Mode => vec!["mode"],
            Self::Carrier => vec!["auto|up|down"],
            Self::Prefix(_) => vec!["address[/length]"],
            Self::Ip(_) => vec!["address"],
            Self::Topology => vec!["p2p|net30|subnet"],
            Self::Mss => vec!["bytes|auto"],
            Self::AddressOption(name) => vec![*name],
        }
    }

    /// Returns what may follow the required arguments, as printed.
    pub(in crate::ifconfig) fn optional(&self) -> &'static str {
        match self {
            Self::Suppress | Self::SuppressOff => "[<vlan set>]",
            Self::AddMember => "[untagged <vlan id>] [tagged <vlan set>]",
            Self::Static | Self::DeleteMac => "[vlan <id>]",
            Self::Address(Clause::Inet) => "[<destination>] [netmask <mask>] [broadcast <address>] [alias|-alias]",
            Self::Address(Clause::Inet6) => "[<destination>] [prefixlen <length>] [alias|-alias]",
            Self::Plain(_) | Self::U8(..) | Self::U16(..) | Self::U32(..) | Self::Vlan(_) | Self::Mac(_) => "",
            Self::Text(_) | Self::StpProtocol | Self::Member(_) | Self::Flag(_) | Self::FlagOff(_) => "",
            Self::MemberU8(..) | Self::MemberU32(..) | Self::MemberVlan(_) | Self::MemberSet(_) => "",
            Self::MemberSignedSet | Self::MemberVlanProtocol | Self::MemberGroups | Self::Storm => "",
            Self::StormOff | Self::Address(Clause::Add | Clause::Delete) | Self::AddressOption(_) => "",
            Self::User(_) | Self::Group(_) | Self::Mode | Self::Carrier => "",
            Self::Prefix(_) | Self::Ip(_) | Self::Topology | Self::Mss => "",
            Self::Read(_) | Self::Unsupported(_) => "",
        }
    }

    /// Returns the range of the number that it takes, if it takes one.
    pub(in crate::ifconfig) fn range(&self) -> Option<&'static str> {
        if let Self::U8(number, _)
        | Self::U16(number, _)
        | Self::U32(number, _)
        | Self::MemberU8(number, _)
        | Self::MemberU32(number, _) = self
        {
            return Some(number.range);
        }
        None
    }
}
