//! The words after the interface.

use crate::ifconfig::accounts::Accounts;
use crate::ifconfig::address;
use crate::ifconfig::arguments::{Arguments, Words, bad, vlan, vlan_set};
use crate::ifconfig::command::{Style, Verbosity};
use crate::ifconfig::device::is_device;
use crate::ifconfig::error::{UsageError, What};
use crate::ifconfig::keywords::{self, Keyword, Reading, Shape};
use frame::{Tpid, Vid};
use kernel_glue::admin::{StpProtocol, Verb};

/// What the words of a line say, besides the interface.
#[derive(Default)]
pub(super) struct Parsed {
    /// What to change, in order.
    pub(super) verbs: Vec<Verb>,
    /// Whether to read the address table afterwards.
    pub(super) addresses: bool,
    /// `-v`, if it was said.
    pub(super) verbosity: Option<Verbosity>,
    /// `-j`, if it was said.
    pub(super) style: Option<Style>,
}

/// Reads all words after the interface.
pub(super) fn parse(interface: &str, words: &[&str]) -> Result<Parsed, UsageError> {
    let mut words = Words::new(words);
    let mut parsed = Parsed::default();
    while let Some(verb) = words.peek() {
        let keyword = row(verb, words.peek_second())?;
        // A bare address is its own first argument.
        if !address::is_address(verb) {
            words.next();
        }
        parsed.read(interface, &mut Arguments { words: &mut words, verb, keyword })?;
    }
    Ok(parsed)
}

/// Finds the row of a word; `add` and a bare word begin an IP address if they look like one.
fn row(verb: &str, next: Option<&str>) -> Result<&'static Keyword, UsageError> {
    let adds_address = address::is_address(verb) || verb == "add" && next.is_some_and(address::is_address);
    let word = if adds_address { "alias" } else { verb };
    keywords::expect(word)
}

impl Parsed {
    /// Reads one verb with its arguments.
    fn read(&mut self, interface: &str, from: &mut Arguments<'_, '_>) -> Result<(), UsageError> {
        let verb = match &from.keyword.shape {
            Shape::Plain(verb) => verb(),
            Shape::U8(_, verb) => verb(from.number()?),
            Shape::U16(_, verb) => verb(from.number()?),
            Shape::U32(_, verb) => verb(from.number()?),
            Shape::Vlan(verb) => verb(from.vlan(What::VlanId)?),
            Shape::Mac(verb) => verb(from.mac()?),
            Shape::Text(verb) => verb(from.word()?.to_owned()),
            Shape::StpProtocol => stp_protocol(from)?,
            Shape::Member(verb) => verb(from.interface()?),
            &Shape::Flag(flag) => Verb::SetFlag { member: from.interface()?, flag, on: true },
            &Shape::FlagOff(flag) => Verb::SetFlag { member: from.interface()?, flag, on: false },
            Shape::Suppress => Verb::Suppress { member: from.interface()?, vlans: from.optional_set()?, on: true },
            Shape::SuppressOff => Verb::Suppress { member: from.interface()?, vlans: from.optional_set()?, on: false },
            Shape::MemberU8(_, verb) => verb(from.interface()?, from.number()?),
            Shape::MemberU32(_, verb) => verb(from.interface()?, from.number()?),
            Shape::MemberVlan(verb) => verb(from.interface()?, member_vlan(from)?),
            Shape::MemberSet(verb) => verb(from.interface()?, from.vlan_set()?),
            Shape::MemberSignedSet => signed_set(from)?,
            Shape::MemberVlanProtocol => vlan_protocol(from)?,
            Shape::MemberGroups => Verb::Protected { member: from.interface()?, groups: from.groups()? },
            Shape::Storm => Verb::Storm {
                member: from.interface()?,
                class: from.storm_class()?,
                frames_per_second: Some(from.number()?),
            },
            Shape::StormOff => {
                Verb::Storm { member: from.interface()?, class: from.storm_class()?, frames_per_second: None }
            }
            Shape::AddMember => add_member(from)?,
            Shape::Static => {
                let member = from.interface()?;
                let (address, vid) = from.mac_in_vlan()?;
                Verb::Static { member, address, vid }
            }
            Shape::DeleteMac => {
                let (address, vid) = from.mac_in_vlan()?;
                Verb::DeleteMac { address, vid }
            }
            Shape::User(verb) => verb(Accounts::Users.number(from.word()?)?),
            // Elsewhere the word names a group of interfaces, which no file of accounts has.
            Shape::Group(_) if !is_device(interface) => {
                return Err(UsageError::NotSupported { verb: from.verb.to_owned(), remedy: NO_GROUPS });
            }
            Shape::Group(verb) => verb(Accounts::Groups.number(from.word()?)?),
            Shape::Mode => Verb::Mode { mode: from.mode()? },
            Shape::Carrier => Verb::Carrier { carrier: from.carrier()? },
            Shape::Prefix(verb) => verb(from.prefix()?),
            Shape::Ip(verb) => verb(from.ip()?),
            Shape::Topology => Verb::Topology { topology: Some(from.topology()?) },
            Shape::Mss => Verb::Mss { mss: from.mss()? },
            &Shape::Address(clause) => address::read(interface, clause, from)?,
            Shape::AddressOption(_) if address::is_late_mask(from, &self.verbs)? => return Ok(()),
            Shape::AddressOption(_) => return Err(UsageError::Usage(ADDRESS_USAGE)),
            Shape::Read(Reading::Addresses) => {
                self.addresses = true;
                return Ok(());
            }
            Shape::Read(Reading::Verbose) => {
                self.verbosity = Some(Verbosity::Verbose);
                return Ok(());
            }
            Shape::Read(Reading::Json) => {
                self.style = Some(Style::Json);
                return Ok(());
            }
            Shape::Unsupported(remedy) => return Err(UsageError::NotSupported { verb: from.verb.to_owned(), remedy }),
        };
        if self.addresses {
            return Err(UsageError::ReadsLast("addr"));
        }
        self.verbs.push(verb);
        Ok(())
    }
}

/// `addm IF` and its options, which end at the first other word.
fn add_member(from: &mut Arguments<'_, '_>) -> Result<Verb, UsageError> {
    let member = from.interface()?;
    let (mut untagged, mut tagged) = (None, None);
    loop {
        if from.words.take_if("untagged") {
            let word = from.words.next().ok_or(UsageError::Usage("untagged <vlan id>"))?;
            untagged = Some(vlan(word, What::VlanIdentifier)?);
        } else if from.words.take_if("tagged") {
            let word = from.words.next().ok_or(UsageError::Usage("tagged <vlan set>"))?;
            tagged = Some(vlan_set(word)?);
        } else {
            return Ok(Verb::AddMember { member, untagged, tagged });
        }
    }
}

/// The PVID; OpenBSD's `passthrough` in its place has no counterpart.
fn member_vlan(from: &mut Arguments<'_, '_>) -> Result<Vid, UsageError> {
    if from.words.take_if("passthrough") {
        return Err(UsageError::NotSupported { verb: "passthrough".to_owned(), remedy: NO_PASSTHROUGH });
    }
    from.vlan(What::VlanIdentifier)
}

fn signed_set(from: &mut Arguments<'_, '_>) -> Result<Verb, UsageError> {
    let member = from.interface()?;
    let word = from.word()?;
    if let Some(set) = word.strip_prefix('+') {
        return Ok(Verb::IfTaggedAdd { member, set: vlan_set(set)? });
    }
    if let Some(set) = word.strip_prefix('-') {
        return Ok(Verb::IfTaggedRemove { member, set: vlan_set(set)? });
    }
    Ok(Verb::IfTagged { member, set: vlan_set(word)? })
}

fn vlan_protocol(from: &mut Arguments<'_, '_>) -> Result<Verb, UsageError> {
    let member = from.interface()?;
    let protocol = match from.word()? {
        "802.1q" => Tpid::Dot1q,
        "802.1ad" => Tpid::Dot1ad,
        word => return Err(bad(What::VlanProtocol, word, "use 802.1q or 802.1ad")),
    };
    Ok(Verb::IfVlanProtocol { member, protocol })
}

fn stp_protocol(from: &mut Arguments<'_, '_>) -> Result<Verb, UsageError> {
    let protocol = match from.word()? {
        word if word.eq_ignore_ascii_case("stp") => StpProtocol::Stp,
        word if word.eq_ignore_ascii_case("rstp") => StpProtocol::Rstp,
        word => return Err(bad(What::StpProtocol, word, "use stp or rstp")),
    };
    Ok(Verb::Protocol { protocol })
}

const ADDRESS_USAGE: &str =
    "inet <address>[/<length>] [<destination>] [netmask <mask>] [broadcast <address>] [alias|-alias]";
const NO_GROUPS: &str = "an interface is in the group of its kind; only the node of a tap or tun is somebody's";
const NO_PASSTHROUGH: &str = "use -ifuntagged to put untagged frames into no VLAN";
