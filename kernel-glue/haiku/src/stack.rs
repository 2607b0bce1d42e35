//! The network stack's modules, got when the first of our interfaces is made and kept for good.
//!
//! Which thread may call what is said at each call. Two rules go for all: while a lock of ours is held that
//! `uninit_device` takes, no reference of the stack's is put, for the last one ends the interface on the spot; and what
//! takes the stack's list of devices (`sLock` there) is never called from a monitor, a receive handler, `up` or
//! `init_device`, whose callers hold locks that are to be taken after it.

mod cells;
mod interface;
mod tables;

pub(crate) use cells::Cells;
pub(crate) use interface::{Interface, InterfaceName, control, domain};
pub(crate) use tables::{Buffers, Datalink, Network};

use crate::kernel::Once;
use crate::kernel::user::Syscall;
use crate::kernel::{Status, module};
use core::ptr::NonNull;
use haiku_abi::{
    NET_BUFFER_MODULE_NAME, NET_DATALINK_MODULE_NAME, NET_STACK_MODULE_NAME, net_buffer, net_device,
    net_device_monitor, net_interface_address, status_t,
};

/// The functions of the stack that the add-on calls.
pub(crate) struct Stack {
    pub(crate) network: Network,
    pub(crate) buffers: Buffers,
    pub(crate) datalink: Datalink,
}

static STACK: Once<Stack> = Once::new();

/// Gets the modules, unless they are had.
///
/// The caller is the stack, or holds a reference to it: they are in one file, which is loaded.
///
/// # Errors
/// A module is missing, or lacks a function.
pub(crate) fn open() -> Result<&'static Stack, Status> {
    STACK.try_call_once(|| {
        let network = module::get(NET_STACK_MODULE_NAME)?;
        let buffers = module::get(NET_BUFFER_MODULE_NAME)?;
        let datalink = module::get(NET_DATALINK_MODULE_NAME)?;
        // SAFETY: a module of this name begins with this table, in every release, and is kept.
        let network = unsafe { Network::of(network.cast().as_ptr()) };
        // SAFETY: as above.
        let buffers = unsafe { Buffers::of(buffers.cast().as_ptr()) };
        // SAFETY: as above.
        let datalink = unsafe { Datalink::of(datalink.cast().as_ptr()) };
        let all = network.zip(buffers).zip(datalink);
        let ((network, buffers), datalink) = all.ok_or(Status::B_NOT_SUPPORTED)?;
        Ok(Stack { network, buffers, datalink })
    })
}

/// Returns the modules, which every caller has who was given a packet or a unit.
pub(crate) fn get() -> Option<&'static Stack> {
    STACK.get()
}

/// Returns whether the current thread runs a program's system call.
pub(crate) fn syscall() -> Syscall {
    let Some(stack) = get() else { return Syscall::Yes };
    // SAFETY: it looks at the current thread alone.
    if unsafe { (stack.network.is_syscall)() } { Syscall::Yes } else { Syscall::No }
}

/// Has `monitor` see every packet of a device, of which [`Interface`] holds a reference.
///
/// Not to be called from a monitor, a handler, `up` or `init_device`.
///
/// # Safety
/// The device is alive; the monitor stays where it is until [`unregister_monitor`] has returned.
///
/// # Errors
/// The device is gone.
pub(crate) unsafe fn register_monitor(
    device: *mut net_device,
    monitor: NonNull<net_device_monitor>,
) -> Result<(), Status> {
    let stack = get().ok_or(Status::B_DEVICE_NOT_FOUND)?;
    // SAFETY: the caller's condition.
    Status::check(unsafe { (stack.network.register_device_monitor)(device, monitor.as_ptr()) })
}

/// Ends what [`register_monitor`] began, and waits for calls of the monitor that are under way.
///
/// Not to be called from a monitor, a handler, `up` or `init_device`.
///
/// # Safety
/// The device is alive.
///
/// # Errors
/// The stack has forgotten the monitor, for the device is gone from its list: no call comes any more.
pub(crate) unsafe fn unregister_monitor(
    device: *mut net_device,
    monitor: NonNull<net_device_monitor>,
) -> Result<(), Status> {
    let stack = get().ok_or(Status::B_DEVICE_NOT_FOUND)?;
    // SAFETY: the caller's condition.
    Status::check(unsafe { (stack.network.unregister_device_monitor)(device, monitor.as_ptr()) })
}

/// Has a device receive a frame, which is the stack's if this succeeds. It must hold an Ethernet header at least: the
/// stack loses a reference to the device for each frame that its deframer refuses.
///
/// Not to be called from a monitor, a handler, `up` or `init_device`.
///
/// # Safety
/// The device is alive; the frame is the caller's alone.
pub(crate) unsafe fn enqueue(device: *mut net_device, frame: NonNull<net_buffer>) -> status_t {
    let Some(stack) = get() else { return haiku_abi::B_DEVICE_NOT_FOUND };
    // SAFETY: the caller's condition.
    unsafe { (stack.network.device_enqueue_buffer)(device, frame.as_ptr()) }
}

/// Has the stack tell programs that a device's link is up or down now: Haiku's network server configures by it. The stack
/// takes no reference for that, and no lock but that of those who listen.
pub(crate) fn link_changed(device: NonNull<net_device>) {
    if let Some(stack) = get() {
        // SAFETY: it reads the device's name and medium, which a unit has from its beginning. Where nobody can be told,
        // nothing is missed.
        let _ = unsafe { (stack.network.device_link_changed)(device.as_ptr()) };
    }
}

/// Gives a reference back that came with a packet. The last one ends the interface: no lock may be held.
///
/// # Safety
/// The reference is the caller's.
pub(crate) unsafe fn put_address(address: *mut net_interface_address) {
    if let Some(stack) = get() {
        // SAFETY: the caller's condition.
        unsafe { (stack.datalink.put_interface_address)(address) };
    }
}
