//! Sets of VLAN IDs, as `iftagged` takes and `ifconfig` prints them.

use crate::Vid;
use alloc::boxed::Box;
use core::fmt;
use core::str::FromStr;

const WORDS: usize = 64;

/// A set of VLAN IDs, 512 bytes on the heap; the empty set, which most are, takes none.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct VidSet(
    /// `None` for the empty set, and for no other.
    Option<Box<[u64; WORDS]>>,
);

impl VidSet {
    /// No VLAN.
    pub const EMPTY: Self = Self(None);

    /// Returns every VLAN, 1..=4094.
    pub fn all() -> Self {
        let mut words = Box::new([u64::MAX; WORDS]);
        if let [first, .., last] = words.as_mut_slice() {
            (*first, *last) = (!1, u64::MAX >> 1);
        }
        Self(Some(words))
    }

    /// Adds a VLAN.
    pub fn insert(&mut self, vid: Vid) {
        let words = self.0.get_or_insert_with(|| Box::new([0; WORDS]));
        if let Some(word) = words.get_mut(usize::from(vid.get() / 64)) {
            *word |= 1 << (vid.get() % 64);
        }
    }

    /// Returns whether a VLAN is a member.
    #[inline]
    pub fn contains(&self, vid: Vid) -> bool {
        let word = self.words().get(usize::from(vid.get() / 64)).copied().unwrap_or(0);
        word >> (vid.get() % 64) & 1 == 1
    }

    /// Returns whether no VLAN is a member.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the VLANs of either set.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        match &mut self.0 {
            None => other.clone(),
            Some(words) => {
                for (word, more) in words.iter_mut().zip(other.words()) {
                    *word |= more;
                }
                self
            }
        }
    }

    /// Returns the VLANs of this set that are not in the other.
    #[must_use]
    pub fn minus(mut self, other: &Self) -> Self {
        let Some(words) = &mut self.0 else { return self };
        for (word, less) in words.iter_mut().zip(other.words()) {
            *word &= !less;
        }
        if words.iter().all(|&word| word == 0) { Self::EMPTY } else { self }
    }

    fn words(&self) -> &[u64] {
        self.0.as_deref().map_or(&[], |words| words)
    }

    /// Iterates over the members, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Vid> + '_ {
        (1..4095).filter_map(Vid::new).filter(|&vid| self.contains(vid))
    }

    /// Iterates over maximal runs, ascending, both ends included.
    pub fn ranges(&self) -> impl Iterator<Item = (Vid, Vid)> + '_ {
        let mut members = self.iter().peekable();
        core::iter::from_fn(move || {
            let first = members.next()?;
            let mut last = first;
            while let Some(next) = members.next_if(|next| next.get() == last.get().saturating_add(1)) {
                last = next;
            }
            Some((first, last))
        })
    }
}

impl fmt::Debug for VidSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "VidSet({self})")
    }
}

impl fmt::Display for VidSet {
    /// Prints merged ranges, `20,100-199`; `none` for the empty set.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return out.write_str("none");
        }
        let mut comma = "";
        for (first, last) in self.ranges() {
            if first == last {
                write!(out, "{comma}{first}")?;
            } else {
                write!(out, "{comma}{first}-{last}")?;
            }
            comma = ",";
        }
        Ok(())
    }
}

/// Text that is not a VLAN set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ParseVidSetError;

impl fmt::Display for ParseVidSetError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("not 'none', 'all' or a comma list of VLAN IDs and ascending ranges in 1..4094")
    }
}

impl core::error::Error for ParseVidSetError {}

impl FromStr for VidSet {
    type Err = ParseVidSetError;

    /// Parses `none`, `all`, or `item{,item}` with `item` a VLAN ID or an ascending range, base 10.
    fn from_str(text: &str) -> Result<Self, ParseVidSetError> {
        match text {
            "none" => return Ok(Self::EMPTY),
            "all" => return Ok(Self::all()),
            _ => {}
        }
        let mut set = Self::EMPTY;
        for item in text.split(',') {
            let (first, last) = item.split_once('-').unwrap_or((item, item));
            let (first, last) = (parse_vid(first)?, parse_vid(last)?);
            if first > last {
                return Err(ParseVidSetError);
            }
            for vid in (first.get()..=last.get()).filter_map(Vid::new) {
                set.insert(vid);
            }
        }
        Ok(set)
    }
}

fn parse_vid(text: &str) -> Result<Vid, ParseVidSetError> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.and_then(Vid::new).ok_or(ParseVidSetError)
}

#[cfg(feature = "serde")]
mod serde_text {
    use super::VidSet;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    impl Serialize for VidSet {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.collect_str(self)
        }
    }

    impl<'de> Deserialize<'de> for VidSet {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let text = alloc::string::String::deserialize(from)?;
            text.parse().map_err(D::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests;
