//! Names of devices and of the nodes by which they are opened.

use core::fmt;
use core::str::FromStr;

/// What one read or write of a device carries.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// An Ethernet frame.
    Tap,
    /// An IP packet.
    Tun,
}

impl Kind {
    /// Returns the word with which every name of the kind begins.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tap => "tap",
            Self::Tun => "tun",
        }
    }
}

/// A kind and a unit: `tap0`, which Haiku writes `tap/0`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DeviceName {
    /// What it carries.
    pub kind: Kind,
    /// 0..=32767.
    pub unit: u16,
}

impl DeviceName {
    /// The highest unit, FreeBSD's `IF_MAXUNIT`.
    pub const MAX_UNIT: u16 = 0x7fff;
}

/// A node that an application opens.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Node {
    /// `net/tun`: the first ioctl says which device, as on Linux.
    Any,
    /// `tap` or `tun`: a device that is made for this open.
    Clone(Kind),
    /// `tap0`: a device that is there.
    Unit(DeviceName),
}

/// Why a text is no name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NameError {
    /// It begins with neither `tap` nor `tun`.
    Kind,
    /// What follows the kind is not a number 0..=32767 in its shortest form.
    Unit,
}

impl fmt::Display for NameError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Kind => "a device name begins with tap or tun",
            Self::Unit => "the unit of a device is a number 0..32767 without leading zeros",
        })
    }
}

impl core::error::Error for NameError {}

impl fmt::Display for DeviceName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.kind.word(), self.unit)
    }
}

impl FromStr for DeviceName {
    type Err = NameError;

    /// Reads `tap0`, and `tap/0`.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let (kind, unit) = split(text)?;
        let unit = unit.strip_prefix('/').unwrap_or(unit);
        if !unit.bytes().all(|byte| byte.is_ascii_digit()) || (unit.starts_with('0') && unit.len() > 1) {
            return Err(NameError::Unit);
        }
        let unit = unit.parse().ok().filter(|&unit| unit <= Self::MAX_UNIT).ok_or(NameError::Unit)?;
        Ok(Self { kind, unit })
    }
}

impl fmt::Display for Node {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => out.write_str("net/tun"),
            Self::Clone(kind) => out.write_str(kind.word()),
            Self::Unit(name) => name.fmt(out),
        }
    }
}

impl FromStr for Node {
    type Err = NameError;

    /// Reads what follows `/dev/`.
    fn from_str(text: &str) -> Result<Self, NameError> {
        if text == "net/tun" {
            return Ok(Self::Any);
        }
        match split(text)? {
            (kind, "") => Ok(Self::Clone(kind)),
            (_, _) => text.parse().map(Self::Unit),
        }
    }
}

fn split(text: &str) -> Result<(Kind, &str), NameError> {
    let found = [Kind::Tap, Kind::Tun].into_iter().find_map(|kind| Some((kind, text.strip_prefix(kind.word())?)));
    found.ok_or(NameError::Kind)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::string::ToString;

    const TAP0: Node = Node::Unit(DeviceName { kind: Kind::Tap, unit: 0 });

    /// Haiku's driver took any name at all: `tap/`, `tap/../x` (defect 21).
    #[test]
    fn defect_21_names() {
        #[rustfmt::skip]
        let rows = [
            ("tap0",      Ok(TAP0)),
            ("tap/0",     Ok(TAP0)),
            ("tun32767",  Ok(Node::Unit(DeviceName { kind: Kind::Tun, unit: 32767 }))),
            ("tap",       Ok(Node::Clone(Kind::Tap))),
            ("tun",       Ok(Node::Clone(Kind::Tun))),
            ("net/tun",   Ok(Node::Any)),
            ("tun32768",  Err(NameError::Unit)),
            ("tap/",      Err(NameError::Unit)),
            ("tap/../x",  Err(NameError::Unit)),
            ("tap//0",    Err(NameError::Unit)),
            ("tap00",     Err(NameError::Unit)),
            ("tap-1",     Err(NameError::Unit)),
            ("tap+1",     Err(NameError::Unit)),
            ("tap0x",     Err(NameError::Unit)),
            ("tapé",      Err(NameError::Unit)),
            ("Tap0",      Err(NameError::Kind)),
            ("eth0",      Err(NameError::Kind)),
            ("",          Err(NameError::Kind)),
        ];
        for (text, want) in rows {
            assert_eq!(text.parse(), want, "{text}");
        }
    }

    #[test]
    fn names_print_as_they_are_read() {
        for text in ["tap0", "tun7", "tap", "tun", "net/tun"] {
            assert_eq!(text.parse::<Node>().unwrap().to_string(), text);
        }
    }
}
