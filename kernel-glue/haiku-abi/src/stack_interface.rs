//! Sockets as the kernel's system calls reach them (`net_stack_interface.h`).

use crate::layout::hooks;
use crate::{module_info, net_socket, selectsync, sockaddr, socklen_t, ssize_t, status_t};
use core::ffi::c_void;

/// The name of the module of sockets: the first that a kernel gets of the stack.
pub const NET_STACK_INTERFACE_MODULE_NAME: &core::ffi::CStr = c"network/stack/kernel_interface/v1";

hooks! {
    net_stack_interface_module_info {
        pub info: module_info,
        fn open(i32, i32, i32, *mut *mut net_socket) -> status_t;
        fn close(*mut net_socket) -> status_t;
        fn free(*mut net_socket) -> status_t;
        fn bind(*mut net_socket, *const sockaddr, socklen_t) -> status_t;
        fn shutdown(*mut net_socket, i32) -> status_t;
        fn connect(*mut net_socket, *const sockaddr, socklen_t) -> status_t;
        fn listen(*mut net_socket, i32) -> status_t;
        fn accept(*mut net_socket, *mut sockaddr, *mut socklen_t, *mut *mut net_socket) -> status_t;
        fn recv(*mut net_socket, *mut c_void, usize, i32) -> ssize_t;
        fn recvfrom(*mut net_socket, *mut c_void, usize, i32, *mut sockaddr, *mut socklen_t) -> ssize_t;
        fn recvmsg(*mut net_socket, *mut c_void, i32) -> ssize_t;
        fn send(*mut net_socket, *const c_void, usize, i32) -> ssize_t;
        fn sendto(*mut net_socket, *const c_void, usize, i32, *const sockaddr, socklen_t) -> ssize_t;
        fn sendmsg(*mut net_socket, *const c_void, i32) -> ssize_t;
        fn getsockopt(*mut net_socket, i32, i32, *mut c_void, *mut socklen_t) -> status_t;
        fn setsockopt(*mut net_socket, i32, i32, *const c_void, socklen_t) -> status_t;
        fn getpeername(*mut net_socket, *mut sockaddr, *mut socklen_t) -> status_t;
        fn getsockname(*mut net_socket, *mut sockaddr, *mut socklen_t) -> status_t;
        fn sockatmark(*mut net_socket) -> i32;
        fn socketpair(i32, i32, i32, *mut *mut net_socket) -> status_t;
        fn ioctl(*mut net_socket, u32, *mut c_void, usize) -> status_t;
        fn select(*mut net_socket, u8, *mut selectsync) -> status_t;
        fn deselect(*mut net_socket, u8, *mut selectsync) -> status_t;
        fn get_next_socket_stat(i32, *mut u32, *mut c_void) -> status_t;
    }
}

const _: () = assert!(size_of::<net_stack_interface_module_info>() == 24 * 8 + 24);
