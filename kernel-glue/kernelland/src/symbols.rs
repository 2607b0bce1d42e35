//! What add-ons import from the kernel: each function of Haiku's by its C signature, and the table that the loader binds from.
//!
//! The functions are thin: arguments become Rust's, a safe function does the work. Each is exported under its name with
//! `trestle_kernelland_` before it, so that an add-on can also be linked into a program instead of being loaded.

/// Defines functions of Haiku's, and lists them for the loader.
macro_rules! exports {
    ($($(#[$meta:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block)*) => {
        $(
            /// Haiku's function of this name.
            ///
            /// # Safety
            ///
            /// The arguments are what Haiku's header asks for.
            $(#[$meta])*
            #[unsafe(export_name = concat!("trestle_kernelland_", stringify!($name)))]
            pub unsafe extern "C" fn $name($($argument: $type),*) $(-> $result)? $body
        )*
        pub(crate) const TABLE: &[crate::symbols::Symbol] = &[
            $(crate::symbols::Symbol::function(stringify!($name), $name as *const ())),*
        ];
    };
}

/// Defines functions that hand their return address on, in `$register`, as one argument more: whose code asked.
macro_rules! exports_with_caller {
    ($($(#[$meta:meta])* fn $name:ident($($type:ty),*) -> $result:ty = $register:literal $target:ident;)*) => {
        $(
            /// Haiku's function of this name.
            ///
            /// # Safety
            ///
            /// The arguments are what Haiku's header asks for.
            $(#[$meta])*
            #[unsafe(export_name = concat!("trestle_kernelland_", stringify!($name)))]
            #[unsafe(naked)]
            pub unsafe extern "C" fn $name($(_: $type),*) -> $result {
                core::arch::naked_asm!(concat!("mov ", $register, ", [rsp]"), "jmp {}", sym $target)
            }
        )*
        pub(crate) const CALLER_TABLE: &[crate::symbols::Symbol] = &[
            $(crate::symbols::Symbol::function(stringify!($name), $name as *const ())),*
        ];
    };
}

mod cache;
mod condition;
mod debug;
mod file;
mod heap;
mod list;
mod lock;
mod module;
mod node;
mod print;
mod reference;
mod sem;
mod string;
mod system;
mod thread;
mod time;

pub use cache::*;
pub use condition::*;
pub use debug::*;
pub use file::*;
pub use heap::*;
pub use list::*;
pub use lock::*;
pub use module::*;
pub use node::*;
pub use print::*;
pub use reference::*;
pub use sem::*;
pub use string::*;
pub use system::*;
pub use thread::*;
pub use time::*;

use haiku_abi::{B_OK, status_t};
use std::borrow::Cow;
use std::ffi::{CStr, c_char};

/// Returns C's status of a result.
fn status(result: Result<(), status_t>) -> status_t {
    result.map_or_else(|status| status, |()| B_OK)
}

/// Reads a string of the caller's.
fn text<'t>(text: *const c_char) -> Cow<'t, str> {
    // SAFETY: the callers' callers give strings that live during the call.
    unsafe { CStr::from_ptr(text) }.to_string_lossy()
}

/// The ELF type of a symbol; an import of another type does not bind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Function,
    Object,
}

/// A symbol of the kernel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Symbol {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) address: *const (),
}

// SAFETY: the address is of a function or static, which every thread may use.
unsafe impl Sync for Symbol {}
// SAFETY: as above.
unsafe impl Send for Symbol {}

impl Symbol {
    pub(crate) const fn function(name: &'static str, address: *const ()) -> Self {
        Self { name, kind: Kind::Function, address }
    }

    pub(crate) const fn object(name: &'static str, address: *const ()) -> Self {
        Self { name, kind: Kind::Object, address }
    }
}

/// Returns every symbol of the kernel.
pub(crate) fn all() -> impl Iterator<Item = Symbol> {
    let tables = [
        cache::TABLE,
        cache::CALLER_TABLE,
        condition::TABLE,
        debug::TABLE,
        file::TABLE,
        heap::TABLE,
        heap::CALLER_TABLE,
        list::TABLE,
        lock::TABLE,
        module::TABLE,
        node::TABLE,
        node::CALLER_TABLE,
        print::TABLE,
        reference::TABLE,
        reference::CALLER_TABLE,
        sem::TABLE,
        sem::CALLER_TABLE,
        string::TABLE,
        system::TABLE,
        thread::TABLE,
        thread::CALLER_TABLE,
        time::TABLE,
    ];
    tables.into_iter().flatten().copied().chain([Symbol::object("_ZSt7nothrow", heap::NOTHROW)])
}

#[cfg(test)]
mod tests;
