//! What programs hand to `ioctl`: plain structures.

use haiku_abi::{
    ether_link_state_t, ifaliasreq, ifreq, net_hardware_address, sockaddr, sockaddr_dl, sockaddr_in, sockaddr_in6,
    sockaddr_storage,
};

/// A structure whose bytes a module may read and write.
///
/// # Safety
///
/// It is `repr(C)`; every pattern of bytes is a value of it, and none leads to memory that a module would write to.
pub unsafe trait Plain {}

macro_rules! plain {
    ($($type:ty),*) => {
        // SAFETY: C structures of integers. Pointers in them (of `ifreq`) are only followed by requests that take other types.
        $(unsafe impl Plain for $type {})*
    };
}

plain!(u8, u16, u32, i32, u64, [u8; 6], sockaddr, sockaddr_in, sockaddr_in6, sockaddr_dl, sockaddr_storage);
plain!(ifreq, ifaliasreq, ether_link_state_t, net_hardware_address);
