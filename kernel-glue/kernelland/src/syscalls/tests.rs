use super::{Hook, call, register, unregister};
use crate::user::{Process, Status};
use haiku_abi::{B_BAD_VALUE, B_NAME_IN_USE, B_NAME_NOT_FOUND, B_OK, status_t};
use std::ffi::{CStr, c_char, c_void};
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::thread::{scope, yield_now};

unsafe extern "C" fn answer(subsystem: *const c_char, function: u32, buffer: *mut c_void, bytes: usize) -> status_t {
    // SAFETY: the caller gives the name.
    assert_eq!(unsafe { CStr::from_ptr(subsystem) }, c"test");
    crate::user_copy::set(buffer.cast(), u8::try_from(function).unwrap(), bytes)
}

#[test]
fn programs_call_what_modules_register() {
    let hook: Hook = answer;
    assert_eq!(register("test", hook as usize, 1, 0), B_OK);
    assert_eq!(register("test", hook as usize, 1, 0), B_NAME_IN_USE);
    assert_eq!(register("nothing", 0, 1, 0), B_BAD_VALUE);
    let mut buffer = [0; 4];
    assert_eq!(Process::root().generic_call("test", 7, &mut buffer), Ok(()));
    assert_eq!(buffer, [7; 4]);
    assert_eq!(Process::root().generic_call("other", 7, &mut buffer), Err(Status(B_NAME_NOT_FOUND)));
    assert_eq!(unregister("test", 1), B_OK);
    assert_eq!(unregister("test", 1), B_NAME_NOT_FOUND);
    assert_eq!(call("test", 1, std::ptr::null_mut(), 0), B_NAME_NOT_FOUND);
}

/// How far the slow call is: 1 when it has begun, 2 when it may end, 3 at its end.
static SLOW: AtomicI32 = AtomicI32::new(0);

unsafe extern "C" fn slow(_subsystem: *const c_char, _function: u32, _buffer: *mut c_void, _bytes: usize) -> status_t {
    SLOW.store(1, SeqCst);
    while SLOW.load(SeqCst) < 2 {
        yield_now();
    }
    (0..1000).for_each(|_| yield_now());
    SLOW.store(3, SeqCst);
    B_OK
}

#[test]
fn a_hook_is_taken_back_when_its_last_call_has_returned() {
    let hook: Hook = slow;
    assert_eq!(register("slow", hook as usize, 1, 0), B_OK);
    scope(|scope| {
        scope.spawn(|| call("slow", 1, std::ptr::null_mut(), 0));
        while SLOW.load(SeqCst) < 1 {
            yield_now();
        }
        let taker = scope.spawn(|| {
            assert_eq!(unregister("slow", 1), B_OK);
            SLOW.load(SeqCst)
        });
        while !super::locked(&super::HOOKS).get("slow").is_some_and(|hook| hook.stage == super::Stage::Ending) {
            yield_now();
        }
        assert_eq!(call("slow", 1, std::ptr::null_mut(), 0), B_NAME_NOT_FOUND);
        SLOW.store(2, SeqCst);
        assert_eq!(taker.join().unwrap(), 3);
    });
}
