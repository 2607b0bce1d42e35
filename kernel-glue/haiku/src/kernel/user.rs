//! The memory of programs, and who they are.

use super::Status;
use super::imports::{geteuid, team_get_current_team_id, user_memcpy};
use core::ffi::c_void;

/// Bytes at an address that a caller gave.
#[derive(Clone, Copy)]
pub(crate) struct UserMemory {
    address: *mut c_void,
    bytes: usize,
}

impl UserMemory {
    /// Takes an address from a caller: a program's, or, where `syscall` says that it is none, the kernel's own.
    ///
    /// # Errors
    /// [`Status::B_BAD_ADDRESS`] for a program that names memory of the kernel, or none.
    pub(crate) fn new(address: *mut c_void, bytes: usize, syscall: Syscall) -> Result<Self, Status> {
        let last = address.addr().checked_add(bytes.saturating_sub(1)).ok_or(Status::B_BAD_ADDRESS)?;
        let user = is_user(address.addr()) && is_user(last);
        if address.is_null() || (syscall == Syscall::Yes && !user) {
            return Err(Status::B_BAD_ADDRESS);
        }
        Ok(Self { address, bytes })
    }

    /// Returns the address.
    pub(crate) fn address(self) -> *mut c_void {
        self.address
    }

    /// Returns how many bytes there are.
    pub(crate) fn bytes(self) -> usize {
        self.bytes
    }

    /// Returns what is behind the first bytes.
    pub(crate) fn skip(self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes);
        Self { address: self.address.wrapping_byte_add(bytes), bytes: self.bytes - bytes }
    }

    /// Copies the first bytes, as many as `to` holds.
    ///
    /// # Errors
    /// [`Status::B_BAD_ADDRESS`].
    pub(crate) fn read(self, to: &mut [u8]) -> Result<(), Status> {
        if to.len() > self.bytes {
            return Err(Status::B_BAD_ADDRESS);
        }
        // SAFETY: `to` is ours and as long; the other side may be any address, which the kernel checks.
        Status::check(unsafe { user_memcpy(to.as_mut_ptr().cast(), self.address, to.len()) })
    }

    /// Copies `from` over the first bytes.
    ///
    /// # Errors
    /// [`Status::B_BAD_ADDRESS`].
    pub(crate) fn write(self, from: &[u8]) -> Result<(), Status> {
        if from.len() > self.bytes {
            return Err(Status::B_BAD_ADDRESS);
        }
        // SAFETY: `from` is ours and as long; the other side may be any address, which the kernel checks.
        Status::check(unsafe { user_memcpy(self.address, from.as_ptr().cast(), from.len()) })
    }
}

/// Whether a hook runs for a program's system call, or for the kernel's own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Syscall {
    /// Its pointers are a program's.
    Yes,
    /// Its pointers are the kernel's.
    No,
}

/// Returns the effective user of the calling program.
pub(crate) fn effective_user() -> u32 {
    // SAFETY: it has no precondition.
    unsafe { geteuid() }
}

/// Returns the number of the calling program's team.
pub(crate) fn current_team() -> u32 {
    // SAFETY: it has no precondition.
    unsafe { team_get_current_team_id() }.cast_unsigned()
}

/// Returns whether an address is a program's (`IS_USER_ADDRESS` on x86_64).
const fn is_user(address: usize) -> bool {
    USER_BASE <= address && address <= USER_TOP
}

const USER_BASE: usize = 0x10_0000;
const USER_TOP: usize = 0x7fff_ffdf_ffff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_names_its_own_memory_only() {
        #[rustfmt::skip]
        let rows: [(usize, usize, bool, bool); 8] = [
            // address                 bytes     a program's  the kernel's
            (0,                        16,       false,       false),
            (0x1000,                   16,       false,       true),
            (0x10_0000,                16,       true,        true),
            (0x7fff_ffdf_fff0,         16,       true,        true),
            (0x7fff_ffdf_fff0,         17,       false,       true),
            (0xffff_ff00_0000_0000,    16,       false,       true),
            (0x10_0000,                0,        true,        true),
            (0x10_0000,                usize::MAX, false,     false),
        ];
        for (address, bytes, program, kernel) in rows {
            let made = |syscall| UserMemory::new(core::ptr::without_provenance_mut(address), bytes, syscall).is_ok();
            assert_eq!((made(Syscall::Yes), made(Syscall::No)), (program, kernel), "{address:#x} {bytes}");
        }
    }
}
