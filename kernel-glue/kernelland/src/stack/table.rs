//! The functions of `network/stack/v1`.

use crate::stack::buffer::Borrowed;
use crate::stack::{ancillary, devices, domain, fifo, kernel, links, timer};
use haiku_abi::*;
use std::ffi::c_char;

/// The module.
pub(crate) static MODULE: net_stack_module_info = net_stack_module_info {
    info: module_info { name: NET_STACK_MODULE_NAME.as_ptr(), flags: 0, std_ops: Some(kernel::variadic(std_ops)) },
    register_domain: Some(domain::register_domain),
    unregister_domain: Some(domain::unregister_domain),
    get_domain: Some(domain::get_domain),
    register_domain_protocols: Some(REGISTER_PROTOCOLS),
    register_domain_datalink_protocols: Some(REGISTER_DATALINK_PROTOCOLS),
    register_domain_receiving_protocol: Some(register_domain_receiving_protocol),
    get_domain_receiving_protocol: Some(get_domain_receiving_protocol),
    put_domain_receiving_protocol: Some(put_domain_receiving_protocol),
    register_device_deframer: Some(devices::register_device_deframer),
    unregister_device_deframer: Some(devices::unregister_device_deframer),
    register_domain_device_handler: Some(devices::register_domain_device_handler),
    register_device_handler: Some(devices::register_device_handler),
    unregister_device_handler: Some(devices::unregister_device_handler),
    register_device_monitor: Some(devices::register_device_monitor),
    unregister_device_monitor: Some(devices::unregister_device_monitor),
    device_link_changed: Some(devices::device_link_changed),
    device_removed: Some(devices::device_removed),
    device_enqueue_buffer: Some(devices::device_enqueue_buffer),
    notify_socket: Some(notify_socket),
    checksum: Some(checksum),
    init_fifo: Some(fifo::init_fifo),
    uninit_fifo: Some(fifo::uninit_fifo),
    fifo_enqueue_buffer: Some(fifo::fifo_enqueue_buffer),
    fifo_dequeue_buffer: Some(fifo::fifo_dequeue_buffer),
    clear_fifo: Some(fifo::clear_fifo),
    fifo_socket_enqueue_buffer: Some(fifo_socket_enqueue_buffer),
    init_timer: Some(timer::init_timer),
    set_timer: Some(timer::set_timer),
    cancel_timer: Some(timer::cancel_timer),
    wait_for_timer: Some(timer::wait_for_timer),
    is_timer_active: Some(timer::is_timer_active),
    is_timer_running: Some(timer::is_timer_running),
    is_syscall: Some(is_syscall),
    is_restarted_syscall: Some(is_restarted_syscall),
    store_syscall_restart_timeout: Some(store_syscall_restart_timeout),
    restore_syscall_restart_timeout: Some(restore_syscall_restart_timeout),
    create_ancillary_data_container: Some(ancillary::create),
    delete_ancillary_data_container: Some(ancillary::delete),
    add_ancillary_data: Some(ancillary::add),
    remove_ancillary_data: Some(ancillary::remove),
    move_ancillary_data: Some(ancillary::move_all),
    next_ancillary_data: Some(ancillary::next),
    clone_ancillary_data: Some(ancillary::copy_all),
};

type Protocols = unsafe extern "C" fn(i32, i32, i32, ...) -> status_t;
type DatalinkProtocols = unsafe extern "C" fn(i32, i32, ...) -> status_t;

/// Only the first three arguments are looked at.
const REGISTER_PROTOCOLS: Protocols = {
    // SAFETY: on x86_64 named arguments of integers are passed alike to both types.
    unsafe {
        std::mem::transmute::<unsafe extern "C" fn(i32, i32, i32) -> status_t, Protocols>(register_domain_protocols)
    }
};

const REGISTER_DATALINK_PROTOCOLS: DatalinkProtocols = {
    // SAFETY: the function finds its variadic arguments where a caller of the other type puts them.
    unsafe {
        std::mem::transmute::<unsafe extern "C" fn(i32, i32) -> status_t, DatalinkProtocols>(
            links::register_domain_datalink_protocols,
        )
    }
};

/// In use only after the module of sockets, which starts the stack.
unsafe extern "C" fn std_ops(op: i32) -> status_t {
    match op {
        B_MODULE_INIT if crate::stack::is_started() => B_OK,
        B_MODULE_INIT => B_BUSY,
        B_MODULE_UNINIT => B_OK,
        _ => B_ERROR,
    }
}

/// Families and protocols of sockets are the stack's own here: what is registered again stays as it is.
unsafe extern "C" fn register_domain_protocols(family: i32, _type: i32, _protocol: i32) -> status_t {
    if domain::by_family(family).is_some() { B_OK } else { B_NO_MEMORY }
}

unsafe extern "C" fn register_domain_receiving_protocol(family: i32, _type: i32, _module: *const c_char) -> status_t {
    if domain::by_family(family).is_some() { B_OK } else { B_NO_MEMORY }
}

unsafe extern "C" fn get_domain_receiving_protocol(
    _domain: *mut net_domain,
    _type: u32,
    _module: *mut *mut net_protocol_module_info,
) -> status_t {
    EAFNOSUPPORT
}

unsafe extern "C" fn put_domain_receiving_protocol(_domain: *mut net_domain, _type: u32) -> status_t {
    B_ERROR
}

/// Sockets of others are not known here.
unsafe extern "C" fn notify_socket(_socket: *mut net_socket, _event: u8, _value: i32) -> status_t {
    B_BAD_VALUE
}

/// # Safety
/// `bytes` may be read, `length` of them.
unsafe extern "C" fn checksum(bytes: *mut u8, length: usize) -> u16 {
    // SAFETY: the caller's.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, length) };
    !crate::stack::buffer::checksum::fold(crate::stack::buffer::checksum::sum(bytes))
}

/// # Safety
/// `fifo` is a queue, `raw` a packet of the caller's.
unsafe extern "C" fn fifo_socket_enqueue_buffer(
    fifo: *mut net_fifo,
    socket: *mut net_socket,
    event: u8,
    raw: *mut net_buffer,
) -> status_t {
    // SAFETY: the caller lends the packet.
    let Some(shared) = (unsafe { Borrowed::new(raw) }).and_then(|buffer| buffer.share()) else { return B_NO_MEMORY };
    let shared = shared.into_raw();
    // SAFETY: the caller's for the queue; the clone is ours.
    let status = unsafe { fifo::fifo_enqueue_buffer(fifo, shared) };
    if status == B_OK {
        // SAFETY: has no conditions here.
        unsafe { notify_socket(socket, event, 0) };
    } else {
        // SAFETY: the queue did not take the clone.
        drop(unsafe { crate::stack::buffer::Buffer::from_raw(shared) });
    }
    status
}

unsafe extern "C" fn is_syscall() -> bool {
    kernel::is_syscall()
}

unsafe extern "C" fn is_restarted_syscall() -> bool {
    kernel::is_restarted_syscall()
}

unsafe extern "C" fn store_syscall_restart_timeout(timeout: bigtime_t) {
    kernel::store_restart_timeout(timeout);
}

unsafe extern "C" fn restore_syscall_restart_timeout() -> bigtime_t {
    kernel::restart_timeout()
}
