//! Which devices are members: each is in one bridge at most.

use crate::kernel::Spin;
use alloc::vec::Vec;

static ROLL: Spin<Vec<usize>> = Spin::new(Vec::new());

/// A place on the roll, until dropped.
pub(super) struct Enrolled(usize);

impl Enrolled {
    /// Enters a device; `None` if it is there.
    pub(super) fn new(device: usize) -> Option<Self> {
        let mut roll = ROLL.lock();
        if roll.contains(&device) {
            return None;
        }
        roll.push(device);
        Some(Self(device))
    }
}

impl Drop for Enrolled {
    fn drop(&mut self) {
        let mut roll = ROLL.lock();
        roll.retain(|device| *device != self.0);
        let room = roll.is_empty().then(|| core::mem::take(&mut *roll));
        drop(roll);
        // The last leaves nothing; it is freed outside the lock.
        drop(room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_entered_once() {
        let first = Enrolled::new(1).unwrap();
        assert!(Enrolled::new(1).is_none());
        let _second = Enrolled::new(2).unwrap();
        drop(first);
        assert!(Enrolled::new(1).is_some());
    }
}
