//! What an interface's way keeps for ARP or neighbour discovery: the addresses that requests and packets are sent from.

use crate::stack::interfaces::Interface;
use haiku_abi::{B_OK, status_t};
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// An address of either protocol's family.
pub(super) trait Internet: Copy + Ord + Display + Send + 'static {
    /// Stands for "not set yet", which may be anybody's.
    const UNSPECIFIED: Self;

    /// The address, if it is of this family.
    fn of(address: IpAddr) -> Option<Self>;
}

impl Internet for Ipv4Addr {
    const UNSPECIFIED: Self = Self::UNSPECIFIED;

    fn of(address: IpAddr) -> Option<Self> {
        match address {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        }
    }
}

impl Internet for Ipv6Addr {
    const UNSPECIFIED: Self = Self::UNSPECIFIED;

    fn of(address: IpAddr) -> Option<Self> {
        match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => Some(address),
        }
    }
}

/// Both addresses, which threads change that bring the interface up or set an address.
pub(super) struct Port<A>(Mutex<Own<A>>);

/// What is there of both.
#[derive(Clone, Copy)]
pub(super) struct Own<A> {
    /// The device's address, from the time on when the interface went up.
    pub(super) hardware: Option<[u8; 6]>,
    pub(super) local: Option<A>,
}

impl<A: Internet> Port<A> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Own { hardware: None, local: None }))
    }

    pub(super) fn own(&self) -> Own<A> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_local(&self, local: Option<A>) {
        self.change(|own| own.local = local);
    }

    /// Takes the device's address, and one of the interface's if there is none yet.
    pub(super) fn adopt(&self, mac: [u8; 6], local: A) {
        self.change(|own| {
            own.hardware = Some(mac);
            own.local = own.local.filter(|&local| local != A::UNSPECIFIED).or(Some(local));
        });
    }

    /// Makes the interface's addresses ours by `set`; without any, the one that stands for none.
    pub(super) fn up(&self, interface: &Interface, set: impl Fn(A) -> status_t) -> status_t {
        self.set_local(None);
        match locals(interface).filter(|&local| set(local) == B_OK).count() {
            0 => set(A::UNSPECIFIED),
            _ => B_OK,
        }
    }

    fn change(&self, change: impl FnOnce(&mut Own<A>)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The interface's addresses of the family.
pub(super) fn locals<A: Internet>(interface: &Interface) -> impl Iterator<Item = A> {
    interface.addresses().into_iter().filter_map(|address| A::of(address.local()?.address()?))
}
