//! The supervisor's end of the filter: system calls that wait, and their answers.

use super::filter;
use crate::linux::tap::last_errno;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use rustix::io::Errno;

/// Where the calls of a program arrive. It hangs up when the last process that has the filter is gone.
#[derive(Debug)]
pub struct Listener(OwnedFd);

/// A system call that waits for its answer.
#[derive(Clone, Copy, Debug)]
pub struct Notice {
    id: u64,
    /// The thread that called; 0 when it is in no process namespace that this process sees.
    pub thread: u32,
    /// What it called.
    pub call: Trapped,
}

/// The call, with its arguments as the program gave them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trapped {
    /// `open` or `openat`, or `openat2`.
    Open {
        /// The directory where a relative path starts; `AT_FDCWD` for the working directory.
        directory: i32,
        /// Where the path is in the program's memory.
        path: u64,
        /// The flags, or for `openat2` where they are.
        flags: Flags,
    },
    /// `ioctl`.
    Ioctl {
        /// The descriptor.
        descriptor: i32,
        /// The number of the request.
        number: u32,
        /// A number, or an address in the program's memory.
        value: u64,
    },
    /// A call that the filter does not name.
    Other,
}

/// Where the flags of an open are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flags {
    /// Among the arguments.
    Given(u64),
    /// At the start of a `struct open_how` in the program's memory.
    At(u64),
}

/// What happens to the descriptor when the program executes another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pass {
    /// It is closed.
    CloseOnExec,
    /// It stays.
    Keep,
}

impl Listener {
    /// Puts the calling thread, and all that it starts, under the filter. It is for good.
    ///
    /// Without CAP_SYS_ADMIN this rules out privileges gained by executing programs, as seccomp(2) demands.
    ///
    /// # Errors
    /// `EBUSY` under another supervisor's filter already; `EINVAL` or `ENOSYS` on a kernel without such filters, or a
    /// machine that is neither x86-64 nor AArch64.
    pub fn install() -> Result<Self, Errno> {
        // Calls that the supervisor has taken are then only interrupted by what ends the program: a call that was
        // answered but not delivered would be made twice. Linux 5.19.
        let patient = libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
        set_filter(patient).or_else(|errno| if errno == Errno::INVAL { set_filter(0) } else { Err(errno) })
    }

    /// Takes the next call. It is there when the descriptor is readable.
    ///
    /// # Errors
    /// `ENOENT` when the caller was killed meanwhile.
    pub fn receive(&self) -> Result<Notice, Errno> {
        let mut room = Room::default();
        // SAFETY: the kernel wants its `struct seccomp_notif` zeroed and writes it, which `install` has found to be no
        // longer than `Room`.
        let status = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV as _, &raw mut room) };
        succeed(status)?;
        let [path_or_directory, first, second, ..] = room.data.args;
        let call = match libc::c_long::from(room.data.nr) {
            libc::SYS_openat => {
                Trapped::Open { directory: path_or_directory as i32, path: first, flags: Flags::Given(second) }
            }
            libc::SYS_openat2 => {
                Trapped::Open { directory: path_or_directory as i32, path: first, flags: Flags::At(second) }
            }
            #[cfg(target_arch = "x86_64")]
            libc::SYS_open => {
                Trapped::Open { directory: libc::AT_FDCWD, path: path_or_directory, flags: Flags::Given(first) }
            }
            libc::SYS_ioctl => {
                Trapped::Ioctl { descriptor: path_or_directory as i32, number: first as u32, value: second }
            }
            _ => Trapped::Other,
        };
        Ok(Notice { id: room.id, thread: room.pid, call })
    }

    /// Returns whether the caller still waits. What was read of its memory before is the caller's only if it does:
    /// else the number of its thread may have become another's.
    pub fn is_waiting(&self, notice: &Notice) -> bool {
        // SAFETY: the kernel reads one `u64`.
        let status =
            unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ID_VALID as _, &raw const notice.id) };
        status == 0
    }

    /// Lets the kernel execute the call as if there were no filter.
    ///
    /// # Errors
    /// `ENOENT` when the caller is gone, which needs no remedy; the same for the other answers.
    pub fn pass(&self, notice: &Notice) -> Result<(), Errno> {
        self.respond(notice, 0, 0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32)
    }

    /// Makes the call return a value, or fail.
    ///
    /// # Errors
    /// As [`Self::pass`].
    pub fn answer(&self, notice: &Notice, result: Result<i64, Errno>) -> Result<(), Errno> {
        match result {
            Ok(value) => self.respond(notice, value, 0, 0),
            Err(errno) => self.respond(notice, 0, errno.raw_os_error().wrapping_neg(), 0),
        }
    }

    /// Puts a copy of a descriptor into the caller's process and makes the call return its number, in one step: no
    /// copy is left in a process whose call was interrupted.
    ///
    /// # Errors
    /// As [`Self::pass`], and `EMFILE` when the process has no number left; the call waits on then.
    pub fn inject(&self, notice: &Notice, descriptor: BorrowedFd<'_>, pass: Pass) -> Result<(), Errno> {
        let request = libc::seccomp_notif_addfd {
            id: notice.id,
            flags: libc::SECCOMP_ADDFD_FLAG_SEND as u32,
            srcfd: descriptor.as_raw_fd() as u32,
            newfd: 0,
            newfd_flags: match pass {
                Pass::CloseOnExec => libc::O_CLOEXEC as u32,
                Pass::Keep => 0,
            },
        };
        // SAFETY: the kernel reads one `struct seccomp_notif_addfd`, whose descriptor is borrowed meanwhile.
        let status =
            unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ADDFD as _, &raw const request) };
        succeed(status)
    }

    fn respond(&self, notice: &Notice, val: i64, error: i32, flags: u32) -> Result<(), Errno> {
        let mut response = libc::seccomp_notif_resp { id: notice.id, val, error, flags };
        // SAFETY: the kernel reads one `struct seccomp_notif_resp`; `Listener::install` has found that it knows no more.
        let status = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND as _, &raw mut response) };
        succeed(status)
    }
}

impl From<OwnedFd> for Listener {
    /// Takes a listener that another process installed and handed over.
    fn from(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// `struct seccomp_notif`, and room for what later kernels add to it.
#[repr(C)]
struct Room {
    id: u64,
    pid: u32,
    flags: u32,
    data: libc::seccomp_data,
    spare: [u64; 32],
}

const _: () = assert!(core::mem::offset_of!(Room, data) == core::mem::offset_of!(libc::seccomp_notif, data));
const _: () = assert!(core::mem::offset_of!(Room, spare) == size_of::<libc::seccomp_notif>());

impl Default for Room {
    fn default() -> Self {
        let data = libc::seccomp_data { nr: 0, arch: 0, instruction_pointer: 0, args: [0; 6] };
        Self { id: 0, pid: 0, flags: 0, data, spare: [0; 32] }
    }
}

fn set_filter(flags: libc::c_ulong) -> Result<Listener, Errno> {
    if filter::NATIVE == 0 {
        return Err(Errno::NOSYS);
    }
    check_sizes()?;
    match load(flags) {
        Err(Errno::ACCESS) => {
            rustix::thread::set_no_new_privs(true)?;
            load(flags)
        }
        result => result,
    }
}

/// Makes sure that the kernel's structures fit into ours, which it fills by its own measure.
fn check_sizes() -> Result<(), Errno> {
    let mut sizes = libc::seccomp_notif_sizes { seccomp_notif: 0, seccomp_notif_resp: 0, seccomp_data: 0 };
    // SAFETY: the kernel writes one `struct seccomp_notif_sizes`.
    let status =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_NOTIF_SIZES, 0, &raw mut sizes) } as libc::c_int;
    succeed(status)?;
    let fits = usize::from(sizes.seccomp_notif) <= size_of::<Room>()
        && usize::from(sizes.seccomp_notif_resp) <= size_of::<libc::seccomp_notif_resp>();
    if fits { Ok(()) } else { Err(Errno::NOSYS) }
}

fn load(flags: libc::c_ulong) -> Result<Listener, Errno> {
    let mut steps = filter::program();
    let program = libc::sock_fprog { len: steps.len() as libc::c_ushort, filter: steps.as_mut_ptr() };
    let flags = flags | libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    // SAFETY: the kernel reads `program` and the `len` steps that it points to, which live until the end.
    let status = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program) };
    let descriptor = status as libc::c_int;
    succeed(descriptor)?;
    // SAFETY: the kernel has just opened this descriptor for us alone.
    Ok(Listener(unsafe { OwnedFd::from_raw_fd(descriptor) }))
}

fn succeed(status: libc::c_int) -> Result<(), Errno> {
    if status < 0 { Err(last_errno()) } else { Ok(()) }
}
