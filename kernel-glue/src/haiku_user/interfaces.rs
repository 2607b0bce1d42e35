//! Requests about interfaces, as Haiku's own `ifconfig` makes them.

use super::{Calls, Descriptor, Status, get, put};
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::mem::offset_of;
use haiku_abi as abi;

/// A socket for requests about interfaces.
#[derive(Debug)]
pub struct Socket<D>(pub(super) D);

impl<D: Descriptor> Socket<D> {
    /// Makes one.
    ///
    /// # Errors
    /// The kernel's.
    pub fn open(calls: &impl Calls<Descriptor = D>) -> Result<Self, Status> {
        calls.socket().map(Self)
    }

    /// Returns whether the stack has an interface of that name.
    pub fn has_interface(&self, name: &str) -> bool {
        let Ok(mut request) = about::<{ size_of::<abi::ifreq>() }>(name) else { return false };
        self.0.ioctl(abi::SIOCGIFINDEX, &mut request).is_ok()
    }

    /// Lists the names of all interfaces.
    ///
    /// # Errors
    /// The kernel's.
    pub fn interfaces(&self) -> Result<Vec<String>, Status> {
        let mut count = [0; size_of::<abi::ifconf>()];
        self.0.ioctl(abi::SIOCGIFCOUNT, &mut count)?;
        let count = get(&count, offset_of!(abi::ifconf, ifc_buf)).min(MOST) as usize;
        // Room for more, since some may come meanwhile.
        let mut buffer = vec![0_u8; count.saturating_add(SPARE).saturating_mul(ENTRY_BYTES)];
        let length = i32::try_from(buffer.len()).map_err(|_| Status::NO_ROOM)?;
        let mut list = [0; size_of::<abi::ifconf>()];
        put(&mut list, offset_of!(abi::ifconf, ifc_len), &length.to_ne_bytes());
        let address = buffer.as_mut_ptr().expose_provenance();
        put(&mut list, offset_of!(abi::ifconf, ifc_buf), &address.to_ne_bytes());
        self.0.ioctl(abi::SIOCGIFCONF, &mut list)?;
        let written = get(&list, offset_of!(abi::ifconf, ifc_len)) as usize;
        Ok(names(buffer.get(..written).unwrap_or(&buffer)))
    }

    /// Makes an interface, down and without addresses.
    ///
    /// # Errors
    /// [`Status::NO_DEVICE`] when no driver has devices of that name; the kernel's.
    pub fn add_interface(&self, name: &str) -> Result<(), Status> {
        let mut request = about::<{ size_of::<abi::ifaliasreq>() }>(name)?;
        self.0.ioctl(abi::SIOCAIFADDR, &mut request)
    }

    /// Removes an interface with its addresses.
    ///
    /// # Errors
    /// The kernel's.
    pub fn remove_interface(&self, name: &str) -> Result<(), Status> {
        // Without an address, the request is about the interface itself.
        let mut request = about::<{ size_of::<abi::ifreq>() }>(name)?;
        self.0.ioctl(abi::SIOCDIFADDR, &mut request)
    }
}

/// Returns a structure that begins with the name of an interface; all else in it is zero: no address, no flag.
pub(super) fn about<const BYTES: usize>(name: &str) -> Result<[u8; BYTES], Status> {
    // One octet stays for the terminator.
    if name.len() >= abi::IF_NAMESIZE {
        return Err(Status(abi::B_NAME_TOO_LONG));
    }
    let mut structure = [0; BYTES];
    put(&mut structure, 0, name.as_bytes());
    Ok(structure)
}

const _: () = assert!(offset_of!(abi::ifreq, ifr_name) == 0 && offset_of!(abi::ifaliasreq, ifra_name) == 0);

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
const MOST: u32 = 1 << 16;
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
        assert!(about::<88>(&"x".repeat(31)).is_ok_and(|field| field[31] == 0 && field[30] != 0));
        assert_eq!(about::<88>(&"x".repeat(32)), Err(Status(abi::B_NAME_TOO_LONG)));
    }
}
