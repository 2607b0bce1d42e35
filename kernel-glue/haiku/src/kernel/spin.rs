//! Locks for a few dozen instructions, and values that are made once.

/// A value that one thread at a time has, for an instant.
pub(crate) type Spin<T> = spin::mutex::SpinMutex<T, Relax>;
/// As [`Spin`], but those who only look do not exclude one another.
pub(crate) type Shared<T> = spin::rwlock::RwLock<T, Relax>;

/// A value that the first who needs it makes; others wait until it is made.
pub(crate) type Once<T> = spin::once::Once<T, Relax>;

/// Lets the holder go on, whom the scheduler may have stopped: kernel threads are preempted, and one of higher priority
/// that only turned in circles could keep him from ever running.
pub(crate) struct Relax;

impl spin::RelaxStrategy for Relax {
    fn relax() {
        relax();
    }
}

/// Is how a thread waits for a lock that another holds.
pub(crate) fn relax() {
    #[cfg(any(target_os = "none", feature = "linked"))]
    // SAFETY: it may be called by any thread that may sleep; hooks and threads of ours all may.
    unsafe {
        super::imports::snooze(1);
    }
    #[cfg(not(any(target_os = "none", feature = "linked")))]
    core::hint::spin_loop();
}
