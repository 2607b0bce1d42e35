use super::{ONE_SHOT_RELATIVE, PERIODIC, add, cancel, register_daemon, unregister_daemon};
use crate::test;
use haiku_abi::{B_BAD_VALUE, B_ENTRY_NOT_FOUND, B_OK};
use std::ffi::c_void;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::thread::{scope, yield_now};

unsafe extern "C" fn ring(timer: *mut c_void) -> i32 {
    // SAFETY: the tests pass a static.
    unsafe { &*timer.cast::<AtomicI32>() }.fetch_add(1, SeqCst);
    0
}

unsafe extern "C" fn work(argument: *mut c_void, _iteration: i32) {
    // SAFETY: as above.
    unsafe { ring(argument) };
}

fn pointer(rung: &'static AtomicI32) -> *mut c_void {
    std::ptr::from_ref(rung).cast_mut().cast()
}

#[test]
fn a_timer_rings_once_or_again_and_again_until_it_is_cancelled() {
    static ONCE: AtomicI32 = AtomicI32::new(0);
    static AGAIN: AtomicI32 = AtomicI32::new(0);
    static NEVER: AtomicI32 = AtomicI32::new(0);
    assert_eq!(add(pointer(&ONCE), Some(ring), 100, ONE_SHOT_RELATIVE), B_OK);
    assert_eq!(add(pointer(&AGAIN), Some(ring), 100, PERIODIC), B_OK);
    assert_eq!(add(pointer(&NEVER), Some(ring), 10_000_000, ONE_SHOT_RELATIVE), B_OK);
    assert_eq!(add(pointer(&NEVER), None, 1, ONE_SHOT_RELATIVE), B_BAD_VALUE);
    while AGAIN.load(SeqCst) < 5 || ONCE.load(SeqCst) < 1 {
        yield_now();
    }
    // It may be ringing: both answers are right.
    cancel(pointer(&AGAIN));
    let rung = AGAIN.load(SeqCst);
    assert!(!cancel(pointer(&NEVER)));
    assert!(cancel(pointer(&NEVER)));
    assert_eq!((ONCE.load(SeqCst), NEVER.load(SeqCst), AGAIN.load(SeqCst)), (1, 0, rung));
}

#[test]
fn a_daemon_works_until_it_is_taken_back() {
    test(|| {
        static WORKED: AtomicI32 = AtomicI32::new(0);
        assert_eq!(register_daemon(Some(work), pointer(&WORKED), 0), B_BAD_VALUE);
        assert_eq!(register_daemon(Some(work), pointer(&WORKED), 1), B_OK);
        while WORKED.load(SeqCst) < 1 {
            yield_now();
        }
        assert_eq!(unregister_daemon(Some(work), pointer(&WORKED)), B_OK);
        assert_eq!(unregister_daemon(Some(work), pointer(&WORKED)), B_ENTRY_NOT_FOUND);
    });
}

/// How far the slow hook is: 1 when it has begun, 2 when it may end, 3 at its end.
static SLOW: AtomicI32 = AtomicI32::new(0);

unsafe extern "C" fn slow(_timer: *mut c_void) -> i32 {
    SLOW.store(1, SeqCst);
    while SLOW.load(SeqCst) < 2 {
        yield_now();
    }
    (0..1000).for_each(|_| yield_now());
    SLOW.store(3, SeqCst);
    0
}

#[test]
fn a_timer_that_is_cancelled_rings_no_more_when_that_returns() {
    static TIMER: AtomicI32 = AtomicI32::new(0);
    assert_eq!(add(pointer(&TIMER), Some(slow), 100, ONE_SHOT_RELATIVE), B_OK);
    scope(|scope| {
        while SLOW.load(SeqCst) < 1 {
            yield_now();
        }
        let canceller = scope.spawn(|| (cancel(pointer(&TIMER)), SLOW.load(SeqCst)));
        (0..1000).for_each(|_| yield_now());
        SLOW.store(2, SeqCst);
        assert_eq!(canceller.join().unwrap(), (true, 3));
    });
}

/// Stops itself.
unsafe extern "C" fn stop(timer: *mut c_void) -> i32 {
    // SAFETY: the timer of this hook.
    unsafe { ring(timer) };
    cancel(timer);
    0
}

#[test]
fn a_timer_may_cancel_itself() {
    static TIMER: AtomicI32 = AtomicI32::new(0);
    assert_eq!(add(pointer(&TIMER), Some(stop), 100, PERIODIC), B_OK);
    while TIMER.load(SeqCst) < 1 {
        yield_now();
    }
    assert!(cancel(pointer(&TIMER)));
    assert_eq!(TIMER.load(SeqCst), 1);
}
