use super::{dprintf, snprintf, sprintf};
use std::ffi::{CStr, c_char, c_int, c_void};

/// A variadic function, as C sees it.
type Print = unsafe extern "C" fn(*const c_char, ...);
type Bounded = unsafe extern "C" fn(*mut c_char, usize, *const c_char, ...) -> c_int;
type Unbounded = unsafe extern "C" fn(*mut c_char, *const c_char, ...) -> c_int;

#[test]
fn arguments_in_registers_on_the_stack_and_as_floats_arrive() {
    // SAFETY: the function has this type.
    let snprintf: Bounded = unsafe { std::mem::transmute(snprintf as *const c_void) };
    let mut text = [0 as c_char; 128];
    let format = c"%d %s %lld %u %x %d %s %.2f %c %.1f".as_ptr();
    let (one, two) = (c"one".as_ptr(), c"two".as_ptr());
    // SAFETY: the arguments are those of the format, and the room is what it says.
    let length = unsafe {
        snprintf(text.as_mut_ptr(), 128, format, -1, one, 1i64 << 40, 7u32, 255u32, 5, two, 1.25f64, 65, 0.5f64)
    };
    // SAFETY: the function ended the text.
    let text = unsafe { CStr::from_ptr(text.as_ptr()) };
    assert_eq!(text.to_str().unwrap(), "-1 one 1099511627776 7 ff 5 two 1.25 A 0.5");
    assert_eq!(length, c_int::try_from(text.count_bytes()).unwrap());
}

#[test]
fn text_is_cut_to_the_room() {
    // SAFETY: as above.
    let snprintf: Bounded = unsafe { std::mem::transmute(snprintf as *const c_void) };
    let mut text = [0 as c_char; 8];
    // SAFETY: as above.
    assert_eq!(unsafe { snprintf(text.as_mut_ptr(), 4, c"%d".as_ptr(), 123_456) }, 6);
    assert_eq!(text[..4].iter().map(|c| c.cast_unsigned()).collect::<Vec<_>>(), b"123\0");
}

#[test]
fn what_is_printed_is_kept() {
    // SAFETY: the functions have these types.
    let dprintf: Print = unsafe { std::mem::transmute(dprintf as *const c_void) };
    // SAFETY: as above.
    let sprintf: Unbounded = unsafe { std::mem::transmute(sprintf as *const c_void) };
    let mut text = [0 as c_char; 32];
    // SAFETY: the arguments are those of the format, for which there is room.
    assert_eq!(unsafe { sprintf(text.as_mut_ptr(), c"%s-%d".as_ptr(), c"kept".as_ptr(), 3) }, 6);
    // SAFETY: as above.
    unsafe { dprintf(c"%s %d of %s\n".as_ptr(), text.as_ptr(), 1, c"two".as_ptr()) };
    assert!(crate::syslog::text().contains("kept-3 1 of two\n"));
}
