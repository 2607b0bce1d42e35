//! Back traces through the kernel's own frames and those of modules.
//!
//! The kernel's frames are unwound by their tables, as the compiler made them; modules have frame pointers, and no tables that
//! the unwinder knows. So the unwinder goes until it meets a module, and from there the frame pointers lead.

use crate::{guests, loader, modules, user_copy};
use std::ffi::{CStr, c_int, c_void};
use std::fmt;
use std::path::{Path, PathBuf};

/// Return addresses, the innermost first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace(Vec<usize>);

impl Trace {
    /// Takes the running thread's.
    pub(crate) fn capture() -> Self {
        let mut walk = Walk::default();
        // SAFETY: the callback gets the pointer to `walk`, which lives during the call.
        unsafe { _Unwind_Backtrace(step, (&raw mut walk).cast()) };
        let Walk { mut addresses, module } = walk;
        if let Some(frame) = module {
            follow(&mut addresses, frame);
        }
        Self(addresses)
    }

    /// Returns the names of the add-ons' files whose code it leads through.
    pub(crate) fn files(&self) -> Vec<String> {
        self.0.iter().filter_map(|address| modules::file_name(*address)).collect()
    }

    /// Whether Haiku's own modules alone did it.
    pub(crate) fn is_guests(&self) -> bool {
        guests::alone(&self.0)
    }

    /// Takes that of code that a signal stopped: in a module, by its registers.
    pub(crate) fn of_registers(counter: usize, stack: usize, frame: usize) -> Self {
        if !loader::contains(counter) && loader::unloaded(counter).is_none() {
            return Self::capture();
        }
        let mut addresses = vec![counter];
        // A function that calls no other may have no frame: its return address is on top then.
        addresses.extend(words_at(stack).map(|[top, _]| top).filter(|top| loader::contains(*top)));
        follow(&mut addresses, frame);
        Self(addresses)
    }

    /// Takes that of code that a signal stopped, by the handler's context.
    ///
    /// # Safety
    ///
    /// The context is that of a handler, during its call.
    pub(crate) unsafe fn of_context(context: *const libc::ucontext_t) -> Self {
        // SAFETY: the caller's.
        let registers = unsafe { &(*context).uc_mcontext.gregs };
        let register = |at: c_int| usize::try_from(at).ok().and_then(|at| registers.get(at)).copied().unwrap_or(0);
        let registers = [libc::REG_RIP, libc::REG_RSP, libc::REG_RBP];
        let [counter, stack, frame] = registers.map(|at| register(at).cast_unsigned() as usize);
        Self::of_registers(counter, stack, frame)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for address in &self.0 {
            writeln!(f, "    {}", place(*address))?;
        }
        Ok(())
    }
}

/// Says what lies at an address of code.
pub(crate) fn place(address: usize) -> String {
    if let Some(place) = loader::place(address) {
        return format!("{address:#x} {place}");
    }
    match file_of_linux(address) {
        Some((file, base)) => format!("{address:#x} {}", loader::describe(&file, base, address)),
        None => format!("{address:#x}"),
    }
}

/// Returns the crate whose function lies at an address of this program.
pub(crate) fn crate_name(address: usize) -> Option<String> {
    let (file, base) = file_of_linux(address)?;
    let function = loader::function(&file, address.wrapping_sub(base))?;
    // Of an implementation, what it is for comes first.
    let first = function.trim_start_matches("$LT$").split([':', '.', '$']).next()?;
    Some(first.to_owned())
}

/// Returns the file that Linux has mapped at an address, and where it begins.
fn file_of_linux(address: usize) -> Option<(PathBuf, usize)> {
    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the call writes the structure, and takes any address.
    let found = unsafe { libc::dladdr(std::ptr::without_provenance(address), info.as_mut_ptr()) };
    // SAFETY: zeroes are a value of this structure too.
    let info = unsafe { info.assume_init() };
    if found == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the linker's name of a file that is loaded.
    let file = unsafe { CStr::from_ptr(info.dli_fname) }.to_string_lossy().into_owned();
    Some((Path::new(&file).to_owned(), info.dli_fbase as usize))
}

#[derive(Default)]
struct Walk {
    addresses: Vec<usize>,
    /// The frame pointer in the first frame of a module.
    module: Option<usize>,
}

unsafe extern "C" fn step(context: *mut c_void, walk: *mut c_void) -> c_int {
    // SAFETY: `capture` gave the pointer to its own `walk`, which nobody else uses meanwhile.
    let walk = unsafe { &mut *walk.cast::<Walk>() };
    // SAFETY: the unwinder gives the context for the call.
    let address = unsafe { _Unwind_GetIP(context) };
    if address == 0 || walk.addresses.len() >= MOST_FRAMES {
        return END_OF_STACK;
    }
    walk.addresses.push(address);
    if loader::contains(address) {
        // SAFETY: as above; 6 is rbp.
        walk.module = Some(unsafe { _Unwind_GetGR(context, 6) });
        return END_OF_STACK;
    }
    0
}

/// Follows frame pointers from a module's frame, as long as they lead into modules.
fn follow(addresses: &mut Vec<usize>, mut frame: usize) {
    while addresses.len() < MOST_FRAMES {
        let Some([next, address]) = words_at(frame).filter(|[_, address]| *address != 0) else { return };
        addresses.push(address);
        if next <= frame || !loader::contains(address) {
            return;
        }
        frame = next;
    }
}

/// Reads two words of a stack, if there is one.
fn words_at(address: usize) -> Option<[usize; 2]> {
    let mut words = [0usize; 2];
    let from = std::ptr::with_exposed_provenance::<u8>(address);
    let copied = address.is_multiple_of(8) && user_copy::copy((&raw mut words).cast(), from, 16) == haiku_abi::B_OK;
    copied.then_some(words)
}

#[link(name = "gcc_s")]
unsafe extern "C" {
    fn _Unwind_Backtrace(
        callback: unsafe extern "C" fn(*mut c_void, *mut c_void) -> c_int,
        argument: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIP(context: *mut c_void) -> usize;
    fn _Unwind_GetGR(context: *mut c_void, register: c_int) -> usize;
}

const END_OF_STACK: c_int = 5;
const MOST_FRAMES: usize = 64;
