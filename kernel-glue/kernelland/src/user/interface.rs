//! Interfaces, as Haiku's `ifconfig` configures them: the requests it makes, in its order.

use super::{Process, Socket, Status};
use haiku_abi::{
    AF_INET, AF_INET6, B_SOCKET_SET_ALIAS, IFF_UP, SIOCAIFADDR, SIOCDIFADDR, SIOCGIFFLAGS, SIOCGIFINDEX, SIOCGIFMTU,
    SIOCSIFFLAGS, SOCK_DGRAM, ifaliasreq, ifreq, ifreq_argument, sockaddr, sockaddr_storage,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An interface of the network stack, by its name.
#[derive(Debug)]
pub struct Interface {
    process: Process,
    name: String,
}

impl Interface {
    /// Names an interface; it need not be there yet.
    pub fn named(process: Process, name: &str) -> Self {
        Self { process, name: name.to_owned() }
    }

    /// Makes the interface, without an address.
    ///
    /// # Errors
    /// The stack's: `B_DEVICE_NOT_FOUND` when no device module wants the name.
    pub fn create(&self) -> Result<(), Status> {
        self.socket(AF_INET)?.ioctl(SIOCAIFADDR, &mut self.alias(0))
    }

    /// Sets address and prefix length, before the interface is taken up: only then does it get routes.
    ///
    /// # Errors
    /// The stack's.
    pub fn set_address(&self, address: IpAddr, prefix: u8) -> Result<(), Status> {
        let mut request = self.alias(-1);
        let (family, mask) = match address {
            IpAddr::V4(_) => (AF_INET, IpAddr::V4(Ipv4Addr::from_bits(ones(prefix, 32) as u32))),
            IpAddr::V6(_) => (AF_INET6, IpAddr::V6(Ipv6Addr::from_bits(ones(prefix, 128)))),
        };
        request.ifra_addr = storage(address);
        request.ifra_mask = storage(mask);
        self.socket(family)?.ioctl(B_SOCKET_SET_ALIAS, &mut request)
    }

    /// Returns the flags (`IFF_*`).
    ///
    /// # Errors
    /// The stack's.
    pub fn flags(&self) -> Result<u32, Status> {
        let mut request = self.request();
        self.socket(AF_INET)?.ioctl(SIOCGIFFLAGS, &mut request)?;
        // SAFETY: every member of the union is plain; the request writes this one.
        Ok(unsafe { request.argument.ifr_flags }.cast_unsigned())
    }

    /// Returns the number by which the stack knows it.
    ///
    /// # Errors
    /// The stack's.
    pub fn index(&self) -> Result<u32, Status> {
        let mut request = self.request();
        self.socket(AF_INET)?.ioctl(SIOCGIFINDEX, &mut request)?;
        // SAFETY: every member of the union is plain; the request writes this one.
        Ok(unsafe { request.argument.ifr_index }.cast_unsigned())
    }

    /// Returns the MTU, in bytes after the Ethernet header.
    ///
    /// # Errors
    /// The stack's.
    pub fn mtu(&self) -> Result<u32, Status> {
        let mut request = self.request();
        self.socket(AF_INET)?.ioctl(SIOCGIFMTU, &mut request)?;
        // SAFETY: every member of the union is plain; the request writes this one.
        Ok(unsafe { request.argument.ifr_mtu }.cast_unsigned())
    }

    /// Takes the interface up.
    ///
    /// # Errors
    /// The stack's or the device's.
    pub fn up(&self) -> Result<(), Status> {
        self.set_flags(self.flags()? | IFF_UP)
    }

    /// Takes the interface down.
    ///
    /// # Errors
    /// The stack's.
    pub fn down(&self) -> Result<(), Status> {
        self.set_flags(self.flags()? & !IFF_UP)
    }

    /// Removes the interface.
    ///
    /// # Errors
    /// The stack's.
    pub fn delete(&self) -> Result<(), Status> {
        self.socket(AF_INET)?.ioctl(SIOCDIFADDR, &mut self.request())
    }

    fn set_flags(&self, flags: u32) -> Result<(), Status> {
        let mut request = self.request();
        request.argument.ifr_flags = flags.cast_signed();
        self.socket(AF_INET)?.ioctl(SIOCSIFFLAGS, &mut request)
    }

    fn socket(&self, family: i32) -> Result<Socket, Status> {
        self.process.socket(family, SOCK_DGRAM, 0)
    }

    fn request(&self) -> ifreq {
        let none = sockaddr { sa_len: 0, sa_family: 0, sa_data: [0; 30] };
        ifreq { ifr_name: self.name_bytes(), argument: ifreq_argument { ifr_addr: none } }
    }

    fn alias(&self, index: i32) -> ifaliasreq {
        ifaliasreq {
            ifra_name: self.name_bytes(),
            ifra_index: index,
            ifra_addr: EMPTY,
            ifra_destination: EMPTY,
            ifra_mask: EMPTY,
            ifra_flags: 0,
        }
    }

    fn name_bytes(&self) -> [std::ffi::c_char; 32] {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().take(31).zip(self.name.bytes()) {
            *to = from.cast_signed();
        }
        bytes
    }
}

/// Returns the first bits set, of so many.
fn ones(prefix: u8, bits: u32) -> u128 {
    let free = bits.saturating_sub(u32::from(prefix));
    let all = u128::MAX >> 128u32.saturating_sub(bits);
    all & u128::MAX.checked_shl(free).unwrap_or(0)
}

/// Returns an address in Haiku's structure.
fn storage(address: IpAddr) -> sockaddr_storage {
    let mut storage = EMPTY;
    let (length, family, at, bytes) = match &address {
        IpAddr::V4(address) => (32, AF_INET, 2, address.octets().to_vec()),
        IpAddr::V6(address) => (28, AF_INET6, 6, address.octets().to_vec()),
    };
    storage.ss_len = length;
    storage.ss_family = u8::try_from(family).unwrap_or(0);
    for (to, from) in storage.ss_data.iter_mut().skip(at).zip(bytes) {
        *to = from;
    }
    storage
}

const EMPTY: sockaddr_storage = sockaddr_storage { ss_len: 0, ss_family: 0, ss_data: [0; 126] };
