//! Interfaces: a device by its name, with addresses and, for each family, a way to its link.
//!
//! Locks, in the order in which they are taken: the list of all interfaces, then one interface's. The lock of local
//! addresses comes before those of routes. None of them is held while a device is asked for something, except, as in
//! Haiku, the list's while a device that is gone is taken away, and an interface's while an address is added, which may
//! also take the list's.

mod addresses;
mod alias;
mod control;
mod list;
mod state;

pub(crate) use addresses::local_address;
pub(crate) use alias::add_address;
pub(crate) use list::{
    Only, add, by_index, by_name, count, device_removed, for_device, for_link, init, list, local_broadcast, local_link,
    remove, uninit,
};

use crate::stack::address::Reference;
use crate::stack::deferred::Later;
use crate::stack::devices::{DeviceRef, Hardware};
use crate::stack::domain::Domain;
use crate::stack::family::Family;
use crate::stack::kernel::{self, Module};
use crate::stack::links::Link;
use crate::stack::lock::{Mutex, Recursive};
use haiku_abi::*;
use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// An interface, at whose front others see a `net_interface`.
#[repr(C)]
pub(crate) struct Interface {
    device_seen: Hardware,
    name_seen: [c_char; IF_NAMESIZE],
    index: u32,
    flags: AtomicU32,
    kind: u8,
    metric: AtomicU32,
    /// Before its name, which it shows.
    lock: Recursive<State>,
    name: CString,
    /// Comes before the locks of devices.
    making_links: Mutex<()>,
    /// It goes up or down, and is not to be found meanwhile.
    busy: AtomicBool,
    /// Goes at once with the interface, in whichever thread that is: code of its module may be up the stack, and be
    /// unmapped.
    device: DeviceRef,
    /// After the device, which the stack outlives.
    _stack: Later<Option<Module>>,
}

const _: () = assert!(std::mem::offset_of!(Interface, index) == std::mem::offset_of!(net_interface, index));
const _: () = assert!(std::mem::offset_of!(Interface, kind) == std::mem::offset_of!(net_interface, r#type));
const _: () = assert!(std::mem::offset_of!(Interface, metric) == std::mem::offset_of!(net_interface, metric));

/// What an interface's lock protects.
#[derive(Default)]
struct State {
    addresses: RefCell<Vec<Reference>>,
    links: RefCell<Vec<Arc<Link>>>,
}

impl Interface {
    fn new(name: &str, index: u32, device: DeviceRef) -> Arc<Self> {
        let this = Arc::new(Self {
            device_seen: device.hardware(),
            name_seen: kernel::name_field(name),
            index,
            flags: AtomicU32::new(0),
            kind: 0,
            metric: AtomicU32::new(0),
            name: kernel::c_string(name),
            making_links: Mutex::new(c"interface links", ()),
            lock: Recursive::new(State::default()),
            busy: AtomicBool::new(false),
            device,
            _stack: Later::new(Module::get(NET_STACK_INTERFACE_MODULE_NAME).ok()),
        });
        this.lock.init(&this.name);
        this.making_links.init();
        this
    }

    pub(crate) fn name(&self) -> &str {
        self.name.to_str().unwrap_or_default()
    }

    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    pub(crate) fn flags(&self) -> u32 {
        self.flags.load(Ordering::Acquire)
    }

    pub(crate) fn is_up(&self) -> bool {
        self.flags() & IFF_UP != 0
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Acquire)
    }

    pub(crate) fn device(&self) -> &DeviceRef {
        &self.device
    }

    pub(crate) fn hardware(&self) -> Hardware {
        self.device.hardware()
    }

    /// The way to the link for a family, which is there from the first use of that family on.
    pub(crate) fn link(&self, family: Family) -> Option<Arc<Link>> {
        let state = self.lock.lock();
        let links = state.links.borrow();
        links.iter().find(|link| link.domain().family() == family).cloned()
    }

    fn links(&self) -> Vec<Arc<Link>> {
        self.lock.lock().links.borrow().clone()
    }

    /// Makes the way to the link for a family, if there is none and the device's type has one.
    pub(crate) fn ensure_link(self: &Arc<Self>, domain: &'static Domain) -> Result<(), status_t> {
        // Not under the interface's lock, which who has the device's receive lock may wait for.
        let _making = self.making_links.lock();
        if self.link(domain.family()).is_some() {
            return Ok(());
        }
        let link = Link::new(self, domain)?;
        self.lock.lock().links.borrow_mut().push(Arc::new(link));
        Ok(())
    }

    /// The pointer by which others know the interface, with a reference.
    pub(crate) fn into_raw(self: Arc<Self>) -> *mut net_interface {
        Arc::into_raw(self).cast_mut().cast()
    }

    /// # Safety
    /// `raw` is an interface that the caller got by [`Self::into_raw`] and gives back.
    pub(crate) unsafe fn from_raw(raw: *mut net_interface) -> Arc<Self> {
        // SAFETY: the caller's.
        unsafe { Arc::from_raw(raw.cast_const().cast()) }
    }

    /// # Safety
    /// `raw` is an interface of which somebody keeps a reference for the call.
    pub(crate) unsafe fn borrow(raw: *mut net_interface) -> Arc<Self> {
        // SAFETY: the caller's.
        unsafe { Arc::increment_strong_count(raw.cast_const().cast::<Self>()) };
        // SAFETY: the count that was just added.
        unsafe { Self::from_raw(raw) }
    }
}

impl Drop for Interface {
    fn drop(&mut self) {
        if kernel::checks() && self.is_up() {
            kernel::panic(&format!("{} goes while it is up", self.name()));
        }
        let links = std::mem::take(&mut *self.lock.lock().links.borrow_mut());
        links.iter().for_each(|link| link.end(self.hardware()));
    }
}
