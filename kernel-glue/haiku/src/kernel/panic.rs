//! The end of everything: a state that the add-on's own code excludes.

use super::imports::panic as stop;
use super::log::line;
use core::panic::PanicInfo;

/// Says where, and stops the kernel. Nothing unwinds: locks may be held, and what they guard is not to be trusted.
#[panic_handler]
fn on_panic(info: &PanicInfo<'_>) -> ! {
    line(format_args!("{info}"));
    loop {
        // Whoever continues from the kernel's debugger comes back here.
        // SAFETY: the format has no directive.
        unsafe { stop(c"trestle: internal error, see the line before".as_ptr()) };
    }
}
