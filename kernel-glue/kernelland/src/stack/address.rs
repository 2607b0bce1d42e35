//! Addresses of interfaces, counted: packets, routes and the interface hold them.

use crate::stack::domain::Domain;
use crate::stack::interfaces::Interface;
use crate::stack::sockaddr::Sockaddr;
use haiku_abi::{net_domain, net_interface_address};
use std::ops::Deref;
use std::ptr::{from_ref, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// An address of an interface, at whose front others see a `net_interface_address`.
#[repr(C)]
pub(crate) struct Address {
    domain_seen: AtomicPtr<net_domain>,
    interface_seen: AtomicPtr<Interface>,
    local: Slot,
    destination: Slot,
    mask: Slot,
    flags: AtomicU32,
    domain: &'static Domain,
    interface: Arc<Interface>,
    /// What slots pointed to before: others may still look at it.
    retired: Mutex<Vec<Retired>>,
}

const _: () = assert!(std::mem::offset_of!(Address, mask) == std::mem::offset_of!(net_interface_address, mask));
const _: () = assert!(std::mem::offset_of!(Address, flags) == std::mem::offset_of!(net_interface_address, flags));

/// One of the three addresses, as a pointer that others follow. What it points to never changes.
struct Slot(AtomicPtr<Sockaddr>);

/// What a slot pointed to before, at the address that it had.
struct Retired {
    _address: Box<Sockaddr>,
}

/// Which of an interface address's three addresses is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Local,
    /// The broadcast address, or the peer's.
    Destination,
    Mask,
}

impl Slot {
    const fn new() -> Self {
        Self(AtomicPtr::new(null_mut()))
    }

    fn get(&self) -> Option<Sockaddr> {
        // SAFETY: what the slot ever pointed to lives as long as the address, and does not change.
        unsafe { self.0.load(Ordering::Acquire).as_ref() }.copied()
    }

    fn replace(&self, with: Option<Sockaddr>) -> Option<Box<Sockaddr>> {
        let with = with.map_or(null_mut(), |with| Box::into_raw(Box::new(with)));
        let before = self.0.swap(with, Ordering::AcqRel);
        // SAFETY: every pointer of a slot is that of a box, and nobody else has it once it is swapped out.
        (!before.is_null()).then(|| unsafe { Box::from_raw(before) })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        drop(self.replace(None));
    }
}

impl Address {
    /// An empty address of that interface.
    pub(crate) fn empty(interface: &Arc<Interface>, domain: &'static Domain) -> Reference {
        Reference(Arc::new(Self {
            domain_seen: AtomicPtr::new(domain.as_raw()),
            interface_seen: AtomicPtr::new(from_ref::<Interface>(interface).cast_mut()),
            local: Slot::new(),
            destination: Slot::new(),
            mask: Slot::new(),
            flags: AtomicU32::new(0),
            domain,
            interface: interface.clone(),
            retired: Mutex::default(),
        }))
    }

    pub(crate) fn domain(&self) -> &'static Domain {
        self.domain
    }

    pub(crate) fn interface(&self) -> &Arc<Interface> {
        &self.interface
    }

    pub(crate) fn get(&self, part: Part) -> Option<Sockaddr> {
        self.slot(part).get()
    }

    pub(crate) fn local(&self) -> Option<Sockaddr> {
        self.local.get()
    }

    pub(crate) fn mask(&self) -> Option<Sockaddr> {
        self.mask.get()
    }

    pub(crate) fn destination(&self) -> Option<Sockaddr> {
        self.destination.get()
    }

    /// Sets one of the addresses; none, or one without a family, clears it.
    pub(crate) fn set(&self, part: Part, to: Option<&Sockaddr>) {
        let to = to.filter(|to| to.family() != haiku_abi::AF_UNSPEC).map(|to| {
            let mut to = *to;
            to.set_len(to.len().max(size_of::<haiku_abi::sockaddr>() as u8).min(size_of::<Sockaddr>() as u8));
            to
        });
        let before = self.slot(part).replace(to);
        self.retired
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(before.map(|before| Retired { _address: before }));
    }

    fn slot(&self, part: Part) -> &Slot {
        match part {
            Part::Local => &self.local,
            Part::Destination => &self.destination,
            Part::Mask => &self.mask,
        }
    }
}

/// A counted reference to an address. The last one may end its interface.
#[derive(Clone)]
pub(crate) struct Reference(Arc<Address>);

impl Reference {
    /// Gives the reference to whoever has the pointer.
    pub(crate) fn into_raw(self) -> *mut net_interface_address {
        Arc::into_raw(self.0).cast_mut().cast()
    }

    /// The pointer by which others know the address.
    pub(crate) fn as_raw(&self) -> *mut net_interface_address {
        Arc::as_ptr(&self.0).cast_mut().cast()
    }

    /// # Safety
    /// `raw` is null or a reference that the caller gives up.
    pub(crate) unsafe fn from_raw(raw: *mut net_interface_address) -> Option<Self> {
        // SAFETY: references given away are of `into_raw`.
        (!raw.is_null()).then(|| Self(unsafe { Arc::from_raw(raw.cast_const().cast()) }))
    }

    /// Takes a reference of its own.
    ///
    /// # Safety
    /// `raw` is null or an address that somebody keeps for the call.
    pub(crate) unsafe fn borrow(raw: *mut net_interface_address) -> Option<Self> {
        if raw.is_null() {
            return None;
        }
        // SAFETY: the caller's; addresses that others know are of `into_raw`, or inside a counted one.
        unsafe { Arc::increment_strong_count(raw.cast_const().cast::<Address>()) };
        // SAFETY: the count that was just added.
        unsafe { Self::from_raw(raw) }
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for Reference {
    type Target = Address;

    fn deref(&self) -> &Address {
        &self.0
    }
}
