//! The hooks of a network device: how the stack reaches our interfaces.
//!
//! Which thread calls what, under which locks of the stack, is said at each. None calls back into the stack but to make
//! and free packets and to give references back, and none waits but `receive_data`, which `down` and `uninit_device` end, and `down`, for a moment.

use crate::kernel::user::UserMemory;
use crate::kernel::{Status, code, heap};
use crate::net_buffer::NetBuf;
use crate::unit::{MEDIA, Role, Unit, UnitName};
use crate::{control, housekeeper, identity, node, stack, system, unit};
use alloc::sync::Arc;
use core::ffi::{c_char, c_void};
use core::ptr::NonNull;
use frame::DropReason;
use haiku_abi::{
    B_BAD_VALUE, B_OK, IF_NAMESIZE, IFM_ACTIVE, IFM_AUTO, IFM_ETHER, net_buffer, net_device, net_device_module_info,
    sockaddr, status_t,
};
use stack::InterfaceName;
use tap::Link;

/// Returns the table of the hooks, behind a module's header.
pub(crate) const fn module(info: haiku_abi::module_info) -> net_device_module_info {
    net_device_module_info {
        info,
        init_device: Some(init_device),
        uninit_device: Some(uninit_device),
        up: Some(up),
        down: Some(down),
        control: Some(control_device),
        send_data: Some(send_data),
        receive_data: Some(receive_data),
        set_mtu: Some(set_mtu),
        set_promiscuous: Some(set_promiscuous),
        set_media: Some(set_media),
        add_multicast: Some(accept_multicast),
        remove_multicast: Some(accept_multicast),
    }
}

/// Makes the device of an interface, if the name is ours. The stack asks for every name that it does not know, also to
/// answer mere questions; so nothing but memory is made here.
///
/// Called under the mutex of the stack's list of devices and that of the modules.
///
/// # Safety
/// `name` ends with a zero or has 32 bytes; `device` is written if this succeeds.
unsafe extern "C" fn init_device(name: *const c_char, device: *mut *mut net_device) -> status_t {
    let mut bytes = [0; IF_NAMESIZE];
    for (at, byte) in bytes.iter_mut().enumerate() {
        // SAFETY: the condition above: every byte before this one was no zero.
        *byte = unsafe { name.wrapping_add(at).read() }.cast_unsigned();
        if *byte == 0 {
            break;
        }
    }
    match make(&bytes) {
        Ok(unit) => {
            // SAFETY: the condition above.
            unsafe { *device = unit.into_device() };
            B_OK
        }
        Err(status) => status.code(),
    }
}

fn make(bytes: &[u8; IF_NAMESIZE]) -> Result<Arc<Unit>, Status> {
    let end = bytes.iter().position(|&byte| byte == 0).ok_or(Status::B_BAD_VALUE)?;
    let text = bytes.get(..end).and_then(|text| core::str::from_utf8(text).ok()).ok_or(Status::B_BAD_VALUE)?;
    let name: UnitName = text.parse().map_err(|_| Status::B_BAD_VALUE)?;
    let interface = InterfaceName::new(text).ok_or(Status::B_BAD_VALUE)?;
    // The first who asks for a unit makes the list of them.
    heap::permit()?;
    if unit::find(name).is_some() {
        // Under its other spelling, or not gone yet.
        return Err(Status::B_BUSY);
    }
    stack::open()?;
    let mut canonical = heapless::String::<12>::new();
    core::fmt::Write::write_fmt(&mut canonical, format_args!("{name}")).map_err(|_| Status::B_BAD_VALUE)?;
    let made = Unit::new(name, interface, identity::mac(&canonical))?;
    if let Err(status) = unit::insert(&made) {
        made.die();
        return Err(status);
    }
    Ok(made)
}

/// Ends a unit: what was made with it goes, and nobody is waited for.
///
/// Called by whoever drops the last reference to the interface, wherever that is; the stack holds no lock.
///
/// # Safety
/// The device came from `init_device`, and the stack uses it no more.
unsafe extern "C" fn uninit_device(device: *mut net_device) -> status_t {
    // SAFETY: the condition above.
    let unit = unsafe { Unit::from_device(device) };
    unit.die();
    node::withdraw(&unit);
    unit::remove(&unit);
    // What a bridge or the housekeeper still holds, they let go when they look at it next.
    drop(unit);
    housekeeper::ring();
    system::ring();
    B_OK
}

/// Brings a device up, and publishes its node: from here on applications find it.
///
/// Called under the device's receive lock, so that nothing may be registered with the stack here.
///
/// # Safety
/// The device came from `init_device`, and the stack holds its reference.
unsafe extern "C" fn up(device: *mut net_device) -> status_t {
    // SAFETY: the condition above.
    let unit = unsafe { Unit::of(device) };
    code(bring_up(unit))
}

fn bring_up(unit: &Unit) -> Result<(), Status> {
    heap::permit()?;
    if unit.application().is_some() {
        housekeeper::start()?;
        node::publish(unit)?;
    }
    unit.set_link(Link::Up);
    system::ring();
    Ok(())
}

/// Takes a device down. The caller waits for the reader thread next, which `receive_data` lets go at once, also when it
/// enters only after this.
///
/// # Safety
/// As for `up`.
unsafe extern "C" fn down(device: *mut net_device) {
    // SAFETY: the condition above.
    let unit = unsafe { Unit::of(device) };
    unit.set_link(Link::Down);
    unit.be_quiet();
    system::ring();
}

/// Answers an ioctl on a socket that nobody before us has answered.
///
/// # Safety
/// As for `up`; `argument` is whatever the caller gave, a program if this is a system call.
unsafe extern "C" fn control_device(
    _device: *mut net_device,
    operation: i32,
    argument: *mut c_void,
    bytes: usize,
) -> status_t {
    let memory = UserMemory::new(argument, bytes, stack::syscall());
    code(memory.and_then(|memory| control::device(operation.cast_unsigned(), memory)))
}

/// Sends a frame: to the application, or into the bridge.
///
/// Called by any thread that sends, be it with locks of the stack: ARP holds its cache's. So nothing waits here, and
/// nothing goes back into the stack.
///
/// # Safety
/// As for `up`; the packet is ours if this succeeds, and else stays the caller's.
unsafe extern "C" fn send_data(device: *mut net_device, packet: *mut net_buffer) -> status_t {
    // SAFETY: the condition above.
    let unit = unsafe { Unit::of(device) };
    let Some(raw) = NonNull::new(packet) else { return B_BAD_VALUE };
    if !unit.is_up() {
        return Status::ENETDOWN.code();
    }
    // SAFETY: the condition above.
    let Some((frame, adoption)) = (unsafe { NetBuf::adopt(raw) }) else { return Status::ENOBUFS.code() };
    match send(unit, frame) {
        Ok(()) => {
            // The last thing: with the reference may go the interface, and the unit.
            drop(adoption);
            B_OK
        }
        Err((frame, status)) => {
            // The caller frees what it gave.
            frame.disown(adoption);
            status.code()
        }
    }
}

fn send(unit: &Unit, frame: NetBuf) -> Result<(), (NetBuf, Status)> {
    let sent = match unit.role() {
        Role::Bridge(host) => host.send(frame).map(|()| None),
        Role::Application(application) if application.is_bridged() => Err((frame, DropReason::PortDown)),
        Role::Application(application) => application.give(frame),
    };
    match sent {
        Ok(None) => Ok(()),
        Ok(Some(_lost)) => {
            unit.record().count_send_drop();
            Ok(())
        }
        Err((frame, DropReason::QueueFull)) => Err((frame, Status::ENOBUFS)),
        Err((frame, DropReason::PortDown | DropReason::NotOpen)) => Err((frame, Status::ENETDOWN)),
        Err((frame, DropReason::TooBig)) => Err((frame, Status::EMSGSIZE)),
        Err((_, _)) => {
            // The frame is not what an application could get: it is sent, and lost.
            unit.record().count_send_drop();
            Ok(())
        }
    }
}

/// Waits for a frame that the interface receives.
///
/// Called by the interface's reader thread, which holds nothing.
///
/// # Safety
/// As for `up`; `packet` is written if this succeeds, with a packet that is the caller's.
unsafe extern "C" fn receive_data(device: *mut net_device, packet: *mut *mut net_buffer) -> status_t {
    // SAFETY: the condition above.
    let unit = unsafe { Unit::of(device) };
    match unit.receive() {
        Ok(frame) => {
            // SAFETY: the condition above.
            unsafe { *packet = frame.into_raw().as_ptr() };
            B_OK
        }
        Err(status) => status.code(),
    }
}

/// Sets what follows the Ethernet header at most, in bytes.
///
/// # Safety
/// As for `up`.
unsafe extern "C" fn set_mtu(device: *mut net_device, bytes: usize) -> status_t {
    // SAFETY: the condition above.
    let unit = unsafe { Unit::of(device) };
    code(heap::permit().and_then(|()| unit.set_mtu(bytes)))
}

/// Accepts either: an interface of ours sees what it is sent.
///
/// # Safety
/// None.
unsafe extern "C" fn set_promiscuous(_device: *mut net_device, _promiscuous: bool) -> status_t {
    B_OK
}

/// Accepts what the medium is anyway, and to find that out.
///
/// # Safety
/// None.
unsafe extern "C" fn set_media(_device: *mut net_device, media: u32) -> status_t {
    match media & !IFM_ACTIVE {
        IFM_AUTO | IFM_ETHER | MEDIA => B_OK,
        _ => Status::B_NOT_SUPPORTED.code(),
    }
}

/// Accepts any group: nothing is filtered here.
///
/// # Safety
/// None.
unsafe extern "C" fn accept_multicast(_device: *mut net_device, _address: *const sockaddr) -> status_t {
    B_OK
}
