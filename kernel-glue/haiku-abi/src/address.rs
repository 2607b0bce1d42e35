//! Socket addresses (`sys/socket.h`, `netinet/in.h`, `net/if_dl.h`). They begin with their length, as in BSD.

use crate::layout::layout;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct sockaddr {
    pub sa_len: u8,
    pub sa_family: u8,
    pub sa_data: [u8; 30],
}

#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct sockaddr_storage {
    pub ss_len: u8,
    pub ss_family: u8,
    pub ss_data: [u8; 126],
}

/// Port and address in network byte order.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct sockaddr_in {
    pub sin_len: u8,
    pub sin_family: u8,
    pub sin_port: u16,
    pub sin_addr: u32,
    pub sin_zero: [u8; 24],
}

#[repr(C, align(4))]
#[derive(Clone, Copy)]
pub struct sockaddr_in6 {
    pub sin6_len: u8,
    pub sin6_family: u8,
    pub sin6_port: u16,
    pub sin6_flowinfo: u32,
    pub sin6_addr: [u8; 16],
    pub sin6_scope_id: u32,
}

/// A link's address; `sdl_e_type` in network byte order.
#[repr(C, align(4))]
#[derive(Clone, Copy)]
pub struct sockaddr_dl {
    pub sdl_len: u8,
    pub sdl_family: u8,
    pub sdl_e_type: u16,
    pub sdl_index: u32,
    pub sdl_type: u8,
    pub sdl_nlen: u8,
    pub sdl_alen: u8,
    pub sdl_slen: u8,
    pub sdl_data: [u8; 46],
}

layout! { LAYOUT:
    sockaddr 32 / 1 { sa_len 0, sa_family 1, sa_data 2, }
    sockaddr_storage 128 / 8 { ss_len 0, ss_family 1, }
    sockaddr_in 32 / 4 { sin_len 0, sin_family 1, sin_port 2, sin_addr 4, sin_zero 8, }
    sockaddr_in6 28 / 4 { sin6_len 0, sin6_family 1, sin6_port 2, sin6_flowinfo 4, sin6_addr 8, sin6_scope_id 24, }
    sockaddr_dl 60 / 4 {
        sdl_len 0, sdl_family 1, sdl_e_type 2, sdl_index 4, sdl_type 8, sdl_nlen 9, sdl_alen 10, sdl_slen 11,
        sdl_data 12,
    }
}
