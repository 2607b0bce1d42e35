//! What ends later: references whose last one may end the stack itself.
//!
//! A thread of the stack may come to hold the last reference to an interface while it handles a packet. The interface's
//! device ends there and then, as in Haiku. The stack's end waits until the thread is done with the packet and holds no
//! lock: Haiku's own stack is never unloaded.

use std::any::Any;
use std::cell::RefCell;

thread_local! {
    /// What waits, in threads that have something to do first.
    static WAITING: RefCell<Option<Vec<Box<dyn Any>>>> = const { RefCell::new(None) };
}

/// Runs `body`, and ends after it what came to its end meanwhile: after the outermost one, where they nest.
pub(crate) fn after<R>(body: impl FnOnce() -> R) -> R {
    if WAITING.with_borrow(Option::is_some) {
        return body();
    }
    WAITING.set(Some(Vec::new()));
    let result = body();
    drop(WAITING.take());
    result
}

/// A value that is dropped at once, or after what a thread is about that runs [`after`] by then.
pub(crate) struct Later<T: 'static>(Option<T>);

impl<T> Later<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }
}

impl<T> Drop for Later<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        WAITING.with_borrow_mut(|waiting| {
            if let Some(waiting) = waiting {
                waiting.push(Box::new(value));
                return None;
            }
            // Not here, where others could not be dropped meanwhile.
            Some(value)
        });
    }
}
