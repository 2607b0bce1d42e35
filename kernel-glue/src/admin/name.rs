//! Names of interfaces that can be created: a kind and a unit, `bridge0`, or a kind alone, which asks for any unit.

use super::report::InterfaceKind;
use alloc::string::{String, ToString};
use core::fmt;

/// The highest unit, FreeBSD's `IF_MAXUNIT`.
pub const MAX_UNIT: u16 = 0x7fff;
/// What a name of ours says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Name {
    /// `bridge`: any unit of the kind.
    Any(InterfaceKind),
    /// `bridge7`.
    Unit(InterfaceKind, u16),
}

/// Why a name can not be one of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NameError {
    /// It begins with no kind that can be created.
    Kind,
    /// What follows the kind is not a number 0..=32767 in its shortest form.
    Unit,
}

impl fmt::Display for NameError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Kind => {
                "only bridge, vport, tap and tun interfaces can be created; name one bridge0, vport0, tap0 or tun0"
            }
            Self::Unit => "the unit is a number 0..32767 without leading zeros; leave it out to be given a free one",
        })
    }
}

impl Name {
    /// Reads a name.
    ///
    /// # Errors
    /// [`NameError`] for one that is none of ours.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let kinds = [InterfaceKind::Bridge, InterfaceKind::Vport, InterfaceKind::Tap, InterfaceKind::Tun];
        let (kind, unit) =
            kinds.iter().find_map(|&kind| Some((kind, text.strip_prefix(kind.group())?))).ok_or(NameError::Kind)?;
        if unit.is_empty() {
            return Ok(Self::Any(kind));
        }
        if unit.bytes().any(|b| !b.is_ascii_digit()) || (unit.starts_with('0') && unit.len() > 1) {
            return Err(NameError::Unit);
        }
        let number = unit.parse().ok().filter(|&number| number <= MAX_UNIT).ok_or(NameError::Unit)?;
        Ok(Self::Unit(kind, number))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(kind) => out.write_str(kind.group()),
            Self::Unit(kind, unit) => write!(out, "{}{unit}", kind.group()),
        }
    }
}

/// Returns the name of one unit.
pub(super) fn of_unit(kind: InterfaceKind, unit: u16) -> String {
    Name::Unit(kind, unit).to_string()
}

#[cfg(test)]
mod tests {
    use super::InterfaceKind::{Bridge, Tap, Tun, Vport};
    use super::*;

    #[test]
    fn names() {
        #[rustfmt::skip]
        let rows = [
            ("bridge",       Ok(Name::Any(Bridge))),
            ("vport",        Ok(Name::Any(Vport))),
            ("bridge0",      Ok(Name::Unit(Bridge, 0))),
            ("vport32767",   Ok(Name::Unit(Vport, 32767))),
            ("bridge32768",  Err(NameError::Unit)),
            ("bridge99999",  Err(NameError::Unit)),
            ("bridge00",     Err(NameError::Unit)),
            ("bridge-1",     Err(NameError::Unit)),
            ("bridge+1",     Err(NameError::Unit)),
            ("bridge0x1",    Err(NameError::Unit)),
            ("bridge1a",     Err(NameError::Unit)),
            ("bridgé1",      Err(NameError::Kind)),
            ("tap",          Ok(Name::Any(Tap))),
            ("tap0",         Ok(Name::Unit(Tap, 0))),
            ("tun32767",     Ok(Name::Unit(Tun, 32767))),
            ("tun/0",        Err(NameError::Unit)),
            ("ppp0",         Err(NameError::Kind)),
            ("Bridge0",      Err(NameError::Kind)),
            ("",             Err(NameError::Kind)),
        ];
        for (text, want) in rows {
            assert_eq!(Name::parse(text), want, "{text}");
        }
    }
}
