//! Which granules of a block are in use.

use core::ptr::NonNull;

/// What memory is handed out in; a guess between many small things and few large ones.
pub(super) const GRANULE_BYTES: usize = 64;

/// A map of a block, one bit for each granule.
pub(super) struct Granules {
    map: NonNull<u64>,
    count: usize,
}

impl Granules {
    /// Returns how many words the map of so many granules takes.
    pub(super) const fn map_words(count: usize) -> usize {
        count.div_ceil(u64::BITS as usize)
    }

    /// Begins with every granule free.
    ///
    /// # Safety
    /// `map` is memory for [`Self::map_words`] words, which is this map's for as long as it is used.
    pub(super) unsafe fn new(map: NonNull<u64>, count: usize) -> Self {
        // SAFETY: the caller's condition.
        unsafe { map.write_bytes(0, Self::map_words(count)) };
        Self { map, count }
    }

    /// Returns how many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Takes the first run of so many free granules whose number is a multiple of `every`.
    pub(super) fn take(&mut self, granules: usize, every: usize) -> Option<usize> {
        let mut at = 0_usize;
        while at.checked_add(granules)? <= self.count {
            match (at..at + granules).rev().find(|&granule| self.is_used(granule)) {
                Some(used) => at = (used + 1).next_multiple_of(every),
                None => {
                    (at..at + granules).for_each(|granule| self.set(granule, Use::Used));
                    return Some(at);
                }
            }
        }
        None
    }

    /// Takes back what [`Self::take`] gave.
    pub(super) fn give(&mut self, at: usize, granules: usize) {
        (at..at + granules).for_each(|granule| self.set(granule, Use::Free));
    }

    /// Returns whether nothing is in use.
    pub(super) fn are_free(&self) -> bool {
        self.words().iter().all(|&word| word == 0)
    }

    /// Returns how many granules the longest free run has.
    pub(super) fn longest_free(&self) -> usize {
        if self.are_free() {
            return self.count;
        }
        let run = |(longest, current): (usize, usize), granule| match self.is_used(granule) {
            true => (longest, 0),
            false => (longest.max(current + 1), current + 1),
        };
        (0..self.count).fold((0, 0), run).0
    }

    fn is_used(&self, granule: usize) -> bool {
        self.words().get(granule / BITS).is_some_and(|word| word >> (granule % BITS) & 1 != 0)
    }

    fn set(&mut self, granule: usize, to: Use) {
        let Some(word) = self.words_mut().get_mut(granule / BITS) else { return };
        let bit = 1 << (granule % BITS);
        match to {
            Use::Used => *word |= bit,
            Use::Free => *word &= !bit,
        }
    }

    fn words(&self) -> &[u64] {
        // SAFETY: the condition of `new`, which wrote every word.
        unsafe { core::slice::from_raw_parts(self.map.as_ptr(), Self::map_words(self.count)) }
    }

    fn words_mut(&mut self) -> &mut [u64] {
        // SAFETY: as in `words`, and `self` is borrowed mutably.
        unsafe { core::slice::from_raw_parts_mut(self.map.as_ptr(), Self::map_words(self.count)) }
    }
}

#[derive(Clone, Copy)]
enum Use {
    Used,
    Free,
}

const BITS: usize = u64::BITS as usize;

#[cfg(test)]
mod tests;
