//! Packets (`net_buffer.h`).

use crate::layout::{hooks, layout};
use crate::{iovec, list_link, module_info, net_interface_address, sockaddr, ssize_t, status_t};
use core::ffi::c_void;

/// The name of the module that handles packets.
pub const NET_BUFFER_MODULE_NAME: &core::ffi::CStr = c"network/stack/buffer/v1";

/// A packet. Its bytes are reached through [`net_buffer_module_info`] alone.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct net_buffer {
    pub link: list_link,
    pub source: *mut sockaddr,
    pub destination: *mut sockaddr,
    /// A reference that goes with the packet.
    pub interface_address: *mut net_interface_address,
    /// `type`, `offset`, `index`, `sequence` or a fragment's bounds, by who looks.
    pub index: u32,
    pub msg_flags: u32,
    pub size: u32,
    pub protocol: u8,
    pub buffer_flags: u16,
}

/// Control data of a packet or socket; the stack's own.
#[repr(C)]
pub struct ancillary_data_container {
    _opaque: [u8; 0],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ancillary_data_header {
    pub level: i32,
    pub r#type: i32,
    pub len: usize,
}

hooks! {
    net_buffer_module_info {
        pub info: module_info,
        fn create(usize) -> *mut net_buffer;
        fn free(*mut net_buffer);
        fn duplicate(*mut net_buffer) -> *mut net_buffer;
        fn clone(*mut net_buffer, bool) -> *mut net_buffer;
        fn split(*mut net_buffer, u32) -> *mut net_buffer;
        fn merge(*mut net_buffer, *mut net_buffer, bool) -> status_t;
        fn prepend_size(*mut net_buffer, usize, *mut *mut c_void) -> status_t;
        fn prepend(*mut net_buffer, *const c_void, usize) -> status_t;
        fn append_size(*mut net_buffer, usize, *mut *mut c_void) -> status_t;
        fn append(*mut net_buffer, *const c_void, usize) -> status_t;
        fn insert(*mut net_buffer, u32, *const c_void, usize, u32) -> status_t;
        fn remove(*mut net_buffer, u32, usize) -> status_t;
        fn remove_header(*mut net_buffer, usize) -> status_t;
        fn remove_trailer(*mut net_buffer, usize) -> status_t;
        fn trim(*mut net_buffer, usize) -> status_t;
        fn append_cloned(*mut net_buffer, *mut net_buffer, u32, usize) -> status_t;
        fn associate_data(*mut net_buffer, *mut c_void) -> status_t;
        fn set_ancillary_data(*mut net_buffer, *mut ancillary_data_container);
        fn get_ancillary_data(*mut net_buffer) -> *mut ancillary_data_container;
        fn transfer_ancillary_data(*mut net_buffer, *mut net_buffer) -> *mut c_void;
        fn store_header(*mut net_buffer) -> status_t;
        fn stored_header_length(*mut net_buffer) -> ssize_t;
        fn restore_header(*mut net_buffer, u32, *mut c_void, usize) -> status_t;
        fn append_restored_header(*mut net_buffer, *mut net_buffer, u32, usize) -> status_t;
        fn direct_access(*mut net_buffer, u32, usize, *mut *mut c_void) -> status_t;
        fn read(*mut net_buffer, usize, *mut c_void, usize) -> status_t;
        fn write(*mut net_buffer, usize, *const c_void, usize) -> status_t;
        fn checksum(*mut net_buffer, u32, usize, bool) -> i32;
        fn get_memory_map(*mut net_buffer, *mut iovec, u32) -> status_t;
        fn get_iovecs(*mut net_buffer, *mut iovec, u32) -> u32;
        fn count_iovecs(*mut net_buffer) -> u32;
        fn swap_addresses(*mut net_buffer);
        fn dump(*mut net_buffer);
    }
}

layout! { LAYOUT:
    net_buffer 56 / 8 {
        link 0, source 16, destination 24, interface_address 32, index 40, msg_flags 44, size 48, protocol 52,
        buffer_flags 54,
    }
    net_buffer_module_info 288 / 8 {
        info 0, create 24, free 32, duplicate 40, clone 48, split 56, merge 64, prepend_size 72, prepend 80,
        append_size 88, append 96, insert 104, remove 112, remove_header 120, remove_trailer 128, trim 136,
        append_cloned 144, associate_data 152, set_ancillary_data 160, get_ancillary_data 168,
        transfer_ancillary_data 176, store_header 184, stored_header_length 192, restore_header 200,
        append_restored_header 208, direct_access 216, read 224, write 232, checksum 240, get_memory_map 248,
        get_iovecs 256, count_iovecs 264, swap_addresses 272, dump 280,
    }
}
