//! Rights: all that a bridge needs is to administer interfaces and to open packet sockets.

use caps::{CapSet, Capability, CapsHashSet};
use std::fmt;

/// What stays.
const KEPT: [Capability; 2] = [Capability::CAP_NET_ADMIN, Capability::CAP_NET_RAW];

/// Gives up every right but CAP_NET_ADMIN and CAP_NET_RAW, for this thread and those it starts later, for good.
///
/// Rights that were not there are not asked for: without them the kernel says no to what needs them.
///
/// # Errors
/// [`CapsError`] if the kernel does not let go of them.
pub fn drop_all_but_network() -> Result<(), CapsError> {
    let of = |set| move |error| CapsError { set, error };
    let kept: CapsHashSet = KEPT.into_iter().collect();
    let permitted = caps::read(None, CapSet::Permitted).map_err(of(CapSet::Permitted))?;
    // Only who may set its bounding set can be given more than that by a program it executes.
    if permitted.contains(&Capability::CAP_SETPCAP) {
        for capability in caps::all() {
            if !kept.contains(&capability) && caps::has_cap(None, CapSet::Bounding, capability).unwrap_or(false) {
                caps::drop(None, CapSet::Bounding, capability).map_err(of(CapSet::Bounding))?;
            }
        }
    }
    let left: CapsHashSet = permitted.intersection(&kept).copied().collect();
    caps::clear(None, CapSet::Ambient).map_err(of(CapSet::Ambient))?;
    caps::set(None, CapSet::Effective, &left).map_err(of(CapSet::Effective))?;
    caps::set(None, CapSet::Permitted, &left).map_err(of(CapSet::Permitted))?;
    caps::set(None, CapSet::Inheritable, &CapsHashSet::new()).map_err(of(CapSet::Inheritable))?;
    // Fails on no kernel since 3.5, and a daemon that executes nothing loses nothing by it.
    let _ = rustix::thread::set_no_new_privs(true);
    Ok(())
}

/// The kernel did not let go of rights.
#[derive(Debug)]
pub struct CapsError {
    set: CapSet,
    error: caps::errors::CapsError,
}

impl fmt::Display for CapsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "cannot drop {:?} capabilities: {}", self.set, self.error)
    }
}

impl std::error::Error for CapsError {}
