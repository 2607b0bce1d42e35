//! Sets of VLAN IDs, as `iftagged` takes and `ifconfig` prints them.

use crate::Vid;
use alloc::boxed::Box;
use core::fmt;
use core::str::FromStr;

const WORDS: usize = 64;

/// A set of VLAN IDs. What is neither empty nor everything lies on the heap: by value it would fill half of what a
/// kernel thread may have on its stack.
#[derive(Clone)]
pub struct VidSet(Repr);

#[derive(Clone)]
enum Repr {
    Empty,
    All,
    Words(Box<[u64; WORDS]>),
}

impl VidSet {
    /// No VLAN.
    pub const EMPTY: Self = Self(Repr::Empty);

    /// Returns every VLAN, 1..=4094.
    pub const fn all() -> Self {
        Self(Repr::All)
    }

    /// Adds a VLAN.
    pub fn insert(&mut self, vid: Vid) {
        if self.contains(vid) {
            return;
        }
        if let Some(word) = self.words_mut().get_mut(usize::from(vid.get() / 64)) {
            *word |= 1 << (vid.get() % 64);
        }
    }

    /// Returns whether a VLAN is a member.
    #[inline]
    pub fn contains(&self, vid: Vid) -> bool {
        self.word(usize::from(vid.get() / 64)) >> (vid.get() % 64) & 1 == 1
    }

    /// Returns whether no VLAN is a member.
    pub fn is_empty(&self) -> bool {
        self.words().all(|word| word == 0)
    }

    /// Returns the VLANs of either set.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        if !other.is_empty() {
            self.words_mut().iter_mut().zip(other.words()).for_each(|(word, more)| *word |= more);
        }
        self
    }

    /// Returns the VLANs of this set that are not in the other.
    #[must_use]
    pub fn minus(mut self, other: &Self) -> Self {
        if !other.is_empty() {
            self.words_mut().iter_mut().zip(other.words()).for_each(|(word, less)| *word &= !less);
        }
        self
    }

    #[inline]
    fn word(&self, index: usize) -> u64 {
        match &self.0 {
            Repr::Empty => 0,
            Repr::All => ALL.get(index).copied().unwrap_or(0),
            Repr::Words(words) => words.get(index).copied().unwrap_or(0),
        }
    }

    fn words(&self) -> impl Iterator<Item = u64> + '_ {
        (0..WORDS).map(|index| self.word(index))
    }

    fn words_mut(&mut self) -> &mut [u64; WORDS] {
        loop {
            match self.0 {
                Repr::Words(ref mut words) => return words,
                Repr::Empty => self.0 = Repr::Words(Box::new([0; WORDS])),
                Repr::All => self.0 = Repr::Words(Box::new(ALL)),
            }
        }
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

/// Every VLAN.
static ALL: [u64; WORDS] = {
    let mut words = [u64::MAX; WORDS];
    words[0] = !1;
    words[WORDS - 1] = u64::MAX >> 1;
    words
};

impl PartialEq for VidSet {
    fn eq(&self, other: &Self) -> bool {
        self.words().eq(other.words())
    }
}

impl Eq for VidSet {}

impl Default for VidSet {
    fn default() -> Self {
        Self::EMPTY
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
