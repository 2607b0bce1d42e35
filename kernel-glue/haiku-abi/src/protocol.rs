//! Protocols under a socket (`net_protocol.h`).

use crate::layout::hooks;
use crate::{
    ancillary_data_container, iovec, module_info, net_buffer, net_domain, net_route, net_socket, sockaddr, socklen_t,
    ssize_t, status_t,
};
use core::ffi::c_void;

/// One protocol of a socket, above the next.
#[repr(C)]
pub struct net_protocol {
    pub next: *mut net_protocol,
    pub module: *mut net_protocol_module_info,
    pub socket: *mut net_socket,
}

hooks! {
    /// Names and order of the header; members that Trestle does not call keep their place.
    net_protocol_module_info {
        pub info: module_info,
        pub flags: u32,
        fn init_protocol(*mut net_socket) -> *mut net_protocol;
        fn uninit_protocol(*mut net_protocol) -> status_t;
        fn open(*mut net_protocol) -> status_t;
        fn close(*mut net_protocol) -> status_t;
        fn free(*mut net_protocol) -> status_t;
        fn connect(*mut net_protocol, *const sockaddr) -> status_t;
        fn accept(*mut net_protocol, *mut *mut net_socket) -> status_t;
        fn control(*mut net_protocol, i32, i32, *mut c_void, *mut usize) -> status_t;
        fn getsockopt(*mut net_protocol, i32, i32, *mut c_void, *mut i32) -> status_t;
        fn setsockopt(*mut net_protocol, i32, i32, *const c_void, i32) -> status_t;
        fn bind(*mut net_protocol, *const sockaddr) -> status_t;
        fn unbind(*mut net_protocol, *mut sockaddr) -> status_t;
        fn listen(*mut net_protocol, i32) -> status_t;
        fn shutdown(*mut net_protocol, i32) -> status_t;
        fn send_data(*mut net_protocol, *mut net_buffer) -> status_t;
        fn send_routed_data(*mut net_protocol, *mut net_route, *mut net_buffer) -> status_t;
        fn send_avail(*mut net_protocol) -> ssize_t;
        fn read_data(*mut net_protocol, usize, u32, *mut *mut net_buffer) -> status_t;
        fn read_avail(*mut net_protocol) -> ssize_t;
        fn get_domain(*mut net_protocol) -> *mut net_domain;
        fn get_mtu(*mut net_protocol, *const sockaddr) -> usize;
        fn receive_data(*mut net_buffer) -> status_t;
        fn deliver_data(*mut net_protocol, *mut net_buffer) -> status_t;
        fn error_received(i32, *mut c_void, *mut net_buffer) -> status_t;
        fn error_reply(*mut net_protocol, *mut net_buffer, i32, *mut c_void) -> status_t;
        fn add_ancillary_data(*mut net_protocol, *mut ancillary_data_container, *const c_void) -> status_t;
        fn process_ancillary_data(*mut net_protocol, *const ancillary_data_container, *mut c_void, usize, i32) -> ssize_t;
        fn process_ancillary_data_no_container(*mut net_protocol, *mut net_buffer, *mut c_void, usize) -> ssize_t;
        fn send_data_no_buffer(*mut net_protocol, *const iovec, usize, *mut ancillary_data_container, *const sockaddr, socklen_t, i32) -> ssize_t;
        fn read_data_no_buffer(*mut net_protocol, *const iovec, usize, *mut *mut ancillary_data_container, *mut sockaddr, *mut socklen_t, i32) -> ssize_t;
    }
}
