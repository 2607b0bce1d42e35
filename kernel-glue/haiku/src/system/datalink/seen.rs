//! An interface of the stack, looked at.

use super::super::sockaddr::{self, Far};
use super::domain;
use crate::kernel::Status;
use crate::stack::{self, Interface, InterfaceName};
use alloc::vec::Vec;
use core::mem::offset_of;
use core::net::IpAddr;
use core::ptr::NonNull;
use frame::Mac;
use haiku_abi::{AF_INET, net_device, net_hardware_address, net_interface, net_interface_address};
use kernel_glue::admin::InetAddress;

/// A reference to an interface, which stays as long. To let go of the last one ends the device, by `uninit_device`.
pub(in super::super) struct Handle {
    raw: NonNull<net_interface>,
    stack: &'static stack::Stack,
}

impl Handle {
    /// Finds an interface by its name.
    ///
    /// # Errors
    /// There is none, or it is just going up or down.
    pub(in super::super) fn named(name: &InterfaceName) -> Result<Self, Status> {
        let index = Interface::find(name)?.index();
        Self::numbered(index)
    }

    /// Finds an interface by its number.
    ///
    /// # Errors
    /// As [`Self::named`].
    pub(in super::super) fn numbered(index: u32) -> Result<Self, Status> {
        let stack = stack::get().ok_or(Status::B_DEVICE_NOT_FOUND)?;
        let domain = domain(AF_INET)?;
        // SAFETY: the domain is the stack's; the number is looked up. The reference that is returned is `self`'s.
        let raw = unsafe { (stack.datalink.get_interface)(domain, index) };
        NonNull::new(raw).map(|raw| Self { raw, stack }).ok_or(Status::B_DEVICE_NOT_FOUND)
    }

    /// Returns the number by which the stack knows it, which is not its device's.
    pub(in super::super) fn index(&self) -> u32 {
        // SAFETY: the reference keeps the interface, whose number never changes.
        unsafe { (*self.raw.as_ptr()).index }
    }

    /// Returns the interface's flags together with its device's.
    pub(in super::super) fn flags(&self) -> u32 {
        let own = self.raw.as_ptr().wrapping_byte_add(offset_of!(net_interface, flags)).cast::<u32>();
        let device = self.device().wrapping_byte_add(offset_of!(net_device, flags)).cast::<u32>();
        // SAFETY: the reference keeps the interface, whose word it is. Others may write it meanwhile.
        let own = unsafe { own.read_volatile() };
        // SAFETY: the interface keeps its device, and the word is as above.
        own | unsafe { device.read_volatile() }
    }

    /// Returns the device.
    pub(in super::super) fn device(&self) -> *mut net_device {
        // SAFETY: the reference keeps the interface, whose device is never another.
        unsafe { (*self.raw.as_ptr()).device }
    }

    /// Returns the device's type, one of `IFT_*`.
    pub(in super::super) fn kind(&self) -> u32 {
        // SAFETY: the interface keeps its device, whose type never changes.
        unsafe { (*self.device()).r#type }
    }

    /// Returns the device's MTU in bytes.
    pub(in super::super) fn mtu_bytes(&self) -> u32 {
        let bytes = self.device().wrapping_byte_add(offset_of!(net_device, mtu)).cast::<usize>();
        // SAFETY: the interface keeps its device, whose word it is. Others may write it meanwhile.
        let bytes = unsafe { bytes.read_volatile() };
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }

    /// Returns the device's address, if it has one of Ethernet.
    pub(in super::super) fn mac(&self) -> Option<Mac> {
        let address = self.device().wrapping_byte_add(offset_of!(net_device, address)).cast::<net_hardware_address>();
        // SAFETY: the interface keeps its device, whose member it is. Others may write it meanwhile, at worst half of it.
        let address = unsafe { address.read_volatile() };
        address
            .data
            .first_chunk()
            .filter(|octets| usize::from(address.length) == octets.len())
            .map(|octets| Mac(*octets))
    }

    /// Lists the interface's addresses in the stack's order, empty ones as well.
    pub(in super::super) fn addresses(&self) -> Vec<Address> {
        let mut all = Vec::new();
        // SAFETY: the address is looked at while `each` keeps it.
        self.each(&mut |raw| all.push(unsafe { Address::of(raw) }));
        all
    }

    /// Calls `visit` with each address, to which a reference is held as long.
    pub(super) fn each(&self, visit: &mut dyn FnMut(NonNull<net_interface_address>)) {
        let table = &self.stack.datalink;
        let mut address = core::ptr::null_mut();
        // Bounded, for a list that others lengthen meanwhile.
        for _ in 0..MAX_ADDRESSES {
            // SAFETY: the interface is kept; the address is NULL at first, then the one before, whose reference goes.
            if !unsafe { (table.get_next_interface_address)(self.raw.as_ptr(), &raw mut address) } {
                return;
            }
            if let Some(there) = NonNull::new(address) {
                visit(there);
            }
        }
        if !address.is_null() {
            // SAFETY: the list was not walked to its end, so that the last reference is ours.
            unsafe { (table.put_interface_address)(address) };
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the reference is this value's, and not used again.
        unsafe { (self.stack.datalink.put_interface)(self.raw.as_ptr()) };
    }
}

/// One address of an interface.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) struct Address {
    family: i32,
    local: Option<IpAddr>,
    mask: Option<IpAddr>,
    destination: Option<IpAddr>,
}

impl Address {
    /// # Safety
    /// A reference is held to the address.
    pub(super) unsafe fn of(raw: NonNull<net_interface_address>) -> Self {
        // SAFETY: the caller's condition. Others may replace its members meanwhile.
        let address = unsafe { raw.as_ptr().read_volatile() };
        let family = match NonNull::new(address.domain) {
            // SAFETY: domains are the stack's, and never go.
            Some(domain) => unsafe { domain.as_ref() }.family,
            None => 0,
        };
        // SAFETY: the stack keeps what an address points to for as long as the address, short of a change at this moment;
        // it reads them so itself.
        let local = unsafe { sockaddr::read_short(address.local) };
        // SAFETY: as above.
        let mask = unsafe { sockaddr::read_short(address.mask) };
        // SAFETY: as above.
        let destination = unsafe { sockaddr::read_short(address.destination) };
        Self { family, local, mask, destination }
    }

    /// Returns whether it is a place of a family without an address.
    pub(super) fn is_empty(&self, family: i32) -> bool {
        self.family == family && self.local.is_none_or(|local| local.is_unspecified())
    }

    /// Says it as an operator would; `None` for an empty one.
    pub(in super::super) fn inet(&self, far: Far) -> Option<InetAddress> {
        let local = self.local.filter(|local| !local.is_unspecified())?;
        Some(sockaddr::inet(local, self.mask, self.destination, far))
    }

    /// Returns the host's address and its mask.
    pub(super) fn local(&self) -> Option<(IpAddr, Option<IpAddr>)> {
        Some((self.local?, self.mask))
    }
}

/// More than any interface has; a guess.
const MAX_ADDRESSES: usize = 4096;
