//! The memory of the program that calls an ioctl.
//!
//! FUSE carries as many bytes of an argument as the ioctl's number tells, and the numbers of TUN tell four where there
//! are forty. The rest is fetched from the caller by its thread ID, and brought back there.
//!
//! That it is the caller and not another who got the ID: its thread is asleep in the kernel until the request is
//! answered, and a request that has been taken is waited for even by a thread that is killed
//! (`request_wait_answer` of `fs/fuse/dev.c`). So the thread, its ID and its memory last until the answer, and no
//! answer is given while the memory is in use: an [interrupt](super::flights) cannot answer a call in that phase. What
//! else ends the wait is the end of the connection, which takes an administrator's abort while the daemon lives; calls
//! begun before it finish with the memory they began with, and the window before a call begins is a few instructions.

use rustix::io::Errno;

/// Reads from the memory of a thread's program until `bytes` are full.
///
/// It may take as long as the program likes: its memory may be served by itself.
///
/// # Errors
/// `EPERM` where tracing the program is not permitted, `ESRCH` for a thread that cannot be seen from here, `EFAULT`.
pub(super) fn read(thread: u32, address: u64, bytes: &mut [u8]) -> Result<(), Errno> {
    let (thread, there) = place(thread, address, bytes.len())?;
    let here = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    // SAFETY: `here` is the exclusively borrowed `bytes`; the kernel checks the addresses of the other program.
    let count = unsafe { libc::process_vm_readv(thread, &raw const here, 1, &raw const there, 1, 0) };
    whole(count, bytes.len())
}

/// Writes `bytes` to the memory of a thread's program, as the program itself could: its protections hold.
///
/// # Errors
/// As [`read`].
pub(super) fn write(thread: u32, address: u64, bytes: &[u8]) -> Result<(), Errno> {
    let (thread, there) = place(thread, address, bytes.len())?;
    let here = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: `here` is the borrowed `bytes`, which the kernel only reads; it checks the addresses of the other program.
    let count = unsafe { libc::process_vm_writev(thread, &raw const here, 1, &raw const there, 1, 0) };
    whole(count, bytes.len())
}

fn place(thread: u32, address: u64, bytes: usize) -> Result<(libc::pid_t, libc::iovec), Errno> {
    // The kernel says 0 of a thread in a process namespace that is not below this one.
    let thread = libc::pid_t::try_from(thread).ok().filter(|&thread| thread > 0).ok_or(Errno::SRCH)?;
    let address = usize::try_from(address).map_err(|_| Errno::FAULT)?;
    Ok((thread, libc::iovec { iov_base: std::ptr::without_provenance_mut(address), iov_len: bytes }))
}

fn whole(count: libc::ssize_t, bytes: usize) -> Result<(), Errno> {
    match usize::try_from(count) {
        Ok(count) if count == bytes => Ok(()),
        Ok(_) => Err(Errno::FAULT),
        Err(_) => Err(crate::linux::tap::last_errno()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own_thread() -> u32 {
        rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned()
    }

    #[test]
    fn own_memory_is_read_and_written() {
        let (mut there, mut here) = (*b"tun0", [0; 4]);
        let address = there.as_mut_ptr().expose_provenance() as u64;
        assert_eq!(read(own_thread(), address, &mut here), Ok(()));
        assert_eq!(here, there);
        assert_eq!(write(own_thread(), address, b"tun7"), Ok(()));
        assert_eq!(std::hint::black_box(there), *b"tun7");
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let mut here = [0; 4];
        assert_eq!(read(own_thread(), 0, &mut here), Err(Errno::FAULT));
        assert_eq!(read(own_thread(), u64::MAX, &mut here), Err(Errno::FAULT));
        assert_eq!(read(0, 0, &mut here), Err(Errno::SRCH));
        assert_eq!(read(u32::MAX, 0, &mut here), Err(Errno::SRCH));
        // Constants lie in memory that the program itself cannot write.
        static CONSTANT: [u8; 4] = *b"tun0";
        let address = CONSTANT.as_ptr().expose_provenance() as u64;
        assert_eq!(write(own_thread(), address, b"tun7"), Err(Errno::FAULT));
    }
}
