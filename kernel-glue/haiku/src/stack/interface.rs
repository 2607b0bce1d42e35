//! Interfaces as the stack knows them: made, found, changed and removed by name.

use super::{Stack, get};
use crate::kernel::{Status, module};
use core::ffi::{CStr, c_void};
use core::mem::offset_of;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};
use haiku_abi::{
    AF_INET, AF_INET6, IF_NAMESIZE, SIOCAIFADDR, SIOCDIFADDR, SIOCGIFFLAGS, SIOCGIFINDEX, SIOCSIFFLAGS, ifaliasreq,
    ifconf, ifreq, net_device, net_domain, net_interface, net_interface_address,
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
/// Dropping the last ends the interface: nothing is to be locked then that `uninit_device` takes, here or in whichever
/// add-on the device is of.
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
    /// There is none, or it is just going up or down.
    pub(crate) fn find(name: &InterfaceName) -> Result<Self, Status> {
        Self::numbered(Self::number(name)?)
    }

    /// Returns the number of an interface, which no other has had or gets.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub(crate) fn number(name: &InterfaceName) -> Result<u32, Status> {
        let mut request = name.request();
        control(ANY, SIOCGIFINDEX, &mut request)?;
        // SAFETY: the request that was answered has the index as its argument.
        Ok(unsafe { request.argument.ifr_index }.cast_unsigned())
    }

    /// Finds an interface by its number.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub(crate) fn numbered(index: u32) -> Result<Self, Status> {
        let (stack, domain) = domain(ANY)?;
        // SAFETY: the domain is the stack's own, and stays; the number is looked up. The reference is `self`'s.
        let raw = unsafe { (stack.datalink.get_interface)(domain.as_ptr(), index) };
        NonNull::new(raw).map(|raw| Self { raw, stack }).ok_or(Status::B_DEVICE_NOT_FOUND)
    }

    /// Makes an interface without an address, whose device is made with it.
    ///
    /// # Errors
    /// No device has such a name.
    pub(crate) fn create(name: &InterfaceName) -> Result<(), Status> {
        // SAFETY: a request is plain data, of which any member may be zero.
        let mut request: ifaliasreq = unsafe { core::mem::zeroed() };
        request.ifra_name = name.field();
        control(ANY, SIOCAIFADDR, &mut request)
    }

    /// Removes an interface; its device goes with the last reference.
    ///
    /// It waits for the interface's reader thread, and must hold no lock.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn remove(name: &InterfaceName) -> Result<(), Status> {
        control(ANY, SIOCDIFADDR, &mut name.request())
    }

    /// Returns the flags (`IFF_*`).
    ///
    /// # Errors
    /// There is no such interface.
    pub(crate) fn flags(name: &InterfaceName) -> Result<u32, Status> {
        let mut request = name.request();
        control(ANY, SIOCGIFFLAGS, &mut request)?;
        // SAFETY: the request that was answered has the flags as its argument.
        Ok(unsafe { request.argument.ifr_flags }.cast_unsigned())
    }

    /// Sets flags; `IFF_UP` brings it up or down. It may wait for the interface's reader thread.
    ///
    /// # Errors
    /// There is no such interface, or its device refuses.
    pub(crate) fn set_flags(name: &InterfaceName, flags: u32) -> Result<(), Status> {
        let mut request = name.request();
        request.argument.ifr_flags = flags.cast_signed();
        control(ANY, SIOCSIFFLAGS, &mut request)
    }

    /// Returns the device, which lives as long as `self`.
    pub(crate) fn device(&self) -> *mut net_device {
        // SAFETY: the reference keeps the interface; its device never changes.
        unsafe { (*self.raw.as_ptr()).device }
    }

    /// Returns the number by which the stack and sockets know it, which is not its device's.
    pub(crate) fn index(&self) -> u32 {
        // SAFETY: the reference keeps the interface; its index never changes.
        unsafe { (*self.raw.as_ptr()).index }
    }

    /// Returns the interface's own flags, without its device's.
    pub(crate) fn own_flags(&self) -> u32 {
        let flags = self.raw.as_ptr().wrapping_byte_add(offset_of!(net_interface, flags)).cast::<u32>();
        // SAFETY: the reference keeps the interface, whose word it is; others write it as a word.
        unsafe { AtomicU32::from_ptr(flags) }.load(Ordering::Relaxed)
    }

    /// Calls `visit` with each address, to which a reference is held as long.
    pub(crate) fn each_address(&self, visit: &mut dyn FnMut(NonNull<net_interface_address>)) {
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

impl Drop for Interface {
    fn drop(&mut self) {
        // SAFETY: the reference is this one's, and not used again.
        unsafe { (self.stack.datalink.put_interface)(self.raw.as_ptr()) };
    }
}

/// Passes a request about interfaces to a family of the stack, as if a socket had asked.
///
/// It takes locks of the stack and of the modules: not to be called from `up`, `init_device` or a monitor.
///
/// # Errors
/// The stack's; [`Status::EAFNOSUPPORT`] where the system has no such family.
pub(crate) fn control<T: Request>(family: i32, option: u32, request: &mut T) -> Result<(), Status> {
    let (stack, domain) = domain(family)?;
    let mut bytes = size_of::<T>();
    let request: *mut c_void = (&raw mut *request).cast();
    // SAFETY: the domain is the stack's, which is never unloaded. The request is as long as is said, and outlives the call,
    // after which the stack keeps nothing of it; `Request` is implemented for what such options take. It is the kernel's
    // memory, which the stack copies as a program's, by a function that takes both.
    Status::check(unsafe { (stack.datalink.control)(domain.as_ptr(), option.cast_signed(), request, &raw mut bytes) })
}

/// What an option about interfaces takes.
pub(crate) trait Request {}
impl Request for ifreq {}
impl Request for ifaliasreq {}
impl Request for ifconf {}

/// Finds a family of the stack.
///
/// # Errors
/// [`Status::EAFNOSUPPORT`] where the system has none such.
pub(crate) fn domain(family: i32) -> Result<(&'static Stack, NonNull<net_domain>), Status> {
    let stack = get().ok_or(Status::B_DEVICE_NOT_FOUND)?;
    // SAFETY: it looks a number up.
    let find = || NonNull::new(unsafe { (stack.network.get_domain)(family) });
    if let Some(domain) = find() {
        return Ok((stack, domain));
    }
    // A family is there once some program has had a socket of it, or while its module is in use: from here on.
    let name = if family == AF_INET6 { c"network/protocols/ipv6/v1" } else { c"network/protocols/ipv4/v1" };
    module::get(name).map_err(|_| Status::EAFNOSUPPORT)?;
    find().map(|domain| (stack, domain)).ok_or(Status::EAFNOSUPPORT)
}

/// The family by which interfaces are administered: any would do.
const ANY: i32 = AF_INET;
/// More than any interface has; a guess.
const MAX_ADDRESSES: usize = 4096;
