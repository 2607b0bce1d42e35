//! An interface of the stack, looked at.

use super::super::sockaddr::{self, Far};
use crate::kernel::Status;
use crate::stack::{Cells, Interface, InterfaceName};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;
use frame::Mac;
use haiku_abi::{net_device, net_interface_address};
use kernel_glue::admin::InetAddress;

/// An interface that is looked at.
pub(in super::super) struct Handle(Interface);

impl Handle {
    /// Finds an interface by its name.
    ///
    /// # Errors
    /// There is none, or it is just going up or down.
    pub(in super::super) fn named(name: &InterfaceName) -> Result<Self, Status> {
        Interface::find(name).map(Self)
    }

    /// Finds an interface by its number.
    ///
    /// # Errors
    /// As [`Self::named`].
    pub(in super::super) fn numbered(index: u32) -> Result<Self, Status> {
        Interface::numbered(index).map(Self)
    }

    /// Returns the number by which the stack knows it.
    pub(in super::super) fn index(&self) -> u32 {
        self.0.index()
    }

    /// Returns the interface's flags together with its device's.
    pub(in super::super) fn flags(&self) -> u32 {
        self.0.own_flags() | self.cells().flags.load(Ordering::Relaxed)
    }

    /// Returns the device.
    pub(in super::super) fn device(&self) -> *mut net_device {
        self.0.device()
    }

    /// Returns the device's type, one of `IFT_*`.
    pub(in super::super) fn kind(&self) -> u32 {
        // SAFETY: the interface keeps its device, whose type never changes.
        unsafe { (*self.device()).r#type }
    }

    /// Returns the device's MTU in bytes.
    pub(in super::super) fn mtu_bytes(&self) -> u32 {
        u32::try_from(self.cells().mtu.load(Ordering::Relaxed)).unwrap_or(u32::MAX)
    }

    /// Returns the device's address, if it has one of Ethernet.
    pub(in super::super) fn mac(&self) -> Option<Mac> {
        let cells = self.cells();
        let [a, b, c, d, e, f, ..] = &cells.address;
        let octets = [a, b, c, d, e, f].map(|octet| octet.load(Ordering::Relaxed));
        (usize::from(cells.address_length.load(Ordering::Relaxed)) == octets.len()).then_some(Mac(octets))
    }

    fn cells(&self) -> &Cells {
        // SAFETY: the interface keeps its device, and the stack and its driver write its members as words.
        unsafe { &*self.device().cast::<Cells>() }
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
        self.0.each_address(visit);
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
