//! The network stack as devices and protocols see it (`net_stack.h`).

use crate::layout::{hooks, layout};
use crate::{
    ancillary_data_container, ancillary_data_header, bigtime_t, list, list_link, module_info, mutex,
    net_address_module_info, net_buffer, net_device, net_domain, net_protocol_module_info, sem_id, ssize_t, status_t,
};
use core::ffi::{c_char, c_void};

/// The name of the stack's module.
pub const NET_STACK_MODULE_NAME: &core::ffi::CStr = c"network/stack/v1";

/// A socket; the stack's own.
#[repr(C)]
pub struct net_socket {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct net_fifo {
    pub lock: mutex,
    pub notify: sem_id,
    pub waiting: i32,
    pub max_bytes: usize,
    pub current_bytes: usize,
    pub buffers: list,
}

pub type net_timer_func = Option<unsafe extern "C" fn(*mut net_timer, *mut c_void)>;

#[repr(C)]
pub struct net_timer {
    pub link: list_link,
    pub hook: net_timer_func,
    pub data: *mut c_void,
    pub due: bigtime_t,
    pub flags: u32,
}

pub type net_deframe_func = Option<unsafe extern "C" fn(*mut net_device, *mut net_buffer) -> status_t>;
pub type net_receive_func = Option<unsafe extern "C" fn(*mut c_void, *mut net_device, *mut net_buffer) -> status_t>;

/// Who sees every packet of a device. The packet is borrowed for the call, which runs under the device's monitor lock.
#[repr(C)]
pub struct net_device_monitor {
    pub link: list_link,
    pub cookie: *mut c_void,
    pub receive: Option<unsafe extern "C" fn(*mut net_device_monitor, *mut net_buffer) -> status_t>,
    pub event: Option<unsafe extern "C" fn(*mut net_device_monitor, i32)>,
}

/// Returns the type of a device handler: an interface type above an Ethernet type or `B_NET_FRAME_TYPE_*`.
pub const fn net_frame_type(super_type: u32, sub_type: u32) -> i32 {
    ((super_type << 16) | sub_type) as i32
}

hooks! {
    /// r1beta5 has no `clone_ancillary_data`: its table ends before it.
    net_stack_module_info {
        pub info: module_info,
        fn register_domain(i32, *const c_char, *mut net_protocol_module_info, *mut net_address_module_info, *mut *mut net_domain) -> status_t;
        fn unregister_domain(*mut net_domain) -> status_t;
        fn get_domain(i32) -> *mut net_domain;
        fn register_domain_protocols(i32, i32, i32, ...) -> status_t;
        fn register_domain_datalink_protocols(i32, i32, ...) -> status_t;
        fn register_domain_receiving_protocol(i32, i32, *const c_char) -> status_t;
        fn get_domain_receiving_protocol(*mut net_domain, u32, *mut *mut net_protocol_module_info) -> status_t;
        fn put_domain_receiving_protocol(*mut net_domain, u32) -> status_t;
        fn register_device_deframer(*mut net_device, net_deframe_func) -> status_t;
        fn unregister_device_deframer(*mut net_device) -> status_t;
        fn register_domain_device_handler(*mut net_device, i32, *mut net_domain) -> status_t;
        fn register_device_handler(*mut net_device, i32, net_receive_func, *mut c_void) -> status_t;
        fn unregister_device_handler(*mut net_device, i32) -> status_t;
        fn register_device_monitor(*mut net_device, *mut net_device_monitor) -> status_t;
        fn unregister_device_monitor(*mut net_device, *mut net_device_monitor) -> status_t;
        fn device_link_changed(*mut net_device) -> status_t;
        fn device_removed(*mut net_device) -> status_t;
        fn device_enqueue_buffer(*mut net_device, *mut net_buffer) -> status_t;
        fn notify_socket(*mut net_socket, u8, i32) -> status_t;
        fn checksum(*mut u8, usize) -> u16;
        fn init_fifo(*mut net_fifo, *const c_char, usize) -> status_t;
        fn uninit_fifo(*mut net_fifo);
        fn fifo_enqueue_buffer(*mut net_fifo, *mut net_buffer) -> status_t;
        fn fifo_dequeue_buffer(*mut net_fifo, u32, bigtime_t, *mut *mut net_buffer) -> ssize_t;
        fn clear_fifo(*mut net_fifo) -> status_t;
        fn fifo_socket_enqueue_buffer(*mut net_fifo, *mut net_socket, u8, *mut net_buffer) -> status_t;
        fn init_timer(*mut net_timer, net_timer_func, *mut c_void);
        fn set_timer(*mut net_timer, bigtime_t);
        fn cancel_timer(*mut net_timer) -> bool;
        fn wait_for_timer(*mut net_timer) -> status_t;
        fn is_timer_active(*mut net_timer) -> bool;
        fn is_timer_running(*mut net_timer) -> bool;
        fn is_syscall() -> bool;
        fn is_restarted_syscall() -> bool;
        fn store_syscall_restart_timeout(bigtime_t);
        fn restore_syscall_restart_timeout() -> bigtime_t;
        fn create_ancillary_data_container() -> *mut ancillary_data_container;
        fn delete_ancillary_data_container(*mut ancillary_data_container);
        fn add_ancillary_data(*mut ancillary_data_container, *const ancillary_data_header, *const c_void, Option<unsafe extern "C" fn(*const ancillary_data_header, *mut c_void)>, Option<unsafe extern "C" fn(*const ancillary_data_header, *mut c_void)>, *mut *mut c_void) -> status_t;
        fn remove_ancillary_data(*mut ancillary_data_container, *mut c_void, bool) -> status_t;
        fn move_ancillary_data(*mut ancillary_data_container, *mut ancillary_data_container) -> *mut c_void;
        fn next_ancillary_data(*const ancillary_data_container, *mut c_void, *mut ancillary_data_header) -> *mut c_void;
        fn clone_ancillary_data(*const ancillary_data_container, *mut ancillary_data_container) -> status_t;
    }
}

layout! { LAYOUT:
    net_fifo 80 / 8 { lock 0, notify 32, waiting 36, max_bytes 40, current_bytes 48, buffers 56, }
    net_timer 48 / 8 { link 0, hook 16, data 24, due 32, flags 40, }
    net_device_monitor 40 / 8 { link 0, cookie 16, receive 24, event 32, }
    net_stack_module_info 368 / 8 {
        info 0, register_domain 24, unregister_domain 32, get_domain 40, register_domain_protocols 48,
        register_domain_datalink_protocols 56, register_domain_receiving_protocol 64,
        get_domain_receiving_protocol 72, put_domain_receiving_protocol 80, register_device_deframer 88,
        unregister_device_deframer 96, register_domain_device_handler 104, register_device_handler 112,
        unregister_device_handler 120, register_device_monitor 128, unregister_device_monitor 136,
        device_link_changed 144, device_removed 152, device_enqueue_buffer 160, notify_socket 168, checksum 176,
        init_fifo 184, uninit_fifo 192, fifo_enqueue_buffer 200, fifo_dequeue_buffer 208, clear_fifo 216,
        fifo_socket_enqueue_buffer 224, init_timer 232, set_timer 240, cancel_timer 248, wait_for_timer 256,
        is_timer_active 264, is_timer_running 272, is_syscall 280, is_restarted_syscall 288,
        store_syscall_restart_timeout 296, restore_syscall_restart_timeout 304, create_ancillary_data_container 312,
        delete_ancillary_data_container 320, add_ancillary_data 328, remove_ancillary_data 336,
        move_ancillary_data 344, next_ancillary_data 352, clone_ancillary_data 360,
    }
}
