//! What the stack's table offers about devices. Every function takes the lock of all devices first.

use super::list::{removed, with};
use super::monitors::Monitor;
use super::{Receiver, find_by_index};
use crate::stack::buffer::Buffer;
use crate::stack::domain;
use haiku_abi::*;
use std::ffi::c_void;

/// # Safety
/// `device` is a device that lives for the call, `deframer` lives while it is registered.
pub(crate) unsafe extern "C" fn register_device_deframer(
    device: *mut net_device,
    deframer: net_deframe_func,
) -> status_t {
    // SAFETY: the caller's.
    unsafe { with(device, |device| device.register_deframer(deframer)) }
}

/// # Safety
/// As above.
pub(crate) unsafe extern "C" fn unregister_device_deframer(device: *mut net_device) -> status_t {
    let unregister = |device: &std::sync::Arc<super::Device>| {
        device.unregister_deframer();
        B_OK
    };
    // SAFETY: the caller's.
    unsafe { with(device, unregister) }
}

/// # Safety
/// `device` is a device that lives for the call.
pub(crate) unsafe extern "C" fn register_domain_device_handler(
    device: *mut net_device,
    frame_type: i32,
    domain: *mut net_domain,
) -> status_t {
    let Some(receive) = domain::by_pointer(domain).and_then(domain::Domain::receiver) else { return B_BAD_VALUE };
    // SAFETY: the caller's.
    unsafe { with(device, |device| device.register_handler(frame_type, Receiver::Own(receive))) }
}

/// # Safety
/// `device` is a device that lives for the call; the function and its cookie live while they are registered.
pub(crate) unsafe extern "C" fn register_device_handler(
    device: *mut net_device,
    frame_type: i32,
    receive: net_receive_func,
    cookie: *mut c_void,
) -> status_t {
    let Some(receive) = receive else { return B_BAD_VALUE };
    // SAFETY: the caller's.
    unsafe { with(device, |device| device.register_handler(frame_type, Receiver::Foreign(receive, cookie))) }
}

/// Registers a function of the stack's own.
pub(crate) fn register_own(hardware: super::Hardware, frame_type: i32, receive: fn(Buffer)) -> status_t {
    // SAFETY: whoever has the hardware keeps the device.
    unsafe { with(hardware.raw(), |device| device.register_handler(frame_type, Receiver::Own(receive))) }
}

/// Registers a deframer of the stack's own.
pub(crate) fn register_deframer(
    hardware: super::Hardware,
    deframer: unsafe extern "C" fn(*mut net_device, *mut net_buffer) -> status_t,
) -> status_t {
    // SAFETY: whoever has the hardware keeps the device, and the function is there for ever.
    unsafe { register_device_deframer(hardware.raw(), Some(deframer)) }
}

/// # Safety
/// `device` is a device that lives for the call.
pub(crate) unsafe extern "C" fn unregister_device_handler(device: *mut net_device, frame_type: i32) -> status_t {
    // SAFETY: the caller's.
    unsafe { with(device, |device| device.unregister_handler(frame_type)) }
}

/// # Safety
/// `device` is a device that lives for the call; the monitor lives while it is registered.
pub(crate) unsafe extern "C" fn register_device_monitor(
    device: *mut net_device,
    monitor: *mut net_device_monitor,
) -> status_t {
    let monitor = Monitor::new(monitor);
    if !monitor.is_complete() {
        return B_BAD_VALUE;
    }
    let register = |device: &std::sync::Arc<super::Device>| {
        device.register_monitor(monitor);
        B_OK
    };
    // SAFETY: the caller's.
    unsafe { with(device, register) }
}

/// # Safety
/// `device` is a device that lives for the call.
pub(crate) unsafe extern "C" fn unregister_device_monitor(
    device: *mut net_device,
    monitor: *mut net_device_monitor,
) -> status_t {
    // SAFETY: the caller's.
    unsafe { with(device, |device| device.unregister_monitor(Monitor::new(monitor))) }
}

/// Tells programs. It takes no lock and no reference.
pub(crate) unsafe extern "C" fn device_link_changed(_device: *mut net_device) -> status_t {
    crate::notices::send(std::ptr::null());
    B_OK
}

/// # Safety
/// `device` is a device that lives for the call.
pub(crate) unsafe extern "C" fn device_removed(device: *mut net_device) -> status_t {
    removed(device)
}

/// Puts a frame into a device's queue as if it had been received; monitors do not see it.
///
/// # Safety
/// `device` is a device that lives for the call, `raw` a packet that the caller gives.
pub(crate) unsafe extern "C" fn device_enqueue_buffer(device: *mut net_device, raw: *mut net_buffer) -> status_t {
    // SAFETY: the caller's.
    let index = unsafe { (*device).index };
    let Some(device) = find_by_index(index) else { return B_DEVICE_NOT_FOUND };
    let status = device.deframe(raw);
    // SAFETY: the caller gave the packet.
    let Some(buffer) = (unsafe { Buffer::from_raw(raw) }) else { return B_BAD_VALUE };
    if status != B_OK {
        // Haiku forgets the reference here, and who relies on it being put shall see so.
        std::mem::forget(device);
        return status;
    }
    match device.enqueue(buffer) {
        Ok(()) => B_OK,
        Err((buffer, failed)) => {
            // The packet stays the caller's.
            let _ = buffer.into_raw();
            failed
        }
    }
}
