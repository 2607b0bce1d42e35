//! The network stack as the kernel's system calls reach it: one table, got at the first need and given back at shutdown.

use crate::modules;
use crate::thread::locked;
use crate::user::Status;
use haiku_abi::{NET_STACK_INTERFACE_MODULE_NAME, net_stack_interface_module_info};
use std::sync::Mutex;

/// Returns the stack's table; its module is the first that is got of the stack, as in Haiku.
pub(crate) fn interface() -> Result<net_stack_interface_module_info, Status> {
    let mut known = locked(&INTERFACE);
    let table = match *known {
        Some(table) => table,
        None => {
            let info = modules::get(&name()).map_err(Status)?;
            *known.insert(info.expose_provenance())
        }
    };
    let table = std::ptr::with_exposed_provenance::<net_stack_interface_module_info>(table);
    // SAFETY: a module of this name has this table, and stays while its reference is kept.
    Ok(unsafe { table.read() })
}

/// Whether nobody else refers to the stack: an interface that is going away takes its last reference along, and with it, in a
/// stack of Haiku's, the code that it runs.
pub(crate) fn is_ours_alone() -> bool {
    let name = name();
    modules::references().iter().all(|(module, references)| *module != name || *references <= 1)
}

/// Gives the stack back, unless somebody else would have to; says whether it was there.
pub(crate) fn release() -> bool {
    if !is_ours_alone() {
        return false;
    }
    let known = locked(&INTERFACE).take();
    // The name was got before: putting it cannot be refused.
    known.is_some_and(|_| modules::put(&name()).is_ok())
}

fn name() -> String {
    NET_STACK_INTERFACE_MODULE_NAME.to_string_lossy().into_owned()
}

static INTERFACE: Mutex<Option<usize>> = Mutex::new(None);
