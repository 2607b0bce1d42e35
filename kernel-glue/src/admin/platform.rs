//! What differs between systems, as far as rules and their words go.

use super::name::{Name, NameError, of_unit};
use super::report::InterfaceKind;
use super::request::{Change, Verb};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

/// A system that Trestle administers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Platform {
    /// Linux. A member belongs to its bridge whole, and has no address of the host.
    Linux,
    /// Haiku. The host may keep its addresses on a member; names such as `/dev/net/virtio/0` are those of nodes.
    Haiku,
}

impl Platform {
    /// Returns whether the system can have an interface of that name.
    pub fn is_possible_name(self, interface: &str) -> bool {
        match self {
            // `dev_valid_name`; `IFNAMSIZ` less its terminator.
            Self::Linux => {
                interface.len() <= 15
                    && !interface.is_empty()
                    && !matches!(interface, "." | "..")
                    && !interface.chars().any(|c| matches!(c, '/' | ':') || c.is_whitespace() || c.is_control())
            }
            // `IF_NAMESIZE` less its terminator.
            Self::Haiku => {
                interface.len() <= 31
                    && !interface.is_empty()
                    && !interface.chars().any(|c| c.is_whitespace() || c.is_control())
            }
        }
    }

    /// Returns the name of ours for what the system spells otherwise: `tap/0` and `tun/0` on Haiku, whose own driver has
    /// such names.
    pub fn own_name(self, interface: &str) -> Option<String> {
        match self {
            Self::Linux => None,
            Self::Haiku => {
                let (kind, unit) = interface.split_once('/')?;
                match Name::parse(&format!("{kind}{unit}")) {
                    Ok(Name::Unit(kind @ (InterfaceKind::Tap | InterfaceKind::Tun), unit)) => Some(of_unit(kind, unit)),
                    Ok(_) | Err(_) => None,
                }
            }
        }
    }

    /// Replaces other spellings of names of ours.
    pub fn spell(self, change: &mut Change) {
        let Change { interface, verbs } = change;
        for name in core::iter::once(interface).chain(verbs.iter_mut().filter_map(Verb::member_mut)) {
            if let Some(own) = self.own_name(name) {
                *name = own;
            }
        }
    }

    /// Returns the command that lists what the system has.
    pub(super) fn lists(self) -> &'static str {
        match self {
            Self::Linux => "ip link",
            Self::Haiku => "/bin/ifconfig",
        }
    }

    /// Returns the command that shows an interface of the system's own.
    pub(super) fn shows(self, interface: &str) -> String {
        match self {
            Self::Linux => format!("ip link show {interface}"),
            Self::Haiku => format!("/bin/ifconfig {interface}"),
        }
    }

    /// Returns the command that says how interfaces of the system's own are administered.
    pub(super) fn explains(self) -> &'static str {
        match self {
            Self::Linux => "ip link help",
            Self::Haiku => "/bin/ifconfig --help",
        }
    }

    /// Returns the command that removes an interface of the system's own.
    pub(super) fn removes(self, interface: &str) -> String {
        match self {
            Self::Linux => format!("ip link delete {interface}"),
            Self::Haiku => format!("/bin/ifconfig --delete {interface}"),
        }
    }

    /// Returns the kinds of interfaces that are administered, in words.
    pub(super) fn kinds(self) -> &'static str {
        match self {
            Self::Linux => "bridge, vport, tap and tun",
            Self::Haiku => "bridge, tap and tun",
        }
    }

    /// Says why a name is none of ours.
    pub(super) fn names(self, error: NameError) -> String {
        match (self, error) {
            (Self::Haiku, NameError::Kind) => {
                "only bridge, tap and tun interfaces can be created; name one bridge0, tap0 or tun0".to_owned()
            }
            (Self::Linux, NameError::Kind) | (Self::Linux | Self::Haiku, NameError::Unit) => format!("{error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn possible_names() {
        for (text, linux, haiku) in [
            ("eth0", true, true),
            ("enp0s31f6.4094", true, true),
            ("123456789012345", true, true),
            ("1234567890123456", false, true),
            ("/dev/net/virtio/0", false, true),
            ("1234567890123456789012345678901", false, true),
            ("12345678901234567890123456789012", false, false),
            ("", false, false),
            (".", false, true),
            ("a/b", false, true),
            ("a:1", false, true),
            ("a b", false, false),
            ("a\n", false, false),
        ] {
            assert_eq!(Platform::Linux.is_possible_name(text), linux, "{text:?}");
            assert_eq!(Platform::Haiku.is_possible_name(text), haiku, "{text:?}");
        }
    }

    #[test]
    fn other_spellings() {
        for (text, want) in [
            ("tap/0", Some("tap0")),
            ("tun/32767", Some("tun32767")),
            ("tap/", None),
            ("tap/01", None),
            ("tap/0/1", None),
            ("tap/x", None),
            ("bridge/0", None),
            ("tap0", None),
            ("/dev/net/virtio/0", None),
        ] {
            assert_eq!(Platform::Haiku.own_name(text).as_deref(), want, "{text}");
            assert_eq!(Platform::Linux.own_name(text), None);
        }
    }
}
