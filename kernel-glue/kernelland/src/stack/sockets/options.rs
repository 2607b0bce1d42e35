//! Options of sockets.

use super::{Kind, Socket};
use crate::stack::datalink;
use crate::stack::domain::INET;
use crate::stack::family::Family;
use crate::stack::interfaces::{self, Interface};
use crate::stack::ipv4::{Fragment, Header};
use crate::stack::kernel;
use crate::stack::sockaddr::Sockaddr;
use haiku_abi::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

const SOL_SOCKET: i32 = -1;
pub(super) const SO_BROADCAST: i32 = 2;
pub(super) const SO_REUSEADDR: i32 = 0x40;
pub(super) const SO_REUSEPORT: i32 = 0x80;
/// All that are only set and read back: broadcast, debug, no route, keep alive, out of band, the two above, loopback.
const SO_SWITCHES: [i32; 8] = [SO_BROADCAST, 4, 8, 0x10, 0x20, SO_REUSEADDR, SO_REUSEPORT, 0x100];
const SO_ACCEPTCONN: i32 = 1;
const SO_LINGER: i32 = 0x200;
const SO_SNDBUF: i32 = 0x4000_0001;
const SO_SNDLOWAT: i32 = 0x4000_0002;
const SO_SNDTIMEO: i32 = 0x4000_0003;
const SO_RCVBUF: i32 = 0x4000_0004;
const SO_RCVLOWAT: i32 = 0x4000_0005;
const SO_RCVTIMEO: i32 = 0x4000_0006;
const SO_ERROR: i32 = 0x4000_0007;
const SO_TYPE: i32 = 0x4000_0008;
pub(super) const SO_NONBLOCK: i32 = 0x4000_0009;
const SO_BINDTODEVICE: i32 = 0x4000_000a;

const IPPROTO_IPV6: i32 = 41;
const IP_HDRINCL: i32 = 2;
const IP_TOS: i32 = 3;
const IP_TTL: i32 = 4;
const IP_MULTICAST_TTL: i32 = 10;
const IP_ADD_MEMBERSHIP: i32 = 12;
const IP_DROP_MEMBERSHIP: i32 = 13;
const IPV6_MULTICAST_HOPS: i32 = 25;
const IPV6_UNICAST_HOPS: i32 = 27;
const IPV6_JOIN_GROUP: i32 = 28;
const IPV6_LEAVE_GROUP: i32 = 29;
const IP_DONTFRAG: i32 = 38;

/// Sets an option to the value that lies in `value`.
pub(super) fn set(socket: &Socket, level: i32, option: i32, value: &[u8]) -> status_t {
    match (level, socket.family()) {
        (SOL_SOCKET, _) => set_socket(socket, option, value),
        (IPPROTO_IP, Family::Inet) => set_inet(socket, option, value),
        (IPPROTO_IPV6, Family::Inet6) => set_inet6(socket, option, value),
        _ => ENOPROTOOPT,
    }
}

fn number(value: &[u8]) -> Result<i32, status_t> {
    value.try_into().map(i32::from_ne_bytes).map_err(|_| B_BAD_VALUE)
}

fn set_socket(socket: &Socket, option: i32, value: &[u8]) -> status_t {
    let mut state = socket.state();
    if let SO_SNDTIMEO | SO_RCVTIMEO = option {
        let Ok(value) = <[u8; 16]>::try_from(value) else { return B_BAD_VALUE };
        let [seconds, micros] = halves(value);
        let timeout = match seconds.saturating_mul(1_000_000).saturating_add(micros) {
            0 => B_INFINITE_TIMEOUT,
            timeout => timeout,
        };
        if option == SO_SNDTIMEO {
            state.send.timeout = timeout
        } else {
            state.receive.timeout = timeout
        }
        return B_OK;
    }
    if option == SO_LINGER {
        let Some(&[on0, on1, on2, on3, s0, s1, s2, s3]) = value.first_chunk() else { return B_BAD_VALUE };
        let on = i32::from_ne_bytes([on0, on1, on2, on3]) != 0;
        state.linger = if on { i32::from_ne_bytes([s0, s1, s2, s3]) } else { 0 };
        state.options = if on { state.options | SO_LINGER } else { state.options & !SO_LINGER };
        return B_OK;
    }
    let Ok(number) = number(value) else { return B_BAD_VALUE };
    match option {
        SO_SNDBUF => state.send.bytes = number.cast_unsigned(),
        SO_RCVBUF => state.receive.bytes = number.cast_unsigned(),
        SO_SNDLOWAT => state.send.low_water = number.cast_unsigned(),
        SO_RCVLOWAT => state.receive.low_water = number.cast_unsigned(),
        SO_NONBLOCK => {
            let timeout = if number == 0 { B_INFINITE_TIMEOUT } else { 0 };
            (state.send.timeout, state.receive.timeout) = (timeout, timeout);
        }
        SO_BINDTODEVICE => state.device = number.cast_unsigned(),
        _ if SO_SWITCHES.contains(&option) => {
            state.options = if number == 0 { state.options & !option } else { state.options | option };
        }
        _ => {
            kernel::log(&format!("socket_setsockopt: unknown option {option}"));
            return ENOPROTOOPT;
        }
    }
    B_OK
}

/// Two numbers of 64 bits: seconds and microseconds.
fn halves(value: [u8; 16]) -> [i64; 2] {
    let all = i128::from_ne_bytes(value);
    [all as i64, (all >> 64) as i64]
}

fn set_inet(socket: &Socket, option: i32, value: &[u8]) -> status_t {
    if let IP_ADD_MEMBERSHIP | IP_DROP_MEMBERSHIP = option {
        let Ok(&[g0, g1, g2, g3, i0, i1, i2, i3]) = <&[u8; 8]>::try_from(value) else { return B_BAD_VALUE };
        let group = IpAddr::V4([g0, g1, g2, g3].into());
        let by: Ipv4Addr = [i0, i1, i2, i3].into();
        let interface = if by.is_unspecified() {
            INET.route_to(&Sockaddr::ip(group, 0)).map(|route| route.interface().clone())
        } else {
            interfaces::local_address(&Sockaddr::v4(by, 0)).map(|address| address.interface().clone())
        };
        return change_group(
            socket,
            interface,
            group,
            if option == IP_ADD_MEMBERSHIP { Change::Join } else { Change::Leave },
        );
    }
    // Multicast lifetimes may be one byte.
    let number = match (option, value) {
        (IP_MULTICAST_TTL, &[byte]) => i32::from(byte),
        _ => match number(value) {
            Ok(number) => number,
            Err(failed) => return failed,
        },
    };
    let mut state = socket.state();
    let inet = &mut state.inet;
    match option {
        IP_HDRINCL => inet.header = if number == 0 { Header::Ours } else { Header::Sender },
        IP_TOS => inet.service = number as u8,
        IP_TTL => inet.ttl = number as u8,
        IP_MULTICAST_TTL => inet.multicast_ttl = number as u8,
        IP_DONTFRAG => inet.fragment = if number == 0 { Fragment::May } else { Fragment::MayNot },
        _ => return ENOPROTOOPT,
    }
    B_OK
}

fn set_inet6(socket: &Socket, option: i32, value: &[u8]) -> status_t {
    if let IPV6_JOIN_GROUP | IPV6_LEAVE_GROUP = option {
        let Some((&group, index)) = value.split_first_chunk::<16>() else { return B_BAD_VALUE };
        let Ok(index) = number(index) else { return B_BAD_VALUE };
        let group = IpAddr::V6(Ipv6Addr::from(group));
        let interface = interfaces::by_index(socket.domain, index.cast_unsigned());
        return change_group(
            socket,
            interface,
            group,
            if option == IPV6_JOIN_GROUP { Change::Join } else { Change::Leave },
        );
    }
    let Ok(number) = number(value) else { return B_BAD_VALUE };
    let mut state = socket.state();
    match option {
        IPV6_MULTICAST_HOPS => state.inet6.multicast_hops = number as u8,
        IPV6_UNICAST_HOPS => state.inet6.hops = number as u8,
        _ => return ENOPROTOOPT,
    }
    B_OK
}

/// Whether a group is joined or left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Join,
    Leave,
}

fn change_group(socket: &Socket, interface: Option<Arc<Interface>>, group: IpAddr, change: Change) -> status_t {
    let Some(interface) = interface else { return B_DEVICE_NOT_FOUND };
    let Some(link) = interface.link(socket.family()) else { return B_DEVICE_NOT_FOUND };
    let (entry, address) = ((group, interface.index()), Sockaddr::ip(group, 0));
    let has_joined = socket.state().groups.contains(&entry);
    if change == Change::Join {
        if !has_joined {
            socket.state().groups.push(entry);
            return link.join(&interface, &address);
        }
        return B_OK;
    }
    if !has_joined {
        return EADDRNOTAVAIL;
    }
    socket.state().groups.retain(|joined| *joined != entry);
    // Haiku does not say if that fails.
    link.leave(&interface, &address);
    B_OK
}

/// Reads an option; its bytes go to `put`.
pub(super) fn get(socket: &Socket, level: i32, option: i32) -> Result<Vec<u8>, status_t> {
    let state = socket.state();
    let number = |number: i32| Ok(number.to_ne_bytes().to_vec());
    if level == IPPROTO_IP && socket.family() == Family::Inet {
        return match option {
            IP_HDRINCL => number(i32::from(state.inet.header == Header::Sender)),
            IP_TOS => number(i32::from(state.inet.service)),
            IP_TTL => number(i32::from(state.inet.ttl)),
            IP_DONTFRAG => number(i32::from(state.inet.fragment == Fragment::MayNot)),
            IP_MULTICAST_TTL => Ok(vec![state.inet.multicast_ttl]),
            _ => Err(ENOPROTOOPT),
        };
    }
    if level != SOL_SOCKET {
        return Err(ENOPROTOOPT);
    }
    let unsigned = |value: u32| number(value.cast_signed());
    match option {
        SO_SNDBUF => unsigned(state.send.bytes),
        SO_RCVBUF => unsigned(state.receive.bytes),
        SO_SNDLOWAT => unsigned(state.send.low_water),
        SO_RCVLOWAT => unsigned(state.receive.low_water),
        SO_SNDTIMEO | SO_RCVTIMEO => {
            let side = if option == SO_SNDTIMEO { state.send } else { state.receive };
            let timeout = if side.timeout == B_INFINITE_TIMEOUT { 0 } else { side.timeout };
            let parts = [timeout / 1_000_000, timeout % 1_000_000].map(i64::to_ne_bytes);
            Ok(parts.concat())
        }
        SO_NONBLOCK => number(i32::from(state.send.timeout == 0 && state.receive.timeout == 0)),
        SO_TYPE => number(if matches!(socket.kind, Kind::Raw) { SOCK_RAW } else { SOCK_DGRAM }),
        SO_ERROR => number(socket.error.swap(B_OK, Ordering::AcqRel)),
        SO_ACCEPTCONN => number(0),
        _ if SO_SWITCHES.contains(&option) => number(i32::from(state.options & option != 0)),
        _ => {
            kernel::log(&format!("socket_getsockopt: unknown option {option}"));
            Err(ENOPROTOOPT)
        }
    }
}

/// Whether an address is one of ours, or none: what a raw socket may be bound to.
pub(super) fn may_bind(socket: &Socket, address: &Sockaddr) -> bool {
    let family = socket.family();
    family.is_empty(Some(address), crate::stack::family::Port::Ignored)
        || datalink::local(socket.domain, address).is_some()
}
