//! The handler of SIGSEGV and its like: copies that may fault go on, everything else ends the test with registers and back trace.

use super::{Trace, end, place};
use crate::{loader, thread, user_copy};
use std::ffi::{c_int, c_void};
use std::sync::Once;

/// Installs the handler, once.
pub(crate) fn install() {
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
    // SAFETY: as above for the information; these signals carry an address.
    let address = unsafe { (*info).si_addr() } as usize;
    let what = loader::unloaded(address).map_or_else(String::new, |image| format!(", in {image}, which is unloaded"));
    let trace = Trace::of_registers(counter, frame);
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

static INSTALLED: Once = Once::new();
