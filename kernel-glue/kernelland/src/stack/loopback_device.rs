//! `network/devices/loopback/v1`: devices called `loop…`, whose packets come back.

use crate::stack::cells::Cells;
use crate::stack::devices::device_enqueue_buffer;
use crate::stack::kernel::{self, Module};
use haiku_abi::*;
use std::ffi::{CStr, c_char, c_void};

/// The module.
pub(crate) static MODULE: net_device_module_info = net_device_module_info {
    info: module_info {
        name: c"network/devices/loopback/v1".as_ptr(),
        flags: 0,
        std_ops: Some(kernel::variadic(kernel::nothing_to_make)),
    },
    init_device: Some(init_device),
    uninit_device: Some(uninit_device),
    up: Some(up),
    down: Some(down),
    control: Some(control),
    send_data: Some(device_enqueue_buffer),
    receive_data: None,
    set_mtu: Some(set_mtu),
    set_promiscuous: Some(set_promiscuous),
    set_media: Some(set_media),
    add_multicast: Some(change_multicast),
    remove_multicast: Some(change_multicast),
};

/// A device with what it keeps in use.
#[repr(C)]
struct Loopback {
    abi: net_device,
    _modules: [Module; 2],
}

const MAX_MTU: usize = 65_536;

unsafe extern "C" fn init_device(name: *const c_char, place: *mut *mut net_device) -> status_t {
    // SAFETY: the stack gives a string.
    let name = unsafe { CStr::from_ptr(name) };
    if !name.to_bytes().starts_with(b"loop") {
        return B_BAD_VALUE;
    }
    let modules = match (Module::get(NET_STACK_MODULE_NAME), Module::get(NET_BUFFER_MODULE_NAME)) {
        (Ok(stack), Ok(buffer)) => [stack, buffer],
        (Err(failed), _) | (_, Err(failed)) => return failed,
    };
    let mut abi = kernel::new_device(name, IFT_LOOP, IFF_LOOPBACK | IFF_LINK);
    (abi.mtu, abi.media) = (MAX_MTU, IFM_ACTIVE);
    let device = Box::into_raw(Box::new(Loopback { abi, _modules: modules }));
    // SAFETY: the stack's place.
    unsafe { place.write(device.cast()) };
    B_OK
}

unsafe extern "C" fn uninit_device(device: *mut net_device) -> status_t {
    // SAFETY: the device is one of ours, of which the stack lets go.
    drop(unsafe { Box::from_raw(device.cast::<Loopback>()) });
    B_OK
}

unsafe extern "C" fn up(_device: *mut net_device) -> status_t {
    B_OK
}

unsafe extern "C" fn down(_device: *mut net_device) {}

unsafe extern "C" fn control(_device: *mut net_device, _op: i32, _argument: *mut c_void, _length: usize) -> status_t {
    B_BAD_VALUE
}

unsafe extern "C" fn set_mtu(device: *mut net_device, mtu: usize) -> status_t {
    if !(16..=MAX_MTU).contains(&mtu) {
        return B_BAD_VALUE;
    }
    // SAFETY: the device is one of ours.
    unsafe { Cells::new(device) }.set_mtu(mtu);
    B_OK
}

unsafe extern "C" fn set_promiscuous(_device: *mut net_device, _on: bool) -> status_t {
    EOPNOTSUPP
}

unsafe extern "C" fn set_media(_device: *mut net_device, _media: u32) -> status_t {
    EOPNOTSUPP
}

unsafe extern "C" fn change_multicast(_device: *mut net_device, _group: *const sockaddr) -> status_t {
    B_OK
}
