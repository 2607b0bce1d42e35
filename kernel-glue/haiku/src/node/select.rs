//! Waiting in `select`, `poll` and the like.

use super::cookie::Cookie;
use crate::kernel::{Selection, Status};
use crate::waiter::{Waiter, Watch};
use alloc::sync::Arc;
use haiku_abi::{B_SELECT_DISCONNECTED, B_SELECT_ERROR, B_SELECT_READ, B_SELECT_WRITE, selectsync};
use tap::Ready;

/// Begins to wait for an event, which is told at once if it is there already, and again whenever it comes.
///
/// # Safety
/// As for [`Selection::new`]: [`end`] is called for the same arguments before `sync` is gone, if this succeeds.
///
/// # Errors
/// There is no memory, or as many wait as may.
pub(super) unsafe fn begin(cookie: &Cookie, event: u8, sync: *mut selectsync) -> Result<(), Status> {
    let Some(interest) = interest(event) else {
        // Nothing of urgency comes here: it is waited for in vain.
        return Ok(());
    };
    crate::kernel::heap::permit()?;
    // SAFETY: the caller's condition; `end` ends each watch that is listed, and this one else.
    let selection = unsafe { Selection::new(sync, event) };
    let watch = Watch::new(selection, interest, cookie.descriptor());
    cookie.watches.lock().push(Arc::clone(&watch));
    match cookie.descriptor().ready_or_wait(interest, Waiter::Select(Arc::clone(&watch))) {
        Ok(ready) => {
            if ready.intersects(interest) {
                watch.selection.notify();
            }
            Ok(())
        }
        Err(_crowded) => {
            end(cookie, event, sync);
            Err(Status::B_NO_MEMORY)
        }
    }
}

/// Ends the wait: the caller is told nothing from here on.
pub(super) fn end(cookie: &Cookie, event: u8, sync: *mut selectsync) {
    let found = {
        let mut watches = cookie.watches.lock();
        let at = watches.iter().position(|watch| watch.selection.is(sync, event));
        at.map(|at| watches.swap_remove(at))
    };
    let Some(watch) = found else { return };
    // Waits for a notification that is under way, which sees from here on that it is over.
    watch.selection.end();
    cookie.descriptor().cancel(|kept| matches!(kept, Waiter::Select(kept) if Arc::ptr_eq(kept, &watch)));
}

/// Returns what ends the wait for an event: one who waits to read does not wait where reading fails.
fn interest(event: u8) -> Option<Ready> {
    let failing = Ready::ERROR | Ready::HANGUP;
    match event {
        B_SELECT_READ => Some(Ready::READ | failing),
        B_SELECT_WRITE => Some(Ready::WRITE | failing),
        B_SELECT_ERROR => Some(failing),
        B_SELECT_DISCONNECTED => Some(Ready::HANGUP),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_wait() {
        let failing = Ready::ERROR | Ready::HANGUP;
        let rows = [
            ("read", B_SELECT_READ, Some(Ready::READ | failing)),
            ("write", B_SELECT_WRITE, Some(Ready::WRITE | failing)),
            ("error", B_SELECT_ERROR, Some(failing)),
            ("hang-up", B_SELECT_DISCONNECTED, Some(Ready::HANGUP)),
            ("urgent", haiku_abi::B_SELECT_PRI_READ, None),
            ("none", 0, None),
        ];
        for (name, event, want) in rows {
            assert_eq!(interest(event), want, "{name}");
        }
    }
}
