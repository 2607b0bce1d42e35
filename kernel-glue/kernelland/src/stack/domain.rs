//! The address families, each with its routes.

mod modules;

pub(crate) use modules::{INET_MODULE, INET6_MODULE, LINK_MODULE};

use crate::stack::buffer::Buffer;
use crate::stack::family::Family;
use crate::stack::kernel::Module;
use crate::stack::lock::Recursive;
use crate::stack::routes::Routes;
use crate::stack::{ipv4, ipv6};
use haiku_abi::*;
use std::ffi::{CStr, c_char};
use std::ptr::{from_ref, null_mut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A family, at whose front others see a `net_domain`.
#[repr(C)]
pub(crate) struct Domain {
    abi: net_domain,
    name: &'static CStr,
    family: Family,
    routes: Recursive<Routes>,
    /// Others find it.
    is_known: AtomicBool,
    /// Makes it known.
    module: Mutex<Option<Module>>,
}

// SAFETY: what others see never changes; the routes are locked.
unsafe impl Sync for Domain {}

pub(crate) static INET: Domain = Domain::new(c"internet", Family::Inet);
pub(crate) static INET6: Domain = Domain::new(c"internet6", Family::Inet6);
pub(crate) static LINK: Domain = Domain::new(c"link", Family::Link);

impl Domain {
    const fn new(name: &'static CStr, family: Family) -> Self {
        let number = match family {
            Family::Inet => AF_INET,
            Family::Inet6 => AF_INET6,
            Family::Link => AF_LINK,
        };
        let abi = net_domain { name: name.as_ptr(), family: number, module: null_mut(), address_module: null_mut() };
        let is_known = AtomicBool::new(false);
        Self { abi, name, family, routes: Recursive::new(Routes::new()), is_known, module: Mutex::new(None) }
    }

    /// Makes it known until the stack ends, for there is a socket of it.
    pub(crate) fn acquire(&self) -> Result<(), status_t> {
        let name = match self.family {
            Family::Inet => modules::INET_NAME,
            Family::Inet6 => modules::INET6_NAME,
            Family::Link => modules::LINK_NAME,
        };
        let mut module = self.module.lock().unwrap_or_else(PoisonError::into_inner);
        if module.is_none() {
            *module = Some(Module::get(name).map_err(|_| EAFNOSUPPORT)?);
        }
        Ok(())
    }

    fn release(&self) {
        let module = self.module.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(module);
    }

    pub(crate) fn as_raw(&self) -> *mut net_domain {
        from_ref(&self.abi).cast_mut()
    }

    pub(crate) fn family(&self) -> Family {
        self.family
    }

    pub(crate) fn routes(&self) -> &Recursive<Routes> {
        &self.routes
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.family == other.family
    }

    /// Handles a packet whose link header is off.
    pub(crate) fn receive(&self, buffer: Buffer) {
        match self.family {
            Family::Inet => ipv4::receive(buffer),
            Family::Inet6 => ipv6::receive(buffer),
            Family::Link => drop(buffer),
        }
    }

    /// The function that handles packets, where devices may be told of it.
    pub(crate) fn receiver(&self) -> Option<fn(Buffer)> {
        match self.family {
            Family::Inet => Some(ipv4::receive),
            Family::Inet6 => Some(ipv6::receive),
            Family::Link => None,
        }
    }
}

const ALL: [&Domain; 3] = [&INET, &INET6, &LINK];

pub(crate) fn init() {
    ALL.iter().for_each(|domain| domain.routes.init(domain.name));
}

pub(crate) fn uninit() {
    ALL.iter().for_each(|domain| domain.release());
    ALL.iter().for_each(|domain| domain.routes.destroy());
}

pub(crate) fn by_family(family: i32) -> Option<&'static Domain> {
    ALL.into_iter().find(|domain| domain.abi.family == family)
}

/// The domain that others know by that pointer.
pub(crate) fn by_pointer(raw: *mut net_domain) -> Option<&'static Domain> {
    ALL.into_iter().find(|domain| domain.as_raw() == raw)
}

/// Finds a family of which there has been a socket: its module makes it known, which then stays.
pub(crate) unsafe extern "C" fn get_domain(family: i32) -> *mut net_domain {
    by_family(family).filter(|domain| domain.is_known.load(Ordering::Acquire)).map_or(null_mut(), Domain::as_raw)
}

/// All families are the stack's own here.
pub(crate) unsafe extern "C" fn register_domain(
    family: i32,
    _name: *const c_char,
    _module: *mut net_protocol_module_info,
    _address_module: *mut net_address_module_info,
    _domain: *mut *mut net_domain,
) -> status_t {
    if by_family(family).is_some() { B_NAME_IN_USE } else { B_NOT_SUPPORTED }
}

pub(crate) unsafe extern "C" fn unregister_domain(_domain: *mut net_domain) -> status_t {
    B_NOT_SUPPORTED
}
