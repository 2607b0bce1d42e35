//! What ends later: references whose last one may end devices, threads and the stack itself.
//!
//! A thread of the stack may come to hold the last reference to an interface while it handles a packet. The end of it then
//! waits until the thread is done with the packet and holds no lock.

use std::any::Any;
use std::cell::RefCell;

thread_local! {
    /// What waits, in threads that have something to do first.
    static WAITING: RefCell<Option<Vec<Box<dyn Any>>>> = const { RefCell::new(None) };
}

/// Runs `body`, and ends after it what came to its end meanwhile.
pub(crate) fn after<R>(body: impl FnOnce() -> R) -> R {
    WAITING.set(Some(Vec::new()));
    let result = body();
    drop(WAITING.take());
    result
}

/// Drops a value: at once, or in a thread that runs [`after`] by then.
pub(crate) fn drop_later<T: 'static>(value: T) {
    WAITING.with_borrow_mut(|waiting| {
        if let Some(waiting) = waiting {
            waiting.push(Box::new(value));
            return None;
        }
        Some(value)
    });
}
