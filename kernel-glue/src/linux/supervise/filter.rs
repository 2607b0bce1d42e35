//! Which system calls of a program are put before its supervisor: a program for the kernel's classic BPF machine.

use libc::{BPF_ABS, BPF_ALU, BPF_AND, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, sock_filter};

/// The first number of type 'T' that is the TUN driver's; those below are terminals'.
const FIRST_TUN_NUMBER: u32 = 200;
/// `_IOC_TYPE` in its place: octet 1 of the number of an ioctl.
const TYPE_MASK: u32 = 0xff00;
const TYPE_T: u32 = (b'T' as u32) << 8;
/// `__X32_SYSCALL_BIT`: calls of 32-bit pointers on x86-64, which are left alone. No other call has it.
const X32_BIT: u32 = 0x4000_0000;

/// `AUDIT_ARCH_X86_64` and `AUDIT_ARCH_AARCH64` of linux/audit.h; 0, which is none, on machines not provided for.
pub(super) const NATIVE: u32 = if cfg!(target_arch = "x86_64") {
    0xc000_003e
} else if cfg!(target_arch = "aarch64") {
    0xc000_00b7
} else {
    0
};

/// Offsets in `struct seccomp_data`. Both machines are little-endian: the low half of an argument comes first.
const OFFSET_NUMBER: u32 = 0;
const OFFSET_ARCH: u32 = 4;
const OFFSET_COMMAND: u32 = 24;

#[derive(Clone, Copy)]
enum To {
    Next,
    Allow,
    Notify,
}

#[derive(Clone, Copy)]
enum Step {
    Load(u32),
    Mask(u32),
    Equal(u32, To, To),
    AtLeast(u32, To, To),
}

/// Returns the program: opens, and the ioctls that a TUN/TAP descriptor understands, are notified; all else passes.
///
/// Of other machines' calls (32-bit programs), nothing is notified: their numbers mean other calls.
pub(super) fn program() -> Vec<sock_filter> {
    let steps = steps();
    let end = steps.len();
    let mut program: Vec<_> = steps.iter().enumerate().map(|(at, step)| encode(*step, at, end)).collect();
    program.push(statement(BPF_RET | BPF_K, libc::SECCOMP_RET_ALLOW));
    program.push(statement(BPF_RET | BPF_K, libc::SECCOMP_RET_USER_NOTIF));
    program
}

fn steps() -> Vec<Step> {
    use Step::{AtLeast, Equal, Load, Mask};
    use To::{Allow, Next, Notify};
    let mut steps = vec![
        Load(OFFSET_ARCH),
        Equal(NATIVE, Next, Allow),
        Load(OFFSET_NUMBER),
        AtLeast(X32_BIT, Allow, Next),
        Equal(libc::SYS_openat as u32, Notify, Next),
        Equal(libc::SYS_openat2 as u32, Notify, Next),
    ];
    #[cfg(target_arch = "x86_64")]
    steps.push(Equal(libc::SYS_open as u32, Notify, Next));
    steps.extend([
        Equal(libc::SYS_ioctl as u32, Next, Allow),
        Load(OFFSET_COMMAND),
        Equal(libc::SIOCGIFHWADDR as u32, Notify, Next),
        Equal(libc::SIOCSIFHWADDR as u32, Notify, Next),
        Mask(TYPE_MASK),
        Equal(TYPE_T, Next, Allow),
        Load(OFFSET_COMMAND),
        Mask(0xff),
        AtLeast(FIRST_TUN_NUMBER, Notify, Allow),
    ]);
    steps
}

fn encode(step: Step, at: usize, end: usize) -> sock_filter {
    let distance = |to: To| {
        let target = match to {
            To::Next => at + 1,
            To::Allow => end,
            To::Notify => end + 1,
        };
        u8::try_from(target - at - 1).unwrap_or(u8::MAX)
    };
    let jump = |test: u32, value, yes, no| sock_filter {
        jt: distance(yes),
        jf: distance(no),
        ..statement(BPF_JMP | test | BPF_K, value)
    };
    match step {
        Step::Load(offset) => statement(BPF_LD | BPF_W | BPF_ABS, offset),
        Step::Mask(mask) => statement(BPF_ALU | BPF_AND | BPF_K, mask),
        Step::Equal(value, yes, no) => jump(BPF_JEQ, value, yes, no),
        Step::AtLeast(value, yes, no) => jump(BPF_JGE, value, yes, no),
    }
}

fn statement(code: u32, value: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: 0, k: value }
}

#[cfg(test)]
mod tests;
