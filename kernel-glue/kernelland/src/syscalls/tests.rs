use super::{Hook, call, register, unregister};
use crate::user::{Process, Status};
use haiku_abi::{B_BAD_VALUE, B_ENTRY_NOT_FOUND, B_NAME_IN_USE, B_OK, status_t};
use std::ffi::{CStr, c_char, c_void};

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
    assert_eq!(Process::root().generic_call("other", 7, &mut buffer), Err(Status(B_BAD_VALUE)));
    assert_eq!(unregister("test", 1), B_OK);
    assert_eq!(unregister("test", 1), B_ENTRY_NOT_FOUND);
    assert_eq!(call("test", 1, std::ptr::null_mut(), 0), B_BAD_VALUE);
}
