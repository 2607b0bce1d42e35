use super::{ONE_SHOT_RELATIVE, PERIODIC, add, cancel, register_daemon, unregister_daemon};
use crate::test;
use haiku_abi::{B_BAD_VALUE, B_ENTRY_NOT_FOUND, B_OK};
use std::ffi::c_void;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::thread::yield_now;

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
    assert!(!cancel(pointer(&AGAIN)));
    assert!(!cancel(pointer(&NEVER)));
    assert!(cancel(pointer(&NEVER)));
    assert_eq!((ONCE.load(SeqCst), NEVER.load(SeqCst)), (1, 0));
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
