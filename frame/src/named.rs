//! Enums whose variants have a name for operators, and counters by them.

use core::marker::PhantomData;

/// An enum that [`named!`](crate::named!) declares.
pub trait Named: Copy + 'static {
    /// Every variant, in the order of its number.
    const ALL: &'static [Self];
    /// Returns the variant's number, counted from 0.
    fn number(self) -> usize;
}

/// Declares such an enum: `ALL`, `name()` and a `Display` that prints the name.
#[macro_export]
macro_rules! named {
    ($(#[$outer:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// Every variant, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the name shown to operators, in kebab case.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl $crate::Named for $name {
            const ALL: &'static [Self] = Self::ALL;

            #[inline]
            fn number(self) -> usize {
                self as usize
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                out.write_str(self.name())
            }
        }
    };
}

/// How often each thing happened, of those that an enum names: `N` is how many variants it has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Counts<E, const N: usize> {
    counts: [u64; N],
    of: PhantomData<E>,
}

impl<E: Named, const N: usize> Counts<E, N> {
    /// Nothing happened.
    pub const ZERO: Self = {
        assert!(E::ALL.len() == N, "a counter for each variant");
        Self { counts: [0; N], of: PhantomData }
    };

    /// Counts `times` more, saturating.
    #[inline]
    pub fn add(&mut self, what: E, times: u64) {
        if let Some(count) = self.counts.get_mut(what.number()) {
            *count = count.saturating_add(times);
        }
    }

    /// Returns how often it happened.
    #[must_use]
    pub fn get(&self, what: E) -> u64 {
        self.counts.get(what.number()).copied().unwrap_or(0)
    }

    /// Returns how often anything happened.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().fold(0, |sum, &count| sum.saturating_add(count))
    }

    /// Iterates over everything that can happen.
    pub fn iter(&self) -> impl Iterator<Item = (E, u64)> + '_ {
        E::ALL.iter().map(|&what| (what, self.get(what)))
    }

    /// Iterates over what has happened at all.
    pub fn nonzero(&self) -> impl Iterator<Item = (E, u64)> + '_ {
        self.iter().filter(|&(_, count)| count > 0)
    }
}

impl<E: Named, const N: usize> Default for Counts<E, N> {
    fn default() -> Self {
        Self::ZERO
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::DropReason;
    use std::collections::BTreeSet;
    use std::string::ToString;

    #[test]
    fn every_variant_has_its_own_counter_and_name() {
        let names: BTreeSet<_> = DropReason::ALL.iter().map(ToString::to_string).collect();
        assert_eq!(names.len(), DropReason::ALL.len());
        let mut counts = Counts::<DropReason, { DropReason::ALL.len() }>::ZERO;
        for (count, &why) in (1..).zip(DropReason::ALL) {
            counts.add(why, count);
            assert_eq!(counts.get(why), count, "{why}");
        }
        let n = DropReason::ALL.len() as u64;
        assert_eq!(counts.total(), n * (n + 1) / 2);
        assert_eq!(counts.nonzero().count(), DropReason::ALL.len());
    }

    #[test]
    fn counters_stay_at_their_end_and_show_what_happened() {
        let mut counts = Counts::<DropReason, { DropReason::ALL.len() }>::default();
        assert_eq!(counts.nonzero().next(), None);
        counts.add(DropReason::QueueFull, u64::MAX);
        counts.add(DropReason::QueueFull, 1);
        counts.add(DropReason::Malformed, 1);
        assert_eq!((counts.get(DropReason::QueueFull), counts.total()), (u64::MAX, u64::MAX));
        let expected = [(DropReason::Malformed, 1), (DropReason::QueueFull, u64::MAX)];
        assert!(counts.nonzero().eq(expected), "in the order of the enum");
    }
}
