//! The kernel's locks: what C code sees of them are the structures of `lock.h`, which it also changes inline.

mod held;
mod mutex;
mod order;
mod queue;
mod recursive;
mod rw;

pub use held::forbid_blocking;
pub(crate) use held::{acquired, check_may_block, check_none_held, released, wanted};
pub(crate) use mutex::Mutex;
pub(crate) use recursive::RecursiveLock;
pub(crate) use rw::RwLock;

use std::sync::OnceLock;

/// Which of Haiku's two builds the kernel plays: locks differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flavour {
    /// `KDEBUG=0`, as in releases: a mutex is a counter that C code changes inline.
    Release,
    /// `KDEBUG=1`, as in nightly builds: a mutex knows its holder, and misuse is a panic.
    Kdebug,
}

/// Returns the flavour: `TRESTLE_KERNELLAND_FLAVOUR` says it, unless the boot did before.
pub(crate) fn flavour() -> Flavour {
    *FLAVOUR.get_or_init(|| match std::env::var("TRESTLE_KERNELLAND_FLAVOUR").as_deref() {
        Ok("kdebug") => Flavour::Kdebug,
        Ok("release" | "") | Err(_) => Flavour::Release,
        Ok(other) => {
            eprintln!("TRESTLE_KERNELLAND_FLAVOUR is {other}, which is neither kdebug nor release");
            std::process::exit(2)
        }
    })
}

/// Fixes the flavour before the first lock is used; says whether it is that one.
pub(crate) fn set_flavour(flavour: Flavour) -> bool {
    *FLAVOUR.get_or_init(|| flavour) == flavour
}

static FLAVOUR: OnceLock<Flavour> = OnceLock::new();

#[cfg(test)]
mod tests;
