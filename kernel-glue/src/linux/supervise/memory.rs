//! The memory of a supervised program.

use rustix::io::Errno;

/// Pages are at least so large on every machine; a read that stays within one fails or succeeds as a whole.
const PAGE: u64 = 4096;

/// Fills `into` from `address` in the memory of a process.
///
/// # Errors
/// `EFAULT` unless all of it is there; `EPERM` when the process may not be looked into (ptrace(2)), `ESRCH` when it
/// is gone.
pub fn read_bytes(process: u32, address: u64, into: &mut [u8]) -> Result<(), Errno> {
    let local = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: into.len() };
    let remote = remote(address, into.len());
    // SAFETY: `local` is `into`, which is borrowed for writing; the kernel checks `remote` against the other process.
    let count = unsafe { libc::process_vm_readv(process as libc::pid_t, &raw const local, 1, &raw const remote, 1, 0) };
    whole(count, into.len())
}

/// Reads a text that ends with NUL, without the NUL.
///
/// # Errors
/// As [`read_bytes`], and `ENAMETOOLONG` when there is no NUL within `limit` bytes.
pub fn read_text(process: u32, address: u64, limit: usize) -> Result<Vec<u8>, Errno> {
    let mut text = Vec::new();
    while text.len() < limit {
        let at = address.checked_add(text.len() as u64).ok_or(Errno::FAULT)?;
        // What follows the text may be no memory of the process, so never beyond a page that the text reaches.
        let in_page = (PAGE - at % PAGE) as usize;
        let start = text.len();
        text.resize(start + in_page.min(limit - start).min(CHUNK), 0);
        let Some(chunk) = text.get_mut(start..) else { break };
        read_bytes(process, at, chunk)?;
        if let Some(end) = chunk.iter().position(|&byte| byte == 0) {
            text.truncate(start + end);
            return Ok(text);
        }
    }
    Err(Errno::NAMETOOLONG)
}

/// Most texts are shorter.
const CHUNK: usize = 256;

/// Writes `from` to `address` in the memory of a process.
///
/// # Errors
/// As [`read_bytes`].
pub fn write_bytes(process: u32, address: u64, from: &[u8]) -> Result<(), Errno> {
    let local = libc::iovec { iov_base: from.as_ptr().cast_mut().cast(), iov_len: from.len() };
    let remote = remote(address, from.len());
    // SAFETY: `local` is `from`, which is only read; the kernel checks `remote` against the other process.
    let count =
        unsafe { libc::process_vm_writev(process as libc::pid_t, &raw const local, 1, &raw const remote, 1, 0) };
    whole(count, from.len())
}

fn remote(address: u64, bytes: usize) -> libc::iovec {
    libc::iovec { iov_base: address as usize as *mut libc::c_void, iov_len: bytes }
}

fn whole(count: isize, want: usize) -> Result<(), Errno> {
    match usize::try_from(count) {
        Ok(count) if count == want => Ok(()),
        Ok(_) => Err(Errno::FAULT),
        Err(_) => Err(crate::linux::tap::last_errno()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::id;

    #[test]
    fn text_ends_at_nul_or_limit() {
        let long = [b'x'; 10_000];
        let address = |text: &[u8]| text.as_ptr() as u64;
        #[rustfmt::skip]
        let rows = [
            ("short",    address(b"/dev/net/tun\0"), 4096, Ok(&b"/dev/net/tun"[..])),
            ("empty",    address(b"\0"),             4096, Ok(&[])),
            ("no end",   address(&long),             4096, Err(Errno::NAMETOOLONG)),
            ("nowhere",  8,                          4096, Err(Errno::FAULT)),
            ("null",     0,                          4096, Err(Errno::FAULT)),
            ("wraps",    u64::MAX,                   4096, Err(Errno::FAULT)),
        ];
        for (name, at, limit, want) in rows {
            assert_eq!(read_text(id(), at, limit).as_deref(), want.as_ref().copied(), "{name}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let place = [0_u8; 40];
        let address = place.as_ptr() as u64;
        write_bytes(id(), address, &[7; 40]).unwrap();
        let mut read = [0; 40];
        read_bytes(id(), address, &mut read).unwrap();
        assert_eq!(read, [7; 40]);
        assert_eq!(write_bytes(id(), 8, &[1]), Err(Errno::FAULT));
    }
}
