//! Large things in places of their own.

use alloc::boxed::Box;

/// Makes something where it stays. Stacks are small, and what is made is on one before, or twice: of large things no two
/// are to be there together.
#[inline(never)]
pub(crate) fn boxed<T>(make: impl FnOnce() -> T) -> Box<T> {
    Box::write(Box::new_uninit(), make())
}
