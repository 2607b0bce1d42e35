//! In which VLANs something is suppressed.

use core::fmt;
use core::str::FromStr;
use frame::{ParseVidSetError, Vid, VidSet};

/// VLANs in which something is suppressed, as text `all`, `none`, `20,30-40` or `untagged,20`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Suppress {
    /// Also what is in no VLAN.
    pub untagged: bool,
    /// The VLANs.
    pub vlans: VidSet,
}

impl Suppress {
    /// Returns what suppresses everywhere.
    pub fn everywhere() -> Self {
        Self { untagged: true, vlans: VidSet::all() }
    }

    /// Returns whether nothing is suppressed.
    pub fn is_off(&self) -> bool {
        !self.untagged && self.vlans.is_empty()
    }

    /// Returns whether something is suppressed in a VLAN, 0 outside any.
    pub fn covers(&self, vid: u16) -> bool {
        Vid::new(vid).map_or(self.untagged && vid == 0, |vid| self.vlans.contains(vid))
    }
}

impl fmt::Display for Suppress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.untagged, self.vlans.is_empty()) {
            _ if *self == Self::everywhere() => out.write_str("all"),
            (true, true) => out.write_str(UNTAGGED),
            (true, false) => write!(out, "{UNTAGGED},{}", self.vlans),
            (false, _) => self.vlans.fmt(out),
        }
    }
}

impl FromStr for Suppress {
    type Err = ParseVidSetError;

    fn from_str(text: &str) -> Result<Self, ParseVidSetError> {
        match text.split_once(',') {
            _ if text == "all" => Ok(Self::everywhere()),
            _ if text == UNTAGGED => Ok(Self { untagged: true, vlans: VidSet::EMPTY }),
            Some((UNTAGGED, vlans)) => Ok(Self { untagged: true, vlans: vlans.parse()? }),
            Some(_) | None => Ok(Self { untagged: false, vlans: text.parse()? }),
        }
    }
}

const UNTAGGED: &str = "untagged";

#[cfg(test)]
mod tests;
