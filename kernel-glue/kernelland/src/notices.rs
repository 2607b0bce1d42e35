//! The module by which the network stack tells programs what changed (`network/notifications/v1`). Here it counts.

use haiku_abi::{B_OK, module_info, status_t};
use std::ffi::{CStr, c_void};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// What a stack gets the module by.
pub(crate) const NAME: &CStr = c"network/notifications/v1";

/// The module's table.
#[repr(C)]
pub(crate) struct Notifications {
    info: module_info,
    send: extern "C" fn(event: *const c_void) -> status_t,
}

// SAFETY: the name that the header points to is a constant, and nothing in the table ever changes.
unsafe impl Sync for Notifications {}

static MODULE: Notifications =
    Notifications { info: module_info { name: NAME.as_ptr(), flags: 0, std_ops: None }, send };

/// Makes the module known.
pub(crate) fn provide() {
    crate::modules::provide("network/notifications", &[&MODULE.info]);
}

/// Says what changed, in the message that the stack has made, which nobody reads here.
pub(crate) extern "C" fn send(_event: *const c_void) -> status_t {
    COUNT.fetch_add(1, SeqCst);
    B_OK
}

/// Returns how many there were.
pub(crate) fn count() -> u64 {
    COUNT.load(SeqCst)
}

static COUNT: AtomicU64 = AtomicU64::new(0);
