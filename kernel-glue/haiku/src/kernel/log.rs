//! Lines in the system's log, of values and at changes of state only.

use super::imports::dprintf;
use core::fmt::{Arguments, Write};

/// Writes a line, with the arguments of `format!`.
macro_rules! log {
    ($($argument:tt)*) => {
        $crate::kernel::log::line(format_args!($($argument)*))
    };
}
pub(crate) use log;

/// Writes a line; what is longer than [`LINE_BYTES`] is cut.
#[inline(never)]
pub(crate) fn line(arguments: Arguments<'_>) {
    let mut text = heapless::String::<LINE_BYTES>::new();
    // What does not fit is cut.
    let _ = text.write_fmt(arguments);
    while text.push('\0').is_err() {
        text.pop();
    }
    // SAFETY: the format takes one string, which ends with a zero and outlives the call.
    unsafe { dprintf(c"trestle: %s\n".as_ptr(), text.as_ptr()) };
}

/// Short enough for any stack; a guess.
const LINE_BYTES: usize = 200;
