//! Network devices (`net_device.h`).

use crate::layout::{hooks, layout};
use crate::{ifreq_stats, module_info, net_buffer, sockaddr, status_t};
use core::ffi::{c_char, c_void};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct net_hardware_address {
    pub data: [u8; 64],
    pub length: u8,
}

/// A device. The stack owns `index` and `module`, and reads the rest; nobody locks it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct net_device {
    pub module: *mut net_device_module_info,
    pub name: [c_char; 32],
    pub index: u32,
    /// `IFF_*`; the stack sets `IFF_UP`.
    pub flags: u32,
    /// `IFT_*`.
    pub r#type: u32,
    /// Bytes after the header of `header_length` bytes.
    pub mtu: usize,
    pub media: u32,
    /// Bits a second.
    pub link_speed: u64,
    pub link_quality: u32,
    pub header_length: usize,
    pub address: net_hardware_address,
    pub stats: ifreq_stats,
}

hooks! {
    /// What a device does. Which thread calls what, under which locks, is said at the hooks that implement it.
    net_device_module_info {
        pub info: module_info,
        fn init_device(*const c_char, *mut *mut net_device) -> status_t;
        fn uninit_device(*mut net_device) -> status_t;
        fn up(*mut net_device) -> status_t;
        fn down(*mut net_device);
        fn control(*mut net_device, i32, *mut c_void, usize) -> status_t;
        fn send_data(*mut net_device, *mut net_buffer) -> status_t;
        fn receive_data(*mut net_device, *mut *mut net_buffer) -> status_t;
        fn set_mtu(*mut net_device, usize) -> status_t;
        fn set_promiscuous(*mut net_device, bool) -> status_t;
        fn set_media(*mut net_device, u32) -> status_t;
        fn add_multicast(*mut net_device, *const sockaddr) -> status_t;
        fn remove_multicast(*mut net_device, *const sockaddr) -> status_t;
    }
}

/// What the driver of a network card says of its link (`ETHER_GET_LINK_STATE`).
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct ether_link_state_t {
    pub media: u32,
    /// Thousandths.
    pub quality: u32,
    /// Bits a second.
    pub speed: u64,
}

layout! { LAYOUT:
    net_hardware_address 65 / 1 { data 0, length 64, }
    net_device 224 / 8 {
        module 0, name 8, index 40, flags 44, r#type 48, mtu 56, media 64, link_speed 72, link_quality 80,
        header_length 88, address 96, stats 168,
    }
    net_device_module_info 120 / 8 {
        info 0, init_device 24, uninit_device 32, up 40, down 48, control 56, send_data 64, receive_data 72,
        set_mtu 80, set_promiscuous 88, set_media 96, add_multicast 104, remove_multicast 112,
    }
    ether_link_state_t 16 / 8 { media 0, quality 4, speed 8, }
}
