//! Names of our interfaces.

use core::fmt;
use core::str::FromStr;
use tap::{DeviceName, Kind};

/// What an interface of ours is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum UnitKind {
    /// A bridge, as the host sees it.
    Bridge,
    /// Frames of an application.
    Tap,
    /// IP packets of an application, behind the shim.
    Tun,
}

/// A kind and a number: `bridge0`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct UnitName {
    pub(crate) kind: UnitKind,
    pub(crate) number: u16,
}

/// The text is no name of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Foreign;

impl UnitName {
    /// Returns the device that applications open, unless it is a bridge.
    pub(crate) fn device(self) -> Option<DeviceName> {
        let kind = match self.kind {
            UnitKind::Bridge => return None,
            UnitKind::Tap => Kind::Tap,
            UnitKind::Tun => Kind::Tun,
        };
        Some(DeviceName { kind, unit: self.number })
    }
}

impl From<DeviceName> for UnitName {
    fn from(name: DeviceName) -> Self {
        let kind = match name.kind {
            Kind::Tap => UnitKind::Tap,
            Kind::Tun => UnitKind::Tun,
        };
        Self { kind, number: name.unit }
    }
}

impl FromStr for UnitName {
    type Err = Foreign;

    /// Reads `bridge0`, `tap0` and `tun0`, and `tap/0` and `tun/0`, as Haiku's own driver writes them.
    fn from_str(text: &str) -> Result<Self, Foreign> {
        let Some(number) = text.strip_prefix(BRIDGE) else {
            return text.parse::<DeviceName>().map(Self::from).map_err(|_| Foreign);
        };
        if !number.bytes().all(|byte| byte.is_ascii_digit()) || (number.starts_with('0') && number.len() > 1) {
            return Err(Foreign);
        }
        let number = number.parse().ok().filter(|&number| number <= DeviceName::MAX_UNIT).ok_or(Foreign)?;
        Ok(Self { kind: UnitKind::Bridge, number })
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            UnitKind::Bridge => BRIDGE,
            UnitKind::Tap => Kind::Tap.word(),
            UnitKind::Tun => Kind::Tun.word(),
        };
        write!(out, "{kind}{}", self.number)
    }
}

const BRIDGE: &str = "bridge";

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn names() {
        let name = |kind, number| Ok(UnitName { kind, number });
        #[rustfmt::skip]
        let rows = [
            ("bridge0",      name(UnitKind::Bridge, 0)),
            ("bridge32767",  name(UnitKind::Bridge, 32767)),
            ("tap7",         name(UnitKind::Tap, 7)),
            ("tap/7",        name(UnitKind::Tap, 7)),
            ("tun/0",        name(UnitKind::Tun, 0)),
            ("bridge/0",     Err(Foreign)),
            ("bridge",       Err(Foreign)),
            ("bridge00",     Err(Foreign)),
            ("bridge32768",  Err(Foreign)),
            ("bridge-1",     Err(Foreign)),
            ("tap",          Err(Foreign)),
            ("tap/",         Err(Foreign)),
            ("tap/../x",     Err(Foreign)),
            ("tap/clone",    Err(Foreign)),
            ("loop",         Err(Foreign)),
            ("/dev/net/x/0", Err(Foreign)),
            ("",             Err(Foreign)),
        ];
        for (text, want) in rows {
            assert_eq!(text.parse(), want, "{text}");
        }
        for text in ["bridge3", "tap0", "tun12"] {
            assert_eq!(text.parse::<UnitName>().map(|name| name.to_string()), Ok(text.to_string()));
        }
    }
}
