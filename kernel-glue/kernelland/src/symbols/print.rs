//! What prints, and what formats: variadic functions, whose arguments a few instructions make a `va_list` of, as the ABI of C says.

use crate::symbols::Symbol;
use std::ffi::{CStr, c_char, c_int, c_void};

/// Defines a variadic function with so many named arguments, all integers or pointers: `$target` gets them and the `va_list`.
macro_rules! variadic {
    ($($name:ident($($type:ty),*) -> $result:ty = $named:literal, $register:literal, $target:ident;)*) => {
        $(
            /// Haiku's function of this name. It takes more arguments, as its format says.
            ///
            /// # Safety
            ///
            /// The arguments are what Haiku's header asks for.
            #[unsafe(export_name = concat!("trestle_kernelland_", stringify!($name)))]
            #[unsafe(naked)]
            pub unsafe extern "C" fn $name($(_: $type),*) -> $result {
                core::arch::naked_asm!(
                    "sub rsp, 0xd8",
                    "mov [rsp + 0x20], rdi",
                    "mov [rsp + 0x28], rsi",
                    "mov [rsp + 0x30], rdx",
                    "mov [rsp + 0x38], rcx",
                    "mov [rsp + 0x40], r8",
                    "mov [rsp + 0x48], r9",
                    "test al, al",
                    "je 2f",
                    "movaps [rsp + 0x50], xmm0",
                    "movaps [rsp + 0x60], xmm1",
                    "movaps [rsp + 0x70], xmm2",
                    "movaps [rsp + 0x80], xmm3",
                    "movaps [rsp + 0x90], xmm4",
                    "movaps [rsp + 0xa0], xmm5",
                    "movaps [rsp + 0xb0], xmm6",
                    "movaps [rsp + 0xc0], xmm7",
                    "2:",
                    // gp_offset, fp_offset, overflow_arg_area, reg_save_area.
                    concat!("mov dword ptr [rsp], ", $named, " * 8"),
                    "mov dword ptr [rsp + 4], 48",
                    "lea rax, [rsp + 0xe0]",
                    "mov [rsp + 8], rax",
                    "lea rax, [rsp + 0x20]",
                    "mov [rsp + 16], rax",
                    concat!("mov ", $register, ", rsp"),
                    "call {}",
                    "add rsp, 0xd8",
                    "ret",
                    sym $target,
                )
            }
        )*
        pub(crate) const TABLE: &[Symbol] = &[
            $(Symbol::function(stringify!($name), $name as *const ()),)*
            Symbol::function("vsnprintf", vsnprintf as *const ()),
            Symbol::function("dump_block", dump_block as *const ()),
        ];
    };
}

variadic! {
    dprintf(*const c_char) -> () = "1", "rsi", print;
    kprintf(*const c_char) -> () = "1", "rsi", print;
    panic(*const c_char) -> () = "1", "rsi", fail;
    snprintf(*mut c_char, usize, *const c_char) -> c_int = "3", "rcx", format_into;
    sprintf(*mut c_char, *const c_char) -> c_int = "2", "rdx", format_unbounded;
}

/// Haiku's function of this name.
///
/// # Safety
///
/// The arguments are what the header asks for.
#[unsafe(export_name = "trestle_kernelland_vsnprintf")]
pub unsafe extern "C" fn vsnprintf(to: *mut c_char, room: usize, format: *const c_char, list: *mut c_void) -> c_int {
    format_into(to, room, format, list)
}

/// Haiku's function of this name.
///
/// # Safety
///
/// `buffer` has `size` bytes.
#[unsafe(export_name = "trestle_kernelland_dump_block")]
pub unsafe extern "C" fn dump_block(buffer: *const c_char, size: c_int, prefix: *const c_char) {
    // SAFETY: the caller's.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), usize::try_from(size).unwrap_or(0)) };
    // SAFETY: the caller gives a string, if not null.
    let prefix = (!prefix.is_null()).then(|| unsafe { CStr::from_ptr(prefix) }.to_string_lossy());
    for line in bytes.chunks(16) {
        let bytes: Vec<_> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        crate::syslog::line(&format!("{}{}", prefix.as_deref().unwrap_or_default(), bytes.join(" ")));
    }
}

extern "C" fn print(format: *const c_char, list: *mut c_void) {
    crate::syslog::print(&formatted(format, list));
}

extern "C" fn fail(format: *const c_char, list: *mut c_void) {
    crate::fault::fail(formatted(format, list).trim_end());
}

extern "C" fn format_into(to: *mut c_char, room: usize, format: *const c_char, list: *mut c_void) -> c_int {
    // SAFETY: the callers of the variadic functions give buffer and format, the instructions above the list.
    unsafe { libc_vsnprintf(to, room, format, list) }
}

extern "C" fn format_unbounded(to: *mut c_char, format: *const c_char, list: *mut c_void) -> c_int {
    // What a C library counts fits in an `int`.
    format_into(to, c_int::MAX as usize, format, list)
}

fn formatted(format: *const c_char, list: *mut c_void) -> String {
    let mut text = vec![0u8; MOST_BYTES];
    format_into(text.as_mut_ptr().cast(), text.len(), format, list);
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(0);
    text.truncate(end);
    String::from_utf8_lossy(&text).into_owned()
}

unsafe extern "C" {
    /// A `va_list` argument is a pointer to the structure.
    #[link_name = "vsnprintf"]
    fn libc_vsnprintf(to: *mut c_char, room: usize, format: *const c_char, list: *mut c_void) -> c_int;
}

/// Haiku cuts what one call prints at about this.
const MOST_BYTES: usize = 2048;

#[cfg(test)]
mod tests;
