//! Whether cables are plugged in: a thread looks once a second, or when a driver says so.

use super::Ethernet;
use crate::stack::devices::device_link_changed;
use crate::stack::kernel::{self, File, Module, Semaphore};
use crate::stack::lock::Mutex;
use haiku_abi::*;
use std::mem::offset_of;
use std::sync::atomic::Ordering;

const INTERVAL: bigtime_t = 1_000_000;

/// The devices that are looked at, and what the thread waits by.
struct Watched {
    devices: Vec<Entry>,
    changed: Option<Semaphore>,
    thread: thread_id,
    _stack: Option<Module>,
}

/// A device that is up.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry(*const Ethernet);

// SAFETY: the device is used under the lock, and leaves the list before it goes down.
unsafe impl Send for Entry {}

static WATCHED: Mutex<Watched> =
    Mutex::new(c"ethernet devices", Watched { devices: Vec::new(), changed: None, thread: -1, _stack: None });

pub(super) fn init() -> status_t {
    let stack = match Module::get(NET_STACK_MODULE_NAME) {
        Ok(stack) => stack,
        Err(failed) => return failed,
    };
    let changed = match Semaphore::new(c"ethernet link change") {
        Ok(changed) => changed,
        Err(failed) => return failed,
    };
    WATCHED.init();
    let mut watched = WATCHED.lock();
    (watched.changed, watched._stack, watched.thread) = (Some(changed), Some(stack), -1);
    B_OK
}

pub(super) fn uninit() -> status_t {
    let mut watched = WATCHED.lock();
    let (changed, stack, thread) = (watched.changed.take(), watched._stack.take(), watched.thread);
    drop(watched);
    drop(changed);
    kernel::join(thread);
    WATCHED.destroy();
    drop(stack);
    B_OK
}

/// Begins to look at a device, if its driver says anything of its link.
pub(super) fn watch(device: &Ethernet) {
    let file = device.file();
    if !update(device, &file, Notify::Nobody) {
        return;
    }
    let mut watched = WATCHED.lock();
    let Some(changed) = watched.changed.as_ref().map(Semaphore::id) else { return };
    // Not every driver tells of changes.
    let _ = file.ioctl(ETHER_SET_LINK_STATE_SEM, &mut changed.to_ne_bytes());
    if watched.devices.is_empty()
        && let Ok(thread) = kernel::spawn("ethernet link state checker", B_LOW_PRIORITY, move || check(changed))
    {
        watched.thread = thread;
        kernel::resume(thread);
    }
    watched.devices.push(Entry(device));
}

/// Closes a device's node, at which nobody looks any more.
pub(super) fn close(device: &Ethernet) {
    let mut watched = WATCHED.lock();
    watched.devices.retain(|&watched| watched != Entry(device));
    File::at(device.node.swap(-1, Ordering::AcqRel)).close();
    drop(watched);
}

fn check(changed: sem_id) -> status_t {
    loop {
        // SAFETY: takes plain values.
        let status = unsafe { crate::symbols::acquire_sem_etc(changed, 1, B_RELATIVE_TIMEOUT, INTERVAL) };
        if status == B_BAD_SEM_ID {
            return B_OK;
        }
        let watched = WATCHED.lock();
        if watched.devices.is_empty() {
            return B_OK;
        }
        for &Entry(device) in &watched.devices {
            // SAFETY: the device is in the list, which is locked.
            let device = unsafe { &*device };
            update(device, &device.file(), Notify::Stack);
        }
    }
}

/// Whether the stack is told of a change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Notify {
    Stack,
    Nobody,
}

/// Asks a driver for its link and writes that down; says whether it could say.
fn update(device: &Ethernet, file: &File, notify: Notify) -> bool {
    let mut bytes = [0_u8; size_of::<ether_link_state_t>()];
    if file.ioctl(ETHER_GET_LINK_STATE, &mut bytes).is_err() {
        return false;
    }
    let [m0, m1, m2, m3, q0, q1, q2, q3, speed @ ..] = bytes;
    let (media, quality) = (u32::from_ne_bytes([m0, m1, m2, m3]), u32::from_ne_bytes([q0, q1, q2, q3]));
    let speed = u64::from_ne_bytes(speed);
    let word = |offset: usize| device.cells().word(offset);
    let link_speed = device.cells().long(offset_of!(net_device, link_speed));
    let same = word(offset_of!(net_device, media)).swap(media, Ordering::Relaxed) == media
        && word(offset_of!(net_device, link_quality)).swap(quality, Ordering::Relaxed) == quality
        && link_speed.swap(speed, Ordering::Relaxed) == speed;
    if same {
        return true;
    }
    link_speed.store(speed, Ordering::Relaxed);
    word(offset_of!(net_device, link_quality)).store(quality, Ordering::Relaxed);
    let flags = word(offset_of!(net_device, flags));
    let (had, what) = if media & IFM_ACTIVE != 0 {
        (flags.fetch_or(IFF_LINK, Ordering::AcqRel) & IFF_LINK == 0, "up")
    } else {
        (flags.fetch_and(!IFF_LINK, Ordering::AcqRel) & IFF_LINK != 0, "down")
    };
    if had {
        let name = crate::stack::kernel::device_name(device.raw());
        kernel::log(&format!("{name}: link {what}, media 0x{media:x} quality {quality} speed {speed}"));
    }
    if notify == Notify::Stack {
        // SAFETY: the device is one of the stack's.
        unsafe { device_link_changed(device.raw()) };
    }
    true
}
