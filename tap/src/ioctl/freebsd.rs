//! FreeBSD: `net/if_tun.h`, `net/if_tap.h`, and the numbers of `sys/sockio.h` and `sys/filio.h` that tap(4) answers.

use super::args::{Args, done, interface_name, mac, mode, no_signals, nothing, number, put, refused};
use super::{Addressing, Answer, Lifetime, Request, Row, Unsupported};
use crate::{Families, Kind, VnetBytes};
use frame::Mac;

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    // number                                read          what is asked                  what is answered
    r(io(IN, b't', 90, 4),  "TUNSDEBUG",     nothing,                                     done),
    r(io(OUT, b't', 89, 4), "TUNGDEBUG",     |_| Ok(Request::GetNothing),                 number),
    r(io(IN, b't', 91, 8),  "TUNSIFINFO",    set_info,                                    done),
    r(io(OUT, b't', 92, 8), "TUNGIFINFO",    |_| Ok(Request::GetInfo),                    info),
    r(io(IN, b't', 93, 4),  "TUNSLMODE",     link_mode,                                   done),
    r(io(IN, b't', 94, 4),  "TUNSIFMODE",    addressing,                                  done),
    r(io(VOID, b't', 95, 0), "TUNSIFPID",    nothing,                                     done),
    r(io(IN, b't', 96, 4),  "TUNSIFHEAD",    head,                                        done),
    r(io(OUT, b't', 97, 4), "TUNGIFHEAD",    |_| Ok(Request::GetAddressFamily),           number),
    r(io(OUT, b't', 93, IFREQ), "TUNGIFNAME", |_| Ok(Request::GetName),                   interface_name),
    r(io(IN, b't', 98, 4),  "TUNSTRANSIENT", transient,                                   done),
    r(io(OUT, b't', 99, 4), "TUNGTRANSIENT", |_| Ok(Request::GetLifetime),                number),
    r(io(IN, b't', 91, 4),  "TAPSVNETHDR",   vnet,                                        done),
    r(io(OUT, b't', 94, 4), "TAPGVNETHDR",   |_| Ok(Request::GetVnet),                    number),
    r(io(IN | OUT, b'i', 33, IFREQ), "SIOCGIFADDR", |_| Ok(Request::GetMac),              mac),
    r(io(IN, b'i', 12, IFREQ), "SIOCSIFADDR", set_mac,                                    done),
    r(io(OUT, b'f', 127, 4), "FIONREAD",     refused!("the size of a queued packet is not told"), done),
    r(io(IN, b'f', 126, 4), "FIONBIO",       mode,                                        done),
    r(io(IN, b'f', 125, 4), "FIOASYNC",      no_signals,                                  done),
    r(io(IN, b'f', 124, 4), "FIOSETOWN",     refused!("signals are not sent"),            done),
];

/// A row whose number says its shape.
pub(super) const fn r(
    number: u32,
    name: &'static str,
    decode: fn(&Args<'_>) -> Result<Request, Unsupported>,
    encode: fn(&Answer, &mut [u8]) -> Option<()>,
) -> Row {
    let bytes = (number >> 16 & 0x1fff) as usize;
    let read = if number & IN != 0 { bytes } else { 0 };
    let write = if number & OUT != 0 { bytes } else { 0 };
    Row { number, name, read, write, decode, encode }
}

/// `_IOC` of `sys/ioccom.h`, the same in both BSDs.
pub(super) const fn io(way: u32, group: u8, number: u32, bytes: usize) -> u32 {
    way | (bytes as u32) << 16 | (group as u32) << 8 | number
}

/// `struct tuninfo`: `int baudrate; unsigned short mtu; u_char type; u_char dummy`.
fn set_info(args: &Args<'_>) -> Result<Request, Unsupported> {
    let mtu = u16::from_ne_bytes(args.bytes(4)?);
    let [kind] = args.bytes(6)?;
    Ok(Request::SetInfo { mtu_bytes: mtu.into(), kind: kind_of(kind.into()) })
}

fn info(answer: &Answer, memory: &mut [u8]) -> Option<()> {
    let &Answer::Info(mtu, kind) = answer else { return None };
    memory.fill(0);
    put(memory, 4, &u16::try_from(mtu).ok()?.to_ne_bytes())?;
    put(memory, 6, &[if_type(kind) as u8])
}

/// Packets behind their destination's `struct sockaddr` are not had; that they are not is the default.
fn link_mode(args: &Args<'_>) -> Result<Request, Unsupported> {
    if args.int()? == 0 { Ok(Request::Nothing) } else { Err(Unsupported::Refused("packets follow no socket address")) }
}

pub(super) fn addressing(args: &Args<'_>) -> Result<Request, Unsupported> {
    let flags = args.int()?;
    match flags & !IFF_MULTICAST {
        IFF_POINTOPOINT => Ok(Request::Addressing(Addressing::PointToPoint)),
        IFF_BROADCAST => Ok(Request::Addressing(Addressing::Broadcast)),
        _ => Err(Unsupported::Value(flags as u64)),
    }
}

fn head(args: &Args<'_>) -> Result<Request, Unsupported> {
    Ok(Request::AddressFamily((args.int()? != 0).then_some(Families::FreeBsd)))
}

fn transient(args: &Args<'_>) -> Result<Request, Unsupported> {
    Ok(Request::Lifetime(if args.int()? == 0 { Lifetime::Persistent } else { Lifetime::Transient }))
}

fn vnet(args: &Args<'_>) -> Result<Request, Unsupported> {
    let bytes = args.int()?;
    match u32::try_from(bytes).map(VnetBytes::from_bytes) {
        Ok(None) if bytes == 0 => Ok(Request::Vnet(None)),
        Ok(Some(vnet)) => Ok(Request::Vnet(Some(vnet))),
        Ok(None) | Err(_) => Err(Unsupported::Value(bytes as u64)),
    }
}

/// tap(4): the octets alone, in the place of the `struct ifreq`.
pub(super) fn set_mac(args: &Args<'_>) -> Result<Request, Unsupported> {
    args.bytes(0).map(|octets| Request::SetMac(Mac(octets)))
}

pub(super) fn kind_of(if_type: u16) -> Option<Kind> {
    [Kind::Tap, Kind::Tun].into_iter().find(|&kind| self::if_type(kind) == if_type)
}

/// `net/if_types.h`: `IFT_ETHER` and `IFT_PPP`.
fn if_type(kind: Kind) -> u16 {
    match kind {
        Kind::Tap => 0x06,
        Kind::Tun => 0x17,
    }
}

pub(super) const VOID: u32 = 0x2000_0000;
pub(super) const OUT: u32 = 0x4000_0000;
pub(super) const IN: u32 = 0x8000_0000;
/// `sizeof(struct ifreq)`.
pub(super) const IFREQ: usize = 32;

const IFF_BROADCAST: i32 = 0x2;
const IFF_POINTOPOINT: i32 = 0x10;
const IFF_MULTICAST: i32 = 0x8000;
