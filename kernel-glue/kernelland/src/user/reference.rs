//! References to interfaces, as any add-on holds them for a while: an interface that is removed meanwhile keeps its device.

use super::{Interface, Status};
use crate::modules;
use haiku_abi::{
    AF_INET, NET_DATALINK_MODULE_NAME, NET_STACK_MODULE_NAME, net_datalink_module_info, net_interface,
    net_stack_module_info,
};
use std::ffi::CStr;

/// A reference to an interface, given back when it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Reference(*mut net_interface);

impl Interface {
    /// Refers to the interface.
    ///
    /// # Errors
    /// The stack's, or there is no such interface.
    pub fn refer(&self) -> Result<Reference, Status> {
        let index = self.index()?;
        let domain = with(NET_STACK_MODULE_NAME, |stack: &net_stack_module_info| {
            // SAFETY: takes a number.
            stack.get_domain.map(|hook| unsafe { hook(AF_INET) })
        })?;
        let found = with(NET_DATALINK_MODULE_NAME, |datalink: &net_datalink_module_info| {
            // SAFETY: the domain is the stack's.
            datalink.get_interface.zip(domain).map(|(hook, domain)| unsafe { hook(domain, index) })
        })?;
        let found = found.filter(|interface| !interface.is_null());
        found.map(Reference).ok_or(Status(haiku_abi::B_DEVICE_NOT_FOUND))
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // The stack that has the interface has the module, and the hook.
        let _ = with(NET_DATALINK_MODULE_NAME, |datalink: &net_datalink_module_info| {
            // SAFETY: the reference is this one's.
            datalink.put_interface.map(|hook| unsafe { hook(self.0) })
        });
    }
}

/// Uses a module's table.
fn with<T, R>(name: &CStr, act: impl FnOnce(&T) -> R) -> Result<R, Status> {
    let name = name.to_string_lossy();
    let table = modules::get(&name).map_err(Status)?;
    // SAFETY: the module of that name has that table, and is in use meanwhile.
    let result = act(unsafe { &*table.cast::<T>() });
    modules::put(&name).map_err(Status)?;
    Ok(result)
}
