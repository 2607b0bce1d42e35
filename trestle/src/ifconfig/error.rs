//! Why a command line cannot be understood, in the words that scripts know, and how to write it instead.

use std::error::Error;
use std::ffi::OsString;
use std::fmt::{self, Write};

/// A command line that says nothing definite. Printed after `ifconfig: `.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum UsageError {
    /// An argument that is not text.
    NotUtf8(OsString),
    /// An option that does not exist, or that lacks its argument.
    Option(String),
    /// A word that nothing takes, after a form of `ifconfig` that is complete.
    Unexpected {
        /// The word.
        word: String,
        /// What it follows.
        after: &'static str,
    },
    /// A word that is no verb.
    UnknownVerb {
        /// The word.
        word: String,
        /// The verb that differs least.
        nearest: Option<&'static str>,
    },
    /// A verb where the interface belongs.
    InterfaceFirst(String),
    /// A verb without all of its arguments.
    Missing {
        /// The verb, as written.
        verb: String,
        /// How many it takes.
        count: usize,
        /// How to write it.
        synopsis: String,
    },
    /// Arguments that do not fit; the whole text, for verbs that print their own.
    Usage(&'static str),
    /// An argument that means nothing.
    Bad {
        /// What it should have been.
        what: What,
        /// The argument.
        word: String,
        /// What would do.
        remedy: String,
    },
    /// A verb of other systems.
    NotSupported {
        /// The verb.
        verb: String,
        /// What to use instead, or why there is nothing.
        remedy: &'static str,
    },
    /// A verb after one that reads.
    ReadsLast(&'static str),
    /// To show an interface whose name is only known once it was made.
    Unnamed(String),
}

/// What an argument should have been.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum What {
    /// A number that fits.
    Value,
    /// The PVID of a member.
    VlanIdentifier,
    /// A VLAN elsewhere.
    VlanId,
    /// A set of VLANs.
    VlanSet,
    /// A MAC or IP address.
    Address,
    /// A network mask.
    Netmask,
    /// A prefix length.
    PrefixLength,
    /// A broadcast address.
    Broadcast,
    /// The address at the other end, which only point-to-point links have.
    Destination,
    /// Groups of protected members.
    ProtectedGroups,
    /// A class of traffic.
    StormClass,
    /// A spanning tree protocol.
    StpProtocol,
    /// A tag protocol.
    VlanProtocol,
    /// A user.
    User,
    /// A group of users.
    Group,
    /// Permissions.
    Mode,
    /// What decides on a medium.
    Carrier,
    /// An IP address or a network.
    Prefix,
    /// How addresses lie to each other.
    Topology,
}

impl fmt::Display for What {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Value => "invalid value",
            Self::VlanIdentifier => "invalid VLAN identifier",
            Self::VlanId => "invalid vlan id",
            Self::VlanSet => "invalid vlan set",
            Self::Address => "invalid address",
            Self::Netmask => "invalid netmask",
            Self::PrefixLength => "invalid prefix length",
            Self::Broadcast => "invalid broadcast address",
            Self::Destination => "invalid destination",
            Self::ProtectedGroups => "invalid protected groups",
            Self::StormClass => "unknown storm class",
            Self::StpProtocol => "unknown stp protocol",
            Self::VlanProtocol => "unrecognised VLAN protocol",
            Self::User => "unknown user",
            Self::Group => "unknown group",
            Self::Mode => "invalid mode",
            Self::Carrier => "unknown carrier",
            Self::Prefix => "invalid address or network",
            Self::Topology => "unknown topology",
        })
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8(argument) => write!(out, "argument is not UTF-8: {argument:?}"),
            Self::Option(text) => write!(out, "{text}\n{}", super::help::SYNOPSIS.trim_end()),
            Self::Unexpected { word, after } => {
                write!(out, "unexpected argument: {}: nothing may follow {after}", Shown(word))
            }
            Self::UnknownVerb { word, nearest: Some(nearest) } => {
                write!(out, "unknown verb: {}: did you mean '{nearest}'?", Shown(word))
            }
            Self::UnknownVerb { word, nearest: None } => {
                write!(out, "unknown verb: {}: 'ifconfig help' lists the verbs", Shown(word))
            }
            Self::InterfaceFirst(verb) => {
                write!(
                    out,
                    "interface {verb} does not exist: the interface comes before the verb: ifconfig bridge0 {verb}"
                )
            }
            Self::Missing { verb, count: 0 | 1, synopsis } => {
                write!(out, "'{verb}' requires argument: {synopsis}")
            }
            Self::Missing { verb, count, synopsis } => {
                write!(out, "'{verb}' requires {count} arguments: {synopsis}")
            }
            Self::Usage(text) => write!(out, "usage: {text}"),
            Self::Bad { what, word, remedy } => write!(out, "{what}: {}: {remedy}", Shown(word)),
            Self::NotSupported { verb, remedy } => write!(out, "'{verb}' is not supported: {remedy}"),
            Self::ReadsLast(verb) => write!(out, "'{verb}' reads: it must be the last verb of the line"),
            Self::Unnamed(interface) => {
                write!(out, "'{0}' has no unit number to read from: write ifconfig {0}0", Shown(interface))
            }
        }
    }
}

impl Error for UsageError {}

/// A word as it was written, except for control characters, which are escaped.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            c if c.is_control() => c.escape_default().fmt(out),
            c => out.write_char(c),
        })
    }
}
