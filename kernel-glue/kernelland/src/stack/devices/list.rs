//! All devices, under the lock that comes before those of a device.

use super::{Device, DeviceRef, Hardware};
use crate::stack::interfaces;
use crate::stack::kernel::{self, Module};
use crate::stack::lock::Mutex;
use crate::stack::member::member;
use haiku_abi::*;
use std::ffi::CStr;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The devices in the order in which they were made, and the number that the last one got.
struct Devices {
    list: Vec<Arc<Device>>,
    last_index: u32,
}

static DEVICES: Mutex<Devices> = Mutex::new(c"net device interfaces", Devices { list: Vec::new(), last_index: 0 });

pub(crate) fn init() {
    DEVICES.init();
}

pub(crate) fn uninit() {
    DEVICES.destroy();
}

/// What to do where no device has a name yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Ask,
    Leave,
}

/// Returns the device of that name. If there is none, every module of devices is asked for it, in turn.
pub(crate) fn find(name: &str, missing: Missing) -> Option<DeviceRef> {
    let mut devices = DEVICES.lock();
    if let Some(device) = devices.named(name) {
        if device.is_busy() {
            return None;
        }
        // Without a reference it is about to be gone, and is made anew.
        if let Some(reference) = device.acquire() {
            return Some(reference);
        }
    }
    if missing == Missing::Leave {
        return None;
    }
    kernel::each_module(c"network/devices", |module| devices.make(module, name))
}

pub(crate) fn find_by_index(index: u32) -> Option<DeviceRef> {
    let devices = DEVICES.lock();
    let device = devices.list.iter().find(|device| device.hardware.index() == index)?;
    if device.is_busy() { None } else { device.acquire() }
}

pub(crate) fn count() -> usize {
    DEVICES.lock().list.len()
}

/// Calls for every device, under the lock.
pub(crate) fn visit(mut act: impl FnMut(&Arc<Device>)) {
    DEVICES.lock().list.iter().for_each(&mut act);
}

/// Runs `act` for the device of that structure, under the lock.
///
/// # Safety
/// `device` is the structure of a device that lives for the call.
pub(super) unsafe fn with(device: *mut net_device, act: impl FnOnce(&Arc<Device>) -> status_t) -> status_t {
    // SAFETY: the caller's; the name ends with NUL.
    let name = unsafe { CStr::from_ptr(member!(device => net_device, name).cast()) };
    let devices = DEVICES.lock();
    devices.named(&name.to_string_lossy()).map_or(B_DEVICE_NOT_FOUND, act)
}

pub(super) fn forget(device: &Arc<Device>) {
    DEVICES.lock().list.retain(|other| !Arc::ptr_eq(other, device));
}

/// Takes away what depends on a device that is no longer there. The caller may be its reader.
pub(crate) fn removed(raw: *mut net_device) -> status_t {
    let mut gone = None;
    let mark = |device: &Arc<Device>| {
        if device.busy.swap(true, Ordering::AcqRel) {
            return B_BUSY;
        }
        gone = device.acquire();
        B_OK
    };
    // SAFETY: whoever reports the device's removal still has it.
    let status = unsafe { with(raw, mark) };
    if let Some(device) = gone {
        interfaces::device_removed(&device);
        device.notify_monitors(B_DEVICE_BEING_REMOVED);
        device.forget_monitors();
    }
    status
}

impl Devices {
    fn named(&self, name: &str) -> Option<&Arc<Device>> {
        self.list.iter().find(|device| device.hardware.name() == name)
    }

    /// Lets one module make the device. The module stays in use with it.
    fn make(&mut self, module: &CStr, name: &str) -> Option<DeviceRef> {
        let module = Module::get(module).ok()?;
        let info = module.info().as_ptr().cast::<net_device_module_info>();
        // SAFETY: modules below that directory have this type, and this one is in use.
        let hooks = unsafe { info.read() };
        let mut raw = null_mut();
        let c_name = kernel::c_string(name);
        // SAFETY: the hook is the module's, the name lives for the call.
        let status = unsafe { hooks.init_device?(c_name.as_ptr(), &mut raw) };
        if status != B_OK || raw.is_null() {
            return None;
        }
        self.last_index += 1;
        // SAFETY: the module made the device.
        let hardware = unsafe { Hardware::new(raw, info, self.last_index) };
        let Ok(device) = Device::new(hardware) else {
            if let Some(uninit) = hooks.uninit_device {
                // SAFETY: the hook is the module's, and nobody knows the device.
                unsafe { uninit(raw) };
            }
            return None;
        };
        std::mem::forget(module);
        kernel::resume(device.consumer.load(Ordering::Relaxed));
        self.list.push(device.clone());
        Some(DeviceRef(device))
    }
}
