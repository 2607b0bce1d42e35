//! Giving up what the data plane does not need.

use super::tap::last_errno;
use caps::{CapSet, Capability};
use rustix::io::Errno;

/// What stays: interfaces and addresses, packet sockets.
const KEPT: [Capability; 2] = [Capability::CAP_NET_ADMIN, Capability::CAP_NET_RAW];

/// Why privileges were not given up.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PrivilegeError {
    /// The kernel refused to change a capability set.
    #[error("restrict {0} capabilities")]
    Restrict(SetName),
    /// The kernel refused to rule out privileges gained by executing programs.
    #[error("set no_new_privs: {0}")]
    NoNewPrivileges(Errno),
}

/// A capability set, by the name of capabilities(7).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SetName {
    /// What is checked.
    Effective,
    /// What can be made effective.
    Permitted,
    /// What programs executed may inherit.
    Inheritable,
}

impl core::fmt::Display for SetName {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        out.write_str(match self {
            Self::Effective => "effective",
            Self::Permitted => "permitted",
            Self::Inheritable => "inheritable",
        })
    }
}

/// Drops every capability but CAP_NET_ADMIN and CAP_NET_RAW, and rules out gaining any by executing programs.
///
/// Only the calling thread is concerned: call it before others start, or in each. What the process does not have
/// to begin with, as without root, is not missed here but where it is needed.
///
/// # Errors
/// [`PrivilegeError`]; dropping is always allowed, so only a kernel or sandbox without the calls refuses.
pub fn drop_privileges() -> Result<(), PrivilegeError> {
    keep_only(&KEPT)
}

/// As [`drop_privileges`], keeping nothing but `kept`.
pub(super) fn keep_only(kept: &[Capability]) -> Result<(), PrivilegeError> {
    // Clearing the bounding set takes CAP_SETPCAP, which a process without root may lack; then nothing can be gained
    // from it either, with no_new_privs.
    if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP).unwrap_or(false) {
        for capability in caps::all() {
            if !kept.contains(&capability) {
                let _ = caps::drop(None, CapSet::Bounding, capability);
            }
        }
    }
    let _ = caps::clear(None, CapSet::Ambient);
    let permitted = caps::read(None, CapSet::Permitted).map_err(|_| PrivilegeError::Restrict(SetName::Permitted))?;
    let permitted = kept.iter().copied().filter(|capability| permitted.contains(capability)).collect();
    // Inheritable first: no capability may be added to it, and it shrinks freely. Permitted last: it bounds the rest.
    let none = caps::CapsHashSet::new();
    caps::set(None, CapSet::Inheritable, &none).map_err(|_| PrivilegeError::Restrict(SetName::Inheritable))?;
    caps::set(None, CapSet::Effective, &permitted).map_err(|_| PrivilegeError::Restrict(SetName::Effective))?;
    caps::set(None, CapSet::Permitted, &permitted).map_err(|_| PrivilegeError::Restrict(SetName::Permitted))?;
    no_new_privileges()
}

fn no_new_privileges() -> Result<(), PrivilegeError> {
    // SAFETY: `PR_SET_NO_NEW_PRIVS` takes integers only.
    let status = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    if status < 0 { Err(PrivilegeError::NoNewPrivileges(last_errno())) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
