//! The network stack that the kernel has built in: it behaves as Haiku's does, at every place where a module, a driver or a
//! program can tell, and takes Haiku's own place where that is not there.
//!
//! What others see is C's: tables of functions, and structures at the front of ours. Behind it is this:
//!
//! - [`buffer`]: packets. [`fifo`], [`timer`], [`ancillary`]: what Haiku's stack offers besides.
//! - [`devices`]: a device's two threads, its monitors and handlers. [`interfaces`]: names, addresses, up and down.
//!   [`routes`]: where packets go. [`links`]: ARP, neighbour discovery, frames.
//! - [`ipv4`], [`icmp`], [`ipv6`], [`icmp6`], and UDP and raw packets in [`sockets`].
//! - [`ethernet_device`], [`loopback_device`]: devices over nodes in `/dev/net`, and to oneself.
//!
//! It starts with the first reference to `network/stack/kernel_interface/v1` and ends with the last; an interface holds one.

mod address;
mod ancillary;
mod buffer;
mod cells;
mod datalink;
mod deferred;
mod devices;
mod domain;
mod ethernet_device;
mod family;
mod fifo;
mod icmp;
mod icmp6;
mod interfaces;
mod ipv4;
mod ipv6;
mod kernel;
mod links;
mod lock;
mod loopback_device;
mod member;
mod routes;
mod sockaddr;
mod sockets;
mod table;
mod timer;
mod user;

use haiku_abi::{B_OK, module_info, status_t};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Makes the stack's modules known, for where no directory of add-ons has them.
pub(crate) fn provide() {
    let stack: [&'static module_info; 5] = [
        &table::MODULE.info,
        &buffer::MODULE.info,
        &datalink::MODULE.info,
        &domain::LINK_MODULE.info,
        &sockets::MODULE.info,
    ];
    crate::modules::provide("network/stack", &stack);
    crate::modules::provide("network/protocols/ipv4", &[&domain::INET_MODULE.info]);
    crate::modules::provide("network/protocols/ipv6", &[&domain::INET6_MODULE.info]);
    crate::modules::provide("network/devices/ethernet", &[&ethernet_device::MODULE.info]);
    crate::modules::provide("network/devices/loopback", &[&loopback_device::MODULE.info]);
}

static STARTED: AtomicBool = AtomicBool::new(false);
/// The packets' module is in use as long as the stack is.
static PACKETS: Mutex<Option<kernel::Module>> = Mutex::new(None);

fn is_started() -> bool {
    STARTED.load(Ordering::Acquire)
}

/// Makes everything that the stack has.
fn start() -> status_t {
    domain::init();
    interfaces::init();
    devices::init();
    let status = timer::init();
    if status != B_OK {
        devices::uninit();
        interfaces::uninit();
        domain::uninit();
        return status;
    }
    links::init();
    ipv4::init();
    sockets::udp::init();
    sockets::raw::init();
    STARTED.store(true, Ordering::Release);
    match kernel::Module::get(haiku_abi::NET_BUFFER_MODULE_NAME) {
        Ok(module) => {
            *PACKETS.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(module);
            B_OK
        }
        Err(failed) => {
            end();
            failed
        }
    }
}

/// Ends everything, when no interface and no socket is left.
fn end() -> status_t {
    STARTED.store(false, Ordering::Release);
    sockets::raw::uninit();
    sockets::udp::uninit();
    ipv4::uninit();
    links::uninit();
    timer::uninit();
    devices::uninit();
    interfaces::uninit();
    domain::uninit();
    let packets = PACKETS.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    drop(packets);
    B_OK
}

#[cfg(test)]
mod tests;
