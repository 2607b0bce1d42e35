//! Interfaces as the stack knows them: made, found, changed and removed by name.

use super::{Stack, get};
use crate::kernel::Status;
use core::ffi::{CStr, c_void};
use core::ptr::NonNull;
use haiku_abi::{
    AF_INET, IF_NAMESIZE, SIOCAIFADDR, SIOCDIFADDR, SIOCGIFFLAGS, SIOCGIFINDEX, SIOCSIFFLAGS, ifaliasreq, ifreq,
    net_device, net_domain, net_interface,
};

/// A name as the stack's calls take it: at most 31 bytes and a zero.
#[derive(Clone, Copy)]
pub(crate) struct InterfaceName([u8; IF_NAMESIZE]);

impl InterfaceName {
    /// Takes a name that may be an interface's.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let mut bytes = [0; IF_NAMESIZE];
        if name.is_empty() || name.len() >= IF_NAMESIZE || name.contains('\0') {
            return None;
        }
        bytes.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        Some(Self(bytes))
    }

    /// Returns the name for a call of C.
    pub(crate) fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.0).unwrap_or_default()
    }

    /// Returns the field of a request.
    pub(crate) fn field(&self) -> [i8; IF_NAMESIZE] {
        self.0.map(u8::cast_signed)
    }

    fn request(&self) -> ifreq {
        // SAFETY: a request is plain data, of which any member may be zero.
        let mut request: ifreq = unsafe { core::mem::zeroed() };
        request.ifr_name = self.field();
        request
    }
}

/// An interface to which a reference is held, so that its device stays. Where the interface is removed meanwhile and made
/// again, the new one has its device, and finds its handlers taken: so none is held of our own units.
///
/// Dropping the last ends the interface: nothing is
/// to be locked then that `uninit_device` takes, here or in whichever add-on the device is of.
pub(crate) struct Interface {
    raw: NonNull<net_interface>,
    stack: &'static Stack,
}

// SAFETY: the stack's interfaces are counted and locked for any thread.
unsafe impl Send for Interface {}
// SAFETY: as above; a shared one gives away what does not change alone.
unsafe impl Sync for Interface {}

impl Interface {
    /// Finds an interface.
    ///
    /// It takes locks of the stack: not to be called from `up`, `init_device` or a monitor.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn find(name: &InterfaceName) -> Result<Self, Status> {
        let (stack, domain) = domain()?;
        let mut request = name.request();
        control(stack, domain, SIOCGIFINDEX, &mut request)?;
        // SAFETY: the request that was answered has the index as its argument.
        let index = unsafe { request.argument.ifr_index };
        // SAFETY: the domain is the stack's own, and stays.
        let raw = unsafe { (stack.datalink.get_interface)(domain.as_ptr(), index.cast_unsigned()) };
        NonNull::new(raw).map(|raw| Self { raw, stack }).ok_or(Status::B_DEVICE_NOT_FOUND)
    }

    /// Makes an interface without an address, whose device is made with it.
    ///
    /// # Errors
    /// No device has such a name.
    pub(crate) fn create(name: &InterfaceName) -> Result<(), Status> {
        let (stack, domain) = domain()?;
        // SAFETY: a request is plain data, of which any member may be zero.
        let mut request: ifaliasreq = unsafe { core::mem::zeroed() };
        request.ifra_name = name.field();
        control(stack, domain, SIOCAIFADDR, &mut request)
    }

    /// Removes an interface; its device goes with the last reference.
    ///
    /// It waits for the interface's reader thread, and must hold no lock.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn remove(name: &InterfaceName) -> Result<(), Status> {
        let (stack, domain) = domain()?;
        control(stack, domain, SIOCDIFADDR, &mut name.request())
    }

    /// Returns the flags (`IFF_*`).
    ///
    /// # Errors
    /// There is no such interface.
    pub(crate) fn flags(name: &InterfaceName) -> Result<u32, Status> {
        let (stack, domain) = domain()?;
        let mut request = name.request();
        control(stack, domain, SIOCGIFFLAGS, &mut request)?;
        // SAFETY: the request that was answered has the flags as its argument.
        Ok(unsafe { request.argument.ifr_flags }.cast_unsigned())
    }

    /// Sets flags; `IFF_UP` brings it up or down. It may wait for the interface's reader thread.
    ///
    /// # Errors
    /// There is no such interface, or its device refuses.
    pub(crate) fn set_flags(name: &InterfaceName, flags: u32) -> Result<(), Status> {
        let (stack, domain) = domain()?;
        let mut request = name.request();
        request.argument.ifr_flags = flags.cast_signed();
        control(stack, domain, SIOCSIFFLAGS, &mut request)
    }

    /// Returns the device, which lives as long as `self`.
    pub(crate) fn device(&self) -> *mut net_device {
        // SAFETY: the reference keeps the interface; its device never changes.
        unsafe { (*self.raw.as_ptr()).device }
    }

    /// Returns the number by which sockets know it.
    pub(crate) fn index(&self) -> u32 {
        // SAFETY: the reference keeps the interface; its index never changes.
        unsafe { (*self.raw.as_ptr()).index }
    }
}

impl Drop for Interface {
    fn drop(&mut self) {
        // SAFETY: the reference is this one's, and not used again.
        unsafe { (self.stack.datalink.put_interface)(self.raw.as_ptr()) };
    }
}

/// The domain by which interfaces are administered: any would do, and this is always there.
fn domain() -> Result<(&'static Stack, NonNull<net_domain>), Status> {
    let stack = get().ok_or(Status::B_DEVICE_NOT_FOUND)?;
    // SAFETY: it has no precondition.
    let domain = unsafe { (stack.network.get_domain)(AF_INET) };
    NonNull::new(domain).map(|domain| (stack, domain)).ok_or(Status::B_DEVICE_NOT_FOUND)
}

/// Carries out a request as if a socket had asked. Only the operations of this file are asked for, each with the type
/// that it takes.
fn control<T>(stack: &Stack, domain: NonNull<net_domain>, operation: u32, request: &mut T) -> Result<(), Status> {
    let mut bytes = size_of::<T>();
    let request: *mut c_void = (&raw mut *request).cast();
    // SAFETY: the domain is the stack's own; the request is as long as is said. It is the kernel's memory, which the
    // stack copies as a program's, by a function that takes both.
    Status::check(unsafe {
        (stack.datalink.control)(domain.as_ptr(), operation.cast_signed(), request, &raw mut bytes)
    })
}
