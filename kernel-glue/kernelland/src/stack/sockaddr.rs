//! Socket addresses as values: IPv4, IPv6 and links.

use haiku_abi as abi;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A socket address of any family, with room for the longest.
///
/// What a family leaves unused is kept as it was copied, as Haiku does.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub(crate) struct Sockaddr {
    bytes: [u8; BYTES],
}

const BYTES: usize = size_of::<abi::sockaddr_storage>();
const _: () = assert!(size_of::<Sockaddr>() == BYTES && align_of::<Sockaddr>() == align_of::<abi::sockaddr_storage>());

/// Lengths that the families' structures have.
const IN_BYTES: u8 = size_of::<abi::sockaddr_in>() as u8;
const IN6_BYTES: u8 = size_of::<abi::sockaddr_in6>() as u8;
const DL_BYTES: u8 = size_of::<abi::sockaddr_dl>() as u8;
/// Where a link's address begins in its structure.
const DL_DATA: usize = 12;

impl Sockaddr {
    /// No address: length and family are zero.
    pub(crate) const EMPTY: Self = Self { bytes: [0; BYTES] };

    pub(crate) fn v4(address: Ipv4Addr, port: u16) -> Self {
        let mut this = Self::EMPTY;
        this.put(0, &[IN_BYTES, abi::AF_INET as u8]);
        this.put(2, &port.to_be_bytes());
        this.put(4, &address.octets());
        this
    }

    pub(crate) fn v6(address: Ipv6Addr, port: u16) -> Self {
        let mut this = Self::EMPTY;
        this.put(0, &[IN6_BYTES, abi::AF_INET6 as u8]);
        this.put(2, &port.to_be_bytes());
        this.put(8, &address.octets());
        this
    }

    pub(crate) fn ip(address: IpAddr, port: u16) -> Self {
        match address {
            IpAddr::V4(address) => Self::v4(address, port),
            IpAddr::V6(address) => Self::v6(address, port),
        }
    }

    /// The Ethernet address of a station on the device of that index, for frames of that type.
    pub(crate) fn ether(index: u32, ethertype: u16, address: [u8; 6]) -> Self {
        let mut this = Self::EMPTY;
        this.put(0, &[DL_BYTES, abi::AF_LINK as u8]);
        this.put(2, &ethertype.to_be_bytes());
        this.put(4, &index.to_ne_bytes());
        this.put(8, &[abi::IFT_ETHER as u8, 0, 6, 0]);
        this.put(DL_DATA, &address);
        this
    }

    /// A device's own link address: its index, type, name and hardware address.
    pub(crate) fn device(index: u32, kind: u32, name: &[u8], hardware: &[u8]) -> Self {
        let mut this = Self::EMPTY;
        let bytes = DL_DATA + name.len() + hardware.len();
        this.put(0, &[bytes.min(BYTES) as u8, abi::AF_LINK as u8]);
        this.put(4, &index.to_ne_bytes());
        this.put(8, &[kind as u8, name.len() as u8, hardware.len() as u8, 0]);
        this.put(DL_DATA, name);
        this.put(DL_DATA + name.len(), hardware);
        this
    }

    /// Two bytes that say "none", as requests about interfaces show it.
    pub(crate) fn unspecified() -> Self {
        let mut this = Self::EMPTY;
        this.put(0, &[2, abi::AF_UNSPEC as u8]);
        this
    }

    pub(crate) fn bytes(&self) -> &[u8; BYTES] {
        &self.bytes
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8; BYTES] {
        &mut self.bytes
    }

    /// The length that the address says it has.
    pub(crate) fn len(&self) -> u8 {
        let [len, ..] = self.bytes;
        len
    }

    pub(crate) fn set_len(&mut self, len: u8) {
        self.put(0, &[len]);
    }

    pub(crate) fn family(&self) -> i32 {
        let [_, family, ..] = self.bytes;
        i32::from(family)
    }

    pub(crate) fn set_family(&mut self, family: i32) {
        self.put(1, &[family as u8]);
    }

    /// The Internet address, if it is one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self.family() {
            abi::AF_INET => Some(IpAddr::V4(Ipv4Addr::from(self.take::<4>(4)))),
            abi::AF_INET6 => Some(IpAddr::V6(Ipv6Addr::from(self.take::<16>(8)))),
            _ => None,
        }
    }

    /// The port, which both Internet families have at the same place.
    pub(crate) fn port(&self) -> u16 {
        u16::from_be_bytes(self.take(2))
    }

    pub(crate) fn set_port(&mut self, port: u16) {
        self.put(2, &port.to_be_bytes());
    }

    /// The frame type that goes with a link's address.
    pub(crate) fn ethertype(&self) -> u16 {
        u16::from_be_bytes(self.take(2))
    }

    pub(crate) fn link_index(&self) -> u32 {
        u32::from_ne_bytes(self.take(4))
    }

    /// The interface type of a link's address, also of what only looks like one.
    pub(crate) fn link_type(&self) -> u8 {
        let [.., kind] = self.take::<9>(0);
        kind
    }

    pub(crate) fn link_name(&self) -> &[u8] {
        let [length] = self.take(9);
        self.bytes.get(DL_DATA..DL_DATA + usize::from(length)).unwrap_or_default()
    }

    /// The hardware address of a link's address.
    pub(crate) fn hardware(&self) -> &[u8] {
        let [name, length] = self.take(9);
        let start = DL_DATA + usize::from(name);
        self.bytes.get(start..start + usize::from(length)).unwrap_or_default()
    }

    /// The first six bytes of the hardware address, whatever its length says.
    pub(crate) fn mac(&self) -> [u8; 6] {
        let [name] = self.take(9);
        self.take(DL_DATA + usize::from(name))
    }

    pub(crate) fn set_mac(&mut self, mac: [u8; 6]) {
        let [name] = self.take(9);
        self.put(DL_DATA + usize::from(name), &mac);
    }

    fn take<const N: usize>(&self, at: usize) -> [u8; N] {
        self.bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }
}

/// Reads an address of the kernel's: as many bytes as it says it has.
///
/// # Safety
/// `at` is null or the address of a socket address.
pub(crate) unsafe fn read(at: *const abi::sockaddr) -> Option<Sockaddr> {
    if at.is_null() {
        return None;
    }
    // SAFETY: the caller's; the first byte is the length.
    let length = usize::from(unsafe { at.cast::<u8>().read() }).clamp(2, BYTES);
    let mut address = Sockaddr::EMPTY;
    // SAFETY: the caller's; no more than fits.
    unsafe { at.cast::<u8>().copy_to(address.bytes.as_mut_ptr(), length) };
    Some(address)
}

#[cfg(test)]
mod tests;
