//! The two threads of a device: one reads frames and takes their headers off, one hands packets to who wants them.

use super::hardware::Count;
use super::{Device, Receiver, removed};
use crate::stack::buffer::Buffer;
use crate::stack::deferred;
use crate::stack::kernel;
use haiku_abi::*;
use std::sync::atomic::Ordering;

/// How long the reader waits after an error, so that others may run.
const ERROR_PAUSE: bigtime_t = 10_000;

/// The reader: runs while the device is up.
pub(super) fn read(device: &Device) -> status_t {
    let hardware = device.hardware;
    let mut status = B_OK;
    while hardware.flags() & IFF_UP != 0 {
        match hardware.receive() {
            Ok(buffer) => {
                take(device, buffer);
                status = B_OK;
            }
            Err(B_DEVICE_NOT_FOUND) => {
                removed(hardware.raw());
                return B_DEVICE_NOT_FOUND;
            }
            Err(failed) => {
                status = failed;
                hardware.count(Count::ReceiveError);
                kernel::snooze(ERROR_PAUSE);
            }
        }
    }
    status
}

fn take(device: &Device, mut buffer: Buffer) {
    let hardware = device.hardware;
    device.show_monitors(&mut buffer);
    if kernel::checks() && buffer.interface_address().is_some() {
        kernel::panic(&format!("{} received a frame that has an interface address", hardware.name()));
    }
    if device.deframe(buffer.as_raw()) != B_OK {
        drop(buffer);
        hardware.count(Count::ReceiveDropped);
        return;
    }
    let bytes = buffer.len();
    match device.enqueue(buffer) {
        Ok(()) => hardware.count(Count::Received(bytes)),
        Err((buffer, _)) => {
            drop(buffer);
            hardware.count(Count::ReceiveDropped);
        }
    }
}

/// The consumer: runs until the device goes.
pub(super) fn consume(device: &Device) -> status_t {
    while device.references.load(Ordering::Acquire) > 0 {
        match device.queue.dequeue() {
            Ok(buffer) => deferred::after(|| deliver(device, buffer)),
            Err(B_INTERRUPTED) => {}
            Err(_) => break,
        }
    }
    B_OK
}

/// Gives a packet to its domain if it was sent to ourselves, else to the first handler of its type that takes it.
fn deliver(device: &Device, mut buffer: Buffer) {
    // Without a reference of our own, which could be the last one.
    if let Some(domain) = buffer.interface_address().map(|address| address.domain()) {
        domain.receive(buffer);
        return;
    }
    let link = buffer.source();
    let generic = buffer.index().cast_signed();
    let specific = net_frame_type(u32::from(link.link_type()), u32::from(link.ethertype()));
    buffer.set_index(device.hardware.index());
    let receive = device.receive.lock();
    let mut at = 0;
    loop {
        let handler = receive.handlers.borrow().get(at).copied();
        let Some(handler) = handler else { break };
        at += 1;
        if handler.frame_type != generic && handler.frame_type != specific {
            continue;
        }
        match handler.to {
            Receiver::Own(take) => return take(buffer),
            Receiver::Foreign(hook, cookie) => {
                let raw = buffer.into_raw();
                // SAFETY: whoever registered the hook lives while it is registered; the packet is theirs on success.
                if unsafe { hook(cookie, device.hardware.raw(), raw) } == B_OK {
                    return;
                }
                // SAFETY: the hook did not take the packet.
                let Some(back) = (unsafe { Buffer::from_raw(raw) }) else { return };
                buffer = back;
            }
        }
    }
}
