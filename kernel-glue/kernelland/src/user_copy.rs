//! Copies that may meet an address that is not there, as cheap as `memcpy`.
//!
//! Before it copies, a thread says where to go on if that faults; the handler of SIGSEGV sends it there. Every address of
//! Linux lies in what Haiku takes for a program's, so all reads and writes of packets come through here.

use crate::thread::current;
use haiku_abi::{B_BAD_ADDRESS, B_OK, ssize_t, status_t};
use std::cell::Cell;

/// Copies; `B_BAD_ADDRESS` if one of the sides is not there, after a part of it maybe.
pub(crate) fn copy(to: *mut u8, from: *const u8, bytes: usize) -> status_t {
    run(to, from, bytes, libc::memcpy as Routine)
}

/// Fills; `B_BAD_ADDRESS` if the memory is not there.
pub(crate) fn set(to: *mut u8, byte: u8, bytes: usize) -> status_t {
    // `memset` takes a number where `memcpy` takes an address, in the same register.
    run(to, std::ptr::without_provenance(usize::from(byte)), bytes, libc::memset as Routine)
}

fn run(to: *mut u8, from: *const u8, bytes: usize, routine: Routine) -> status_t {
    // A thread of the kernel's has the handler, and a stack for it.
    current();
    RECOVERY.with(|recovery| {
        // A back trace that is taken in a signal in the midst of a copy makes copies itself.
        let before = recovery.get();
        // SAFETY: the routine returns 1 when either side faults; what it may write is the caller's to say.
        let faulted = unsafe { guarded(to, from, bytes, recovery.as_ptr(), routine) };
        recovery.set(before);
        if faulted == 0 { B_OK } else { B_BAD_ADDRESS }
    })
}

/// Copies a string and ends it, cut if need be; returns its length.
pub(crate) fn copy_string(to: *mut u8, from: *const u8, room: usize) -> ssize_t {
    if to.is_null() || from.is_null() || room == 0 {
        return B_BAD_ADDRESS as ssize_t;
    }
    let mut length = 0usize;
    loop {
        let mut byte = 0u8;
        if copy(&raw mut byte, from.wrapping_add(length), 1) != B_OK {
            return B_BAD_ADDRESS as ssize_t;
        }
        if let Some(left) = room.checked_sub(length.saturating_add(1)) {
            let byte = if left == 0 { 0 } else { byte };
            if copy(to.wrapping_add(length), &raw const byte, 1) != B_OK {
                return B_BAD_ADDRESS as ssize_t;
            }
        }
        if byte == 0 {
            return ssize_t::try_from(length).unwrap_or(ssize_t::MAX);
        }
        length = length.saturating_add(1);
    }
}

/// Takes the place where the running thread wants to go on after a fault: program counter and stack pointer.
pub(crate) fn take_recovery() -> Option<(usize, usize)> {
    RECOVERY.with(|recovery| {
        let [place, stack] = recovery.replace([0; 2]);
        (place != 0).then_some((place, stack))
    })
}

/// A function of C with three arguments.
type Routine = *const ();

/// Calls `routine(to, from, bytes)` with a way back; returns 1 if that was used.
#[unsafe(naked)]
unsafe extern "C" fn guarded(
    _to: *mut u8,
    _from: *const u8,
    _bytes: usize,
    _recovery: *mut [usize; 2],
    _routine: Routine,
) -> i32 {
    core::arch::naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push rcx",
        "lea rax, [rip + 2f]",
        "mov [rcx + 8], rsp",
        "mov [rcx], rax",
        "call r8",
        "xor eax, eax",
        "mov rcx, [rsp]",
        "3:",
        "mov qword ptr [rcx], 0",
        "pop rcx",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        "2:",
        "mov rcx, [rsp]",
        "mov eax, 1",
        "jmp 3b",
    )
}

thread_local! {
    static RECOVERY: Cell<[usize; 2]> = const { Cell::new([0; 2]) };
}

#[cfg(test)]
mod tests;
