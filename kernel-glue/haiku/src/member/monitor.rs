//! The monitor of a member: what the stack calls for every packet of its device.
//!
//! It runs under the device's monitor lock, and whatever else the thread holds that receives or sends: so it decides,
//! copies, queues, and does nothing else. Above all it calls nothing that takes the stack's list of devices
//! (`register_*`, `unregister_*`, `device_enqueue_buffer`, `device_removed`): whoever has that list takes the monitor
//! lock after it, and both would wait for ever.

use super::classify::{Direction, Fate};
use super::packet::Shown;
use super::recent::Heard;
use super::{HostMode, Member};
use crate::kernel::clock;
use core::ptr::NonNull;
use frame::{DropReason, Frame, HEADER_BYTES, TAG_BYTES};
use haiku_abi::{
    B_DEVICE_BEING_REMOVED, B_DEVICE_GOING_DOWN, B_OK, list_link, net_buffer, net_device_monitor, status_t,
};

/// Returns the monitor of a member, to be registered where it stays.
pub(super) fn monitor_of(member: &Member) -> net_device_monitor {
    net_device_monitor {
        link: list_link::new(),
        cookie: (&raw const *member).cast_mut().cast(),
        receive: Some(receive),
        event: Some(event),
    }
}

/// # Safety
/// - The stack calls it with a monitor of [`monitor_of`], whose member lives until the monitor is unregistered.
/// - The packet is alive and nobody else's for the length of the call.
unsafe extern "C" fn receive(monitor: *mut net_device_monitor, packet: *mut net_buffer) -> status_t {
    // SAFETY: the first condition.
    let member = unsafe { member_of(monitor) };
    if let Some(packet) = NonNull::new(packet) {
        // SAFETY: the second condition.
        see(member, unsafe { Shown::new(packet) });
    }
    // The stack does not look at it.
    B_OK
}

/// # Safety
/// As the first condition of [`receive`].
unsafe extern "C" fn event(monitor: *mut net_device_monitor, event: i32) {
    // SAFETY: the condition above.
    let member = unsafe { member_of(monitor) };
    match event {
        B_DEVICE_GOING_DOWN => member.fall(),
        // The reference to the interface is the worker's to give back: here, the lock of the monitor itself is held,
        // which would be destroyed under us.
        B_DEVICE_BEING_REMOVED => member.be_gone(),
        // Going up is never told by any release.
        _ => {}
    }
}

/// # Safety
/// As the first condition of [`receive`], for as long as the result is used.
unsafe fn member_of<'m>(monitor: *const net_device_monitor) -> &'m Member {
    // SAFETY: the condition above.
    let cookie = unsafe { (*monitor).cookie };
    // SAFETY: as above; a member is only ever shared.
    unsafe { &*cookie.cast_const().cast::<Member>() }
}

/// Decides about a packet, copies it for the bridge, and takes it away from the stack.
fn see(member: &Member, packet: Shown) {
    let policy = member.policy.get();
    let mut room = [0; HEADER_BYTES + TAG_BYTES];
    let Ok(frame) = Frame::parse(packet.read_head(&mut room), None) else { return };
    let (bytes, family) = packet.source();
    let direction = Direction::of(bytes, family);
    match policy.fate(direction, frame.dst) {
        Fate::Pass => {}
        Fate::Overhear => overhear(member, frame),
        Fate::Share => match direction {
            // The host speaks with a station on the wire: nobody else is to hear of it.
            Direction::Sent if !frame.dst.is_group() && member.recent.has(frame.dst, clock::now()) => {}
            Direction::Sent | Direction::Local => copy(member, &packet),
            Direction::Received => {
                // The copy tells the bridge.
                let _ = note(member, &frame);
                copy(member, &packet);
            }
        },
        Fate::Take => {
            match policy.host {
                HostMode::Bridge => {}
                HostMode::Member => {
                    let _ = note(member, &frame);
                }
            }
            copy(member, &packet);
            take_away(member, packet);
        }
        // Only because the card is promiscuous does it come here. The stack counts it as dropped.
        Fate::Discard => {
            member.inlet.lose(DropReason::PortDown);
            packet.empty();
        }
    }
}

/// Notes who speaks on the wire. In which VLAN is not noted, so those with a tag are heard anew each time.
fn note(member: &Member, frame: &Frame) -> Heard {
    match frame.tag {
        Some(_) => Heard::Anew,
        None => member.recent.note(frame.src, clock::now()),
    }
}

/// Has the bridge learn where a station is that speaks with the host: once in a while, for it speaks all the time.
fn overhear(member: &Member, frame: Frame) {
    match note(member, &frame) {
        Heard::Before => {}
        Heard::Anew => member.overheard(frame),
    }
}

/// Queues a copy: a packet of its own, for protocols write to the bytes they get, and without the reference to an
/// interface that this one may have. In our queue it would keep the interface alive, and where the frame is received
/// again, have the stack take it for its own.
fn copy(member: &Member, packet: &Shown) {
    if !member.inlet.has_room() {
        return member.inlet.lose(DropReason::QueueFull);
    }
    match packet.copy() {
        // One that finds no room after all is counted, and dropped: it refers to nothing.
        Some(copy) => drop(member.inlet.push(copy)),
        None => member.inlet.lose(DropReason::NoBuffer),
    }
}

/// Leaves the stack a packet without bytes, which its deframer refuses. Monitors that come after this one see it so.
fn take_away(member: &Member, packet: Shown) {
    member.count_taken(packet.bytes());
    packet.empty();
}
