//! Requests about interfaces, as Haiku's own `ifconfig` makes them.

use super::{Argument, Calls, Descriptor, Status};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::ffi::c_char;
use haiku_abi as abi;

/// A socket for requests about interfaces.
#[derive(Debug)]
pub struct Socket<C: Calls>(pub(super) Descriptor<C>);

impl<C: Calls> Socket<C> {
    /// Makes one.
    ///
    /// # Errors
    /// The kernel's.
    pub fn open(calls: &Arc<C>) -> Result<Self, Status> {
        Descriptor::socket(calls).map(Self)
    }

    /// Returns whether the stack has an interface of that name.
    pub fn has_interface(&self, name: &str) -> bool {
        let Ok(mut request) = request_about(name) else { return false };
        self.0.ioctl(abi::SIOCGIFINDEX, Argument::of(&mut request)).is_ok()
    }

    /// Lists the names of all interfaces.
    ///
    /// # Errors
    /// The kernel's.
    pub fn interfaces(&self) -> Result<Vec<String>, Status> {
        let mut count = abi::ifconf { ifc_len: 0, ifc_buf: core::ptr::null_mut() };
        self.0.ioctl(abi::SIOCGIFCOUNT, Argument::of(&mut count))?;
        // The count comes in the first four bytes of the buffer's address. Room for more, since some may come meanwhile.
        let count = (count.ifc_buf.addr() & 0xffff_ffff).min(MOST).saturating_add(SPARE);
        let mut buffer = vec![0_u8; count.saturating_mul(ENTRY_BYTES)];
        let length = i32::try_from(buffer.len()).map_err(|_| Status::NO_ROOM)?;
        let mut list = abi::ifconf { ifc_len: length, ifc_buf: buffer.as_mut_ptr().cast() };
        self.0.ioctl(abi::SIOCGIFCONF, Argument::of(&mut list))?;
        let written = usize::try_from(list.ifc_len).unwrap_or(0);
        Ok(names(buffer.get(..written).unwrap_or(&buffer)))
    }

    /// Makes an interface, down and without addresses.
    ///
    /// # Errors
    /// [`Status::NO_DEVICE`] when no driver has devices of that name; the kernel's.
    pub fn add_interface(&self, name: &str) -> Result<(), Status> {
        let none = abi::sockaddr_storage { ss_len: 0, ss_family: 0, ss_data: [0; 126] };
        let mut request = abi::ifaliasreq {
            ifra_name: c_name(name)?,
            ifra_index: 0,
            ifra_addr: none,
            ifra_destination: none,
            ifra_mask: none,
            ifra_flags: 0,
        };
        self.0.ioctl(abi::SIOCAIFADDR, Argument::of(&mut request)).map(drop)
    }

    /// Removes an interface with its addresses.
    ///
    /// # Errors
    /// The kernel's.
    pub fn remove_interface(&self, name: &str) -> Result<(), Status> {
        // Without an address, the request is about the interface itself.
        let mut request = request_about(name)?;
        self.0.ioctl(abi::SIOCDIFADDR, Argument::of(&mut request)).map(drop)
    }
}

fn request_about(name: &str) -> Result<abi::ifreq, Status> {
    let none = abi::sockaddr { sa_len: 0, sa_family: 0, sa_data: [0; 30] };
    // The union's longest member, so that every byte is set.
    let mut request = abi::ifreq {
        ifr_name: c_name(name)?,
        argument: abi::ifreq_argument { ifr_stats: abi::ifreq_stats::default() },
    };
    request.argument.ifr_addr = none;
    Ok(request)
}

pub(super) fn c_name(name: &str) -> Result<[c_char; abi::IF_NAMESIZE], Status> {
    let mut field = [0; abi::IF_NAMESIZE];
    // One octet stays for the terminator.
    if name.len() >= field.len() {
        return Err(Status(abi::B_NAME_TOO_LONG));
    }
    for (to, &from) in field.iter_mut().zip(name.as_bytes()) {
        *to = from.cast_signed();
    }
    Ok(field)
}

/// Reads a list of `ifreq`s. Each is as long as its address makes it, but never shorter than the structure.
fn names(mut list: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    while let Some((name, rest)) = list.split_first_chunk::<{ abi::IF_NAMESIZE }>() {
        let end = name.iter().position(|&octet| octet == 0).unwrap_or(name.len());
        names.push(String::from_utf8_lossy(name.get(..end).unwrap_or_default()).to_string());
        let address = usize::from(rest.first().copied().unwrap_or(0));
        let entry = abi::IF_NAMESIZE.saturating_add(address).max(ENTRY_BYTES);
        list = list.get(entry..).unwrap_or_default();
    }
    names
}

const ENTRY_BYTES: usize = size_of::<abi::ifreq>();
/// More interfaces than any system has; what a kernel says beyond is not believed.
const MOST: usize = 1 << 16;
const SPARE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_any_length() {
        let mut list = vec![0; 2 * ENTRY_BYTES + 150];
        list[..5].copy_from_slice(b"loop\0");
        list[32] = 32;
        list[ENTRY_BYTES..ENTRY_BYTES + 17].copy_from_slice(b"/dev/net/virtio/0");
        // An address that is longer than the structure has room for.
        list[ENTRY_BYTES + 32] = 118;
        list[ENTRY_BYTES + 150..ENTRY_BYTES + 153].copy_from_slice(b"tap");
        assert_eq!(names(&list), ["loop", "/dev/net/virtio/0", "tap"]);
        assert_eq!(names(&[]), [""; 0]);
        assert_eq!(names(&list[..40]), ["loop"]);
    }

    #[test]
    fn names_have_31_octets_at_most() {
        assert!(c_name(&"x".repeat(31)).is_ok_and(|field| field[31] == 0 && field[30] != 0));
        assert_eq!(c_name(&"x".repeat(32)), Err(Status(abi::B_NAME_TOO_LONG)));
    }
}
