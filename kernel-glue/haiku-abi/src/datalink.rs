//! Interfaces, their addresses and routes (`net_datalink.h`, `net_datalink_protocol.h`).

use crate::layout::{hooks, layout};
use crate::{
    list_link, module_info, net_buffer, net_device, net_protocol, net_protocol_module_info, sockaddr, status_t,
};
use core::ffi::{c_char, c_void};

/// The name of the module of interfaces and routes.
pub const NET_DATALINK_MODULE_NAME: &core::ffi::CStr = c"network/stack/datalink/v1";

/// An address family.
#[repr(C)]
pub struct net_domain {
    pub name: *const c_char,
    pub family: i32,
    pub module: *mut net_protocol_module_info,
    pub address_module: *mut net_address_module_info,
}

#[repr(C)]
pub struct net_interface_address {
    pub domain: *mut net_domain,
    pub interface: *mut net_interface,
    pub local: *mut sockaddr,
    /// The broadcast address or the peer's.
    pub destination: *mut sockaddr,
    pub mask: *mut sockaddr,
    pub flags: u32,
}

#[repr(C)]
pub struct net_interface {
    pub device: *mut net_device,
    pub name: [c_char; 32],
    pub index: u32,
    pub flags: u32,
    pub r#type: u8,
    pub metric: u32,
}

#[repr(C)]
pub struct net_route {
    pub destination: *mut sockaddr,
    pub mask: *mut sockaddr,
    pub gateway: *mut sockaddr,
    pub flags: u32,
    pub mtu: u32,
    pub interface_address: *mut net_interface_address,
}

#[repr(C)]
pub struct net_route_info {
    pub link: list_link,
    pub route: *mut net_route,
    pub address: sockaddr,
}

/// One step between a domain and a device.
#[repr(C)]
pub struct net_datalink_protocol {
    pub next: *mut net_datalink_protocol,
    pub module: *mut net_datalink_protocol_module_info,
    pub interface: *mut net_interface,
    pub domain: *mut net_domain,
}

hooks! {
    net_datalink_module_info {
        pub info: module_info,
        fn control(*mut net_domain, i32, *mut c_void, *mut usize) -> status_t;
        fn send_routed_data(*mut net_route, *mut net_buffer) -> status_t;
        fn send_data(*mut net_protocol, *mut net_domain, *mut net_buffer) -> status_t;
        fn is_local_address(*mut net_domain, *const sockaddr, *mut *mut net_interface_address, *mut u32) -> bool;
        fn is_local_link_address(*mut net_domain, bool, *const sockaddr, *mut *mut net_interface_address) -> bool;
        fn get_interface(*mut net_domain, u32) -> *mut net_interface;
        fn get_interface_with_address(*const sockaddr) -> *mut net_interface;
        fn put_interface(*mut net_interface);
        fn get_interface_address(*const sockaddr) -> *mut net_interface_address;
        fn get_next_interface_address(*mut net_interface, *mut *mut net_interface_address) -> bool;
        fn put_interface_address(*mut net_interface_address);
        fn join_multicast(*mut net_interface, *mut net_domain, *const sockaddr) -> status_t;
        fn leave_multicast(*mut net_interface, *mut net_domain, *const sockaddr) -> status_t;
        fn add_route(*mut net_domain, *const net_route) -> status_t;
        fn remove_route(*mut net_domain, *const net_route) -> status_t;
        fn get_route(*mut net_domain, *const sockaddr) -> *mut net_route;
        fn get_buffer_route(*mut net_domain, *mut net_buffer, *mut *mut net_route) -> status_t;
        fn put_route(*mut net_domain, *mut net_route);
        fn register_route_info(*mut net_domain, *mut net_route_info) -> status_t;
        fn unregister_route_info(*mut net_domain, *mut net_route_info) -> status_t;
        fn update_route_info(*mut net_domain, *mut net_route_info) -> status_t;
    }
}

hooks! {
    net_datalink_protocol_module_info {
        pub info: module_info,
        fn init_protocol(*mut net_interface, *mut net_domain, *mut *mut net_datalink_protocol) -> status_t;
        fn uninit_protocol(*mut net_datalink_protocol) -> status_t;
        fn send_data(*mut net_datalink_protocol, *mut net_buffer) -> status_t;
        fn interface_up(*mut net_datalink_protocol) -> status_t;
        fn interface_down(*mut net_datalink_protocol);
        fn change_address(*mut net_datalink_protocol, *mut net_interface_address, i32, *const sockaddr, *const sockaddr) -> status_t;
        fn control(*mut net_datalink_protocol, i32, *mut c_void, usize) -> status_t;
        fn join_multicast(*mut net_datalink_protocol, *const sockaddr) -> status_t;
        fn leave_multicast(*mut net_datalink_protocol, *const sockaddr) -> status_t;
    }
}

hooks! {
    /// How addresses of a family are compared, masked and printed.
    net_address_module_info {
        pub info: module_info,
        pub flags: u32,
        fn copy_address(*const sockaddr, *mut *mut sockaddr, bool, *const sockaddr) -> status_t;
        fn mask_address(*const sockaddr, *const sockaddr, *mut sockaddr) -> status_t;
        fn equal_addresses(*const sockaddr, *const sockaddr) -> bool;
        fn equal_ports(*const sockaddr, *const sockaddr) -> bool;
        fn equal_addresses_and_ports(*const sockaddr, *const sockaddr) -> bool;
        fn equal_masked_addresses(*const sockaddr, *const sockaddr, *const sockaddr) -> bool;
        fn is_empty_address(*const sockaddr, bool) -> bool;
        fn is_same_family(*const sockaddr) -> bool;
        fn first_mask_bit(*const sockaddr) -> i32;
        fn check_mask(*const sockaddr) -> bool;
        fn print_address(*const sockaddr, *mut *mut c_char, bool) -> status_t;
        fn print_address_buffer(*const sockaddr, *mut c_char, usize, bool) -> status_t;
        fn get_port(*const sockaddr) -> u16;
        fn set_port(*mut sockaddr, u16) -> status_t;
        fn set_to(*mut sockaddr, *const sockaddr) -> status_t;
        fn set_to_empty_address(*mut sockaddr) -> status_t;
        fn set_to_defaults(*mut sockaddr, *mut sockaddr, *const sockaddr, *const sockaddr) -> status_t;
        fn update_to(*mut sockaddr, *const sockaddr) -> status_t;
        fn hash_address(*const sockaddr, bool) -> u32;
        fn hash_address_pair(*const sockaddr, *const sockaddr) -> u32;
        fn checksum_address(*mut c_void, *const sockaddr) -> status_t;
        fn get_loopback_address(*mut sockaddr);
    }
}

layout! { LAYOUT:
    net_domain 32 / 8 { name 0, family 8, module 16, address_module 24, }
    net_interface_address 48 / 8 { domain 0, interface 8, local 16, destination 24, mask 32, flags 40, }
    net_interface 56 / 8 { device 0, name 8, index 40, flags 44, r#type 48, metric 52, }
    net_route 40 / 8 { destination 0, mask 8, gateway 16, flags 24, mtu 28, interface_address 32, }
    net_route_info 56 / 8 { link 0, route 16, address 24, }
    net_datalink_protocol 32 / 8 { next 0, module 8, interface 16, domain 24, }
    net_datalink_module_info 192 / 8 {
        info 0, control 24, send_routed_data 32, send_data 40, is_local_address 48, is_local_link_address 56,
        get_interface 64, get_interface_with_address 72, put_interface 80, get_interface_address 88,
        get_next_interface_address 96, put_interface_address 104, join_multicast 112, leave_multicast 120,
        add_route 128, remove_route 136, get_route 144, get_buffer_route 152, put_route 160, register_route_info 168,
        unregister_route_info 176, update_route_info 184,
    }
    net_datalink_protocol_module_info 96 / 8 {
        info 0, init_protocol 24, uninit_protocol 32, send_data 40, interface_up 48, interface_down 56,
        change_address 64, control 72, join_multicast 80, leave_multicast 88,
    }
    net_address_module_info 208 / 8 {
        info 0, flags 24, copy_address 32, mask_address 40, equal_addresses 48, equal_ports 56,
        equal_addresses_and_ports 64, equal_masked_addresses 72, is_empty_address 80, is_same_family 88,
        first_mask_bit 96, check_mask 104, print_address 112, print_address_buffer 120, get_port 128, set_port 136,
        set_to 144, set_to_empty_address 152, set_to_defaults 160, update_to 168, hash_address 176,
        hash_address_pair 184, checksum_address 192, get_loopback_address 200,
    }
}
