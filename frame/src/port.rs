//! Bridge ports and sets of them.

use core::fmt;

/// Ports that one bridge can have, the host port included.
pub const MAX_PORTS: usize = 1024;

/// A port of a bridge, 0..1024.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PortId(u16);

impl PortId {
    /// The port through which the host itself is on the bridge.
    pub const HOST: Self = Self(0);

    /// Returns the port of that number, `None` from [`MAX_PORTS`] up.
    pub const fn new(number: u16) -> Option<Self> {
        if (number as usize) < MAX_PORTS { Some(Self(number)) } else { None }
    }

    /// Returns the port of the low ten bits of `number`.
    #[inline]
    pub const fn from_low_bits(number: u64) -> Self {
        Self((number & (MAX_PORTS as u64 - 1)) as u16)
    }

    /// Returns the number.
    #[inline]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Returns the number as an index into an array of [`MAX_PORTS`].
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for PortId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

const WORDS: usize = MAX_PORTS / 64;

/// A set of ports, 128 bytes.
#[derive(Clone, Eq, PartialEq)]
pub struct PortSet([u64; WORDS]);

impl PortSet {
    /// No port.
    pub const EMPTY: Self = Self([0; WORDS]);
    /// How many 64-bit words a set has.
    pub const WORDS: usize = WORDS;

    /// Adds a port.
    pub fn insert(&mut self, port: PortId) {
        if let Some(word) = self.0.get_mut(port.index() / 64) {
            *word |= 1 << (port.get() % 64);
        }
    }

    /// Removes a port.
    pub fn remove(&mut self, port: PortId) {
        if let Some(word) = self.0.get_mut(port.index() / 64) {
            *word &= !(1 << (port.get() % 64));
        }
    }

    /// Returns whether a port is a member.
    #[inline]
    pub fn contains(&self, port: PortId) -> bool {
        self.word(port.index() / 64) >> (port.get() % 64) & 1 == 1
    }

    /// Returns whether no port is a member.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }

    /// Returns how many ports are members.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Returns the ports 64·`index` to 64·`index`+63 as bits, lowest first; 0 past the end.
    #[inline]
    pub fn word(&self, index: usize) -> u64 {
        self.0.get(index).copied().unwrap_or(0)
    }

    /// Iterates over the members, ascending.
    pub fn iter(&self) -> impl Iterator<Item = PortId> + '_ {
        (0..WORDS).flat_map(|index| {
            let mut word = self.word(index);
            core::iter::from_fn(move || {
                if word == 0 {
                    return None;
                }
                let bit = u64::from(word.trailing_zeros());
                word &= word.wrapping_sub(1);
                Some(PortId::from_low_bits(index as u64 * 64 + bit))
            })
        })
    }
}

impl Default for PortSet {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl FromIterator<PortId> for PortSet {
    fn from_iter<I: IntoIterator<Item = PortId>>(ports: I) -> Self {
        let mut set = Self::EMPTY;
        for port in ports {
            set.insert(port);
        }
        set
    }
}

impl fmt::Debug for PortSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.iter().map(PortId::get)).finish()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    #[test]
    fn bounds() {
        assert!(PortId::new(1023).is_some());
        assert!(PortId::new(1024).is_none());
        assert_eq!(PortId::from_low_bits(0xffff_ffff_ffff_fc05).get(), 5);
    }

    #[test]
    fn members_come_back_in_order() {
        let numbers = [0, 1, 63, 64, 65, 127, 512, 1023];
        let mut set: PortSet = numbers.iter().rev().filter_map(|&n| PortId::new(n)).collect();
        assert_eq!(set.iter().map(PortId::get).collect::<Vec<_>>(), numbers);
        assert_eq!(set.len(), numbers.len());
        for &number in &numbers {
            let port = PortId::new(number).unwrap();
            assert!(set.contains(port));
            set.remove(port);
            assert!(!set.contains(port));
        }
        assert!(set.is_empty());
    }
}
