//! Socket addresses, from and to those of Rust.

use haiku_abi::{AF_INET, AF_INET6, sockaddr_in, sockaddr_in6};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};

/// Returns Haiku's form of an IPv4 address with a port.
pub fn inet(address: SocketAddrV4) -> sockaddr_in {
    sockaddr_in {
        sin_len: 32,
        sin_family: u8::try_from(AF_INET).unwrap_or(0),
        sin_port: address.port().to_be(),
        sin_addr: u32::from_ne_bytes(address.ip().octets()),
        sin_zero: [0; 24],
    }
}

/// Returns Rust's form of an IPv4 address with a port.
pub fn from_inet(address: &sockaddr_in) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::from(address.sin_addr.to_ne_bytes()), u16::from_be(address.sin_port))
}

/// Returns Haiku's form of an IPv6 address with a port.
pub fn inet6(address: SocketAddrV6) -> sockaddr_in6 {
    sockaddr_in6 {
        sin6_len: 28,
        sin6_family: u8::try_from(AF_INET6).unwrap_or(0),
        sin6_port: address.port().to_be(),
        sin6_flowinfo: address.flowinfo(),
        sin6_addr: address.ip().octets(),
        sin6_scope_id: address.scope_id(),
    }
}

/// Returns Rust's form of an IPv6 address with a port.
pub fn from_inet6(address: &sockaddr_in6) -> SocketAddrV6 {
    let port = u16::from_be(address.sin6_port);
    SocketAddrV6::new(Ipv6Addr::from(address.sin6_addr), port, address.sin6_flowinfo, address.sin6_scope_id)
}
