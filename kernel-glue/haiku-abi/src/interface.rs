//! What ioctls about interfaces carry (`net/if.h`).

use crate::layout::layout;
use crate::{sockaddr, sockaddr_storage};
use core::ffi::{c_char, c_void};

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct ifreq_stream_stats {
    pub packets: u32,
    pub errors: u32,
    pub bytes: u64,
    pub multicast_packets: u32,
    pub dropped: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct ifreq_stats {
    pub receive: ifreq_stream_stats,
    pub send: ifreq_stream_stats,
    pub collisions: u32,
}

/// What an interface request is about, by the request.
#[repr(C)]
#[derive(Clone, Copy)]
pub union ifreq_argument {
    pub ifr_addr: sockaddr,
    pub ifr_stats: ifreq_stats,
    pub ifr_route: route_entry,
    pub ifr_flags: i32,
    pub ifr_index: i32,
    pub ifr_metric: i32,
    pub ifr_mtu: i32,
    pub ifr_media: i32,
    pub ifr_type: i32,
    pub ifr_count: i32,
    pub ifr_data: *mut u8,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ifreq {
    pub ifr_name: [c_char; 32],
    pub argument: ifreq_argument,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ifaliasreq {
    pub ifra_name: [c_char; 32],
    /// Which of the interface's addresses; -1 for the first, or none yet.
    pub ifra_index: i32,
    pub ifra_addr: sockaddr_storage,
    /// The broadcast address or the peer's.
    pub ifra_destination: sockaddr_storage,
    pub ifra_mask: sockaddr_storage,
    pub ifra_flags: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct route_entry {
    pub destination: *mut sockaddr,
    pub mask: *mut sockaddr,
    pub gateway: *mut sockaddr,
    pub source: *mut sockaddr,
    pub flags: u32,
    pub mtu: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ifconf {
    pub ifc_len: i32,
    /// `ifreq`s, or, for SIOCGIFCOUNT, a number in its first four bytes.
    pub ifc_buf: *mut c_void,
}

layout! { LAYOUT:
    ifreq_stream_stats 24 / 8 { packets 0, errors 4, bytes 8, multicast_packets 16, dropped 20, }
    ifreq_stats 56 / 8 { receive 0, send 24, collisions 48, }
    ifreq 88 / 8 { ifr_name 0, argument 32, }
    ifaliasreq 432 / 8 {
        ifra_name 0, ifra_index 32, ifra_addr 40, ifra_destination 168, ifra_mask 296, ifra_flags 424,
    }
    route_entry 40 / 8 { destination 0, mask 8, gateway 16, source 24, flags 32, mtu 36, }
    ifconf 16 / 8 { ifc_len 0, ifc_buf 8, }
}
