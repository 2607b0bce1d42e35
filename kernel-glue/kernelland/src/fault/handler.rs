//! The handler of SIGSEGV and its like: copies that may fault go on, everything else ends the test with registers and back trace.

use super::{FAILED, Trace, end, place};
use crate::{loader, thread, user_copy};
use std::ffi::{c_int, c_void};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Installs the handler, once, and gives the running thread a stack for it.
pub(crate) fn install() {
    STACK.with(|_| {});
    INSTALLED.call_once(|| {
        for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE] {
            handle(signal, on_fault as *const () as usize);
        }
    });
}

/// Installs the handler of a signal, a function as SA_SIGINFO asks for.
pub(crate) fn handle(signal: c_int, handler: usize) {
    // SAFETY: zeroes are a value of this structure of integers.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER | libc::SA_RESTART;
    // SAFETY: the handler has the signature that SA_SIGINFO asks for, and stays.
    unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
}

unsafe extern "C" fn on_fault(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel gives the context of a handler with SA_SIGINFO, for the call.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    let registers = &mut context.uc_mcontext.gregs;
    let [counter, stack, frame] = [libc::REG_RIP, libc::REG_RSP, libc::REG_RBP].map(|at| register(registers, at));
    if matches!(signal, libc::SIGSEGV | libc::SIGBUS)
        && let Some((place, stack)) = user_copy::take_recovery()
    {
        put(registers, libc::REG_RIP, place);
        put(registers, libc::REG_RSP, stack);
        return;
    }
    // SAFETY: as above, for the information.
    let info = unsafe { &*info };
    if FAILING.swap(true, SeqCst) {
        // The report itself fails, or another thread is at it.
        // SAFETY: takes no memory of ours.
        unsafe { libc::_exit(FAILED) };
    }
    // SAFETY: these signals carry an address.
    let address = unsafe { info.si_addr() } as usize;
    let what = loader::unloaded(address).map_or_else(String::new, |image| format!(", in {image}, which is unloaded"));
    let trace = Trace::of_registers(counter, stack, frame);
    end(&format!(
        "kernel panic: signal {signal} at address {address:#x}{what}, code {}, stack {stack:#x}, {}\n{trace}",
        place(counter),
        thread::current()
    ));
}

fn register(registers: &[i64], at: c_int) -> usize {
    usize::try_from(at).ok().and_then(|at| registers.get(at)).map_or(0, |value| value.cast_unsigned() as usize)
}

fn put(registers: &mut [i64], at: c_int, value: usize) {
    if let Some(register) = usize::try_from(at).ok().and_then(|at| registers.get_mut(at)) {
        *register = (value as u64).cast_signed();
    }
}

/// A thread's stack for the handler: that of Rust's own library is too small for a report.
struct Stack(Vec<u8>);

impl Stack {
    fn new() -> Self {
        let mut stack = Self(vec![0; STACK_BYTES]);
        let start = stack.0.as_mut_ptr();
        set_stack(start, 0);
        stack
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        set_stack(std::ptr::null_mut(), libc::SS_DISABLE);
    }
}

fn set_stack(start: *mut u8, flags: c_int) {
    let stack = libc::stack_t { ss_sp: start.cast(), ss_flags: flags, ss_size: STACK_BYTES };
    // SAFETY: the memory stays until the thread takes it back, in `drop`.
    unsafe { libc::sigaltstack(&raw const stack, std::ptr::null_mut()) };
}

thread_local! {
    static STACK: Stack = Stack::new();
}

const STACK_BYTES: usize = 256 * 1024;
static FAILING: AtomicBool = AtomicBool::new(false);
static INSTALLED: Once = Once::new();
