use super::*;

const TUNSETIFF: u64 = 0x4004_54ca;
const TUNSETPERSIST: u64 = 0x4004_54cb;
const I386: u32 = 0x4000_0003;

#[derive(Debug, Eq, PartialEq)]
enum Verdict {
    Allow,
    Notify,
}

/// The kernel's machine, as far as the program uses it; what it does not know, it panics at.
fn run(program: &[sock_filter], arch: u32, number: u32, command: u64) -> Verdict {
    let mut data = [0; 64];
    data[0..4].copy_from_slice(&number.to_ne_bytes());
    data[4..8].copy_from_slice(&arch.to_ne_bytes());
    data[24..32].copy_from_slice(&command.to_ne_bytes());
    let mut a = 0;
    let mut at = 0;
    loop {
        let step = program[at];
        at += 1;
        let mut jump = |taken: bool| at += usize::from(if taken { step.jt } else { step.jf });
        match u32::from(step.code) {
            c if c == BPF_LD | BPF_W | BPF_ABS => {
                let offset = step.k as usize;
                a = u32::from_ne_bytes(data[offset..offset + 4].try_into().unwrap());
            }
            c if c == BPF_ALU | BPF_AND | BPF_K => a &= step.k,
            c if c == BPF_JMP | BPF_JEQ | BPF_K => jump(a == step.k),
            c if c == BPF_JMP | BPF_JGE | BPF_K => jump(a >= step.k),
            c if c == BPF_RET | BPF_K => {
                return match step.k {
                    libc::SECCOMP_RET_ALLOW => Verdict::Allow,
                    libc::SECCOMP_RET_USER_NOTIF => Verdict::Notify,
                    other => panic!("returns {other:#x}"),
                };
            }
            other => panic!("code {other:#x}"),
        }
    }
}

#[test]
fn only_opens_and_tun_ioctls_are_notified() {
    use Verdict::{Allow, Notify};
    let ioctl = libc::SYS_ioctl as u32;
    #[rustfmt::skip]
    let rows = [
        ("openat",                 NATIVE, libc::SYS_openat as u32,            0,                          Notify),
        ("openat2",                NATIVE, libc::SYS_openat2 as u32,           0,                          Notify),
        ("read",                   NATIVE, libc::SYS_read as u32,              TUNSETIFF,                  Allow),
        ("sendmsg",                NATIVE, libc::SYS_sendmsg as u32,           0,                          Allow),
        ("seccomp",                NATIVE, libc::SYS_seccomp as u32,           0,                          Allow),
        ("execve",                 NATIVE, libc::SYS_execve as u32,            0,                          Allow),
        ("close",                  NATIVE, libc::SYS_close as u32,             0,                          Allow),
        ("TUNSETIFF",              NATIVE, ioctl,                              TUNSETIFF,                  Notify),
        ("TUNSETPERSIST",          NATIVE, ioctl,                              TUNSETPERSIST,              Notify),
        ("TUNSETNOCSUM, nr 200",   NATIVE, ioctl,                              0x4004_54c8,                Notify),
        ("TUNGETIFF",              NATIVE, ioctl,                              0x8004_54d2,                Notify),
        ("upper half is noise",    NATIVE, ioctl,                              TUNSETIFF | 0xffff << 32,   Notify),
        ("SIOCGIFHWADDR",          NATIVE, ioctl,                              0x8927,                     Notify),
        ("SIOCSIFHWADDR",          NATIVE, ioctl,                              0x8924,                     Notify),
        ("SIOCGIFINDEX",           NATIVE, ioctl,                              0x8933,                     Allow),
        ("SIOCSIFMTU",             NATIVE, ioctl,                              0x8922,                     Allow),
        ("FIONREAD",               NATIVE, ioctl,                              0x541b,                     Allow),
        ("FIONBIO",                NATIVE, ioctl,                              0x5421,                     Allow),
        ("TCGETS",                 NATIVE, ioctl,                              0x5401,                     Allow),
        ("TIOCGPTN, nr 48",        NATIVE, ioctl,                              0x8004_5430,                Allow),
        ("nr 199 of 'T'",          NATIVE, ioctl,                              0x4004_54c7,                Allow),
        ("nr 202 of 'U'",          NATIVE, ioctl,                              0x4004_55ca,                Allow),
        ("i386 ioctl",             I386,   54,                                 TUNSETIFF,                  Allow),
        ("i386 of same number",    I386,   libc::SYS_openat as u32,            0,                          Allow),
        ("x32 openat",             NATIVE, libc::SYS_openat as u32 | X32_BIT,  0,                          Allow),
        ("number -1",              NATIVE, u32::MAX,                           0,                          Allow),
    ];
    let program = program();
    for (name, arch, number, command, want) in rows {
        assert_eq!(run(&program, arch, number, command), want, "{name}");
    }
    #[cfg(target_arch = "x86_64")]
    assert_eq!(run(&program, NATIVE, libc::SYS_open as u32, 0), Notify, "open");
}

#[test]
fn offsets_are_the_kernels() {
    use core::mem::offset_of;
    assert_eq!(offset_of!(libc::seccomp_data, nr), OFFSET_NUMBER as usize);
    assert_eq!(offset_of!(libc::seccomp_data, arch), OFFSET_ARCH as usize);
    assert_eq!(offset_of!(libc::seccomp_data, args) + 8, OFFSET_COMMAND as usize);
}
