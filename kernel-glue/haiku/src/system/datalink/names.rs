//! The list of interfaces.

use crate::kernel::{Status, heap};
use crate::stack::{Interface, InterfaceName, control};
use alloc::vec;
use haiku_abi::{AF_INET, IF_NAMESIZE, SIOCGIFCONF, SIOCGIFCOUNT, ifconf, ifreq};

/// Returns whether there is an interface, even if it is just going up or down: then the stack finds it by no name.
pub(in super::super) fn exists(name: &InterfaceName) -> bool {
    // Without memory for the list, nothing is taken for gone.
    Interface::find(name).is_ok() || is_listed(name).unwrap_or(true)
}

fn is_listed(name: &InterfaceName) -> Result<bool, Status> {
    let mut count = ifconf { ifc_len: 0, ifc_buf: core::ptr::null_mut() };
    control(AF_INET, SIOCGIFCOUNT, &mut count)?;
    // The number is in the first four bytes of the pointer. Some may come meanwhile.
    let count = count.ifc_buf.addr() & 0xffff_ffff;
    let room = count.saturating_add(4).saturating_mul(ENTRY_BYTES);
    let _aside = heap::set_aside(room)?;
    let mut bytes = vec![0_u8; room];
    let length = i32::try_from(room).map_err(|_| Status::B_NO_MEMORY)?;
    let mut list = ifconf { ifc_len: length, ifc_buf: bytes.as_mut_ptr().cast() };
    control(AF_INET, SIOCGIFCONF, &mut list)?;
    bytes.truncate(usize::try_from(list.ifc_len).unwrap_or(0));
    Ok(holds(&bytes, name.as_c_str().to_bytes()))
}

/// Returns whether a list of IPv4 interfaces has a name. Each takes a whole `ifreq`, however short its address.
fn holds(list: &[u8], name: &[u8]) -> bool {
    let is_it = |entry: &[u8]| {
        let field = entry.get(..IF_NAMESIZE).unwrap_or_default();
        field.split(|&byte| byte == 0).next() == Some(name)
    };
    list.chunks_exact(size_of::<ifreq>()).any(is_it)
}

/// Room for one interface: its name and the longest address.
const ENTRY_BYTES: usize = IF_NAMESIZE + 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_whole() {
        let mut list = [0; 2 * size_of::<ifreq>()];
        list[..4].copy_from_slice(b"tap0");
        list[88..93].copy_from_slice(b"tap10");
        for (name, want) in [("tap0", true), ("tap10", true), ("tap1", false), ("tap", false), ("", false)] {
            assert_eq!(holds(&list, name.as_bytes()), want, "{name}");
        }
    }
}
