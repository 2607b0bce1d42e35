//! Linux: `linux/if_tun.h`, and what `linux/sockios.h` has for a TUN descriptor.
//!
//! Arguments are of three sorts: a value in the place of the pointer (the `_IOW` numbers from 200 to 208 that take no
//! structure), an `int *`, and a `struct ifreq *` of 40 bytes, whatever size the number itself encodes.

use super::args::{Args, IFNAMSIZ, INT, done, interface_name, mode, no_signals, nothing, number, number_at};
use super::args::{put, put_name, refused, wanted};
use super::{Answer, Attach, AttachFlags, Lifetime, Offloads, Part, Request, Row, Unsupported};
use crate::{Carrier, Kind, VnetBytes};
use frame::Mac;

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    // number                            read   write  what is asked           what is answered
    row(iow(200), "TUNSETNOCSUM",       (0,     0),     nothing,                done),
    row(iow(201), "TUNSETDEBUG",        (0,     0),     nothing,                done),
    row(iow(202), "TUNSETIFF",          (IFREQ, IFREQ), attach,                 attached_name),
    row(iow(203), "TUNSETPERSIST",      (0,     0),     persist,                done),
    row(iow(204), "TUNSETOWNER",        (0,     0),     |a| id(a).map(Request::Owner), done),
    row(iow(205), "TUNSETLINK",         (0,     0),     refused!("the link type is the kind's"), done),
    row(iow(206), "TUNSETGROUP",        (0,     0),     |a| id(a).map(Request::Group), done),
    row(ior(207), "TUNGETFEATURES",     (0,     INT),   |_| Ok(Request::Features), features),
    row(iow(208), "TUNSETOFFLOAD",      (0,     0),     offload,                done),
    row(iow(209), "TUNSETTXFILTER",     (INT,   0),     refused!("frames are not filtered by address"), done),
    row(ior(210), "TUNGETIFF",          (IFREQ, IFREQ), |_| Ok(Request::Attachment), attachment),
    row(ior(211), "TUNGETSNDBUF",       (0,     INT),   |_| Ok(Request::GetSendBuffer), number),
    row(iow(212), "TUNSETSNDBUF",       (INT,   0),     |a| a.positive_at(0).map(Request::SendBuffer), done),
    row(iow_filter(213), "TUNATTACHFILTER", (0, 0),     refused!("frames are not filtered by program"), done),
    row(iow_filter(214), "TUNDETACHFILTER", (0, 0),     refused!("frames are not filtered by program"), done),
    row(ior(215), "TUNGETVNETHDRSZ",    (0,     INT),   |_| Ok(Request::GetVnetLength), number),
    row(iow(216), "TUNSETVNETHDRSZ",    (INT,   0),     vnet_length,            done),
    row(iow(217), "TUNSETQUEUE",        (IFREQ, 0),     queue,                  done),
    row(iow(218), "TUNSETIFINDEX",      (INT,   0),     refused!("the system chooses interface indices"), done),
    row(ior_filter(219), "TUNGETFILTER", (0,    0),     refused!("frames are not filtered by program"), done),
    row(iow(220), "TUNSETVNETLE",       (INT,   0),     |a| endian(a, cfg!(target_endian = "little")), done),
    row(ior(221), "TUNGETVNETLE",       (0,     INT),   |_| Ok(Request::GetNothing), little_endian),
    row(iow(222), "TUNSETVNETBE",       (INT,   0),     |a| endian(a, cfg!(target_endian = "big")), done),
    row(ior(223), "TUNGETVNETBE",       (0,     INT),   |_| Ok(Request::GetNothing), number),
    row(ior(224), "TUNSETSTEERINGEBPF", (0,     0),     refused!("the flow hash chooses among queues"), done),
    row(ior(225), "TUNSETFILTEREBPF",   (0,     0),     refused!("frames are not filtered by program"), done),
    row(iow(226), "TUNSETCARRIER",      (INT,   0),     carrier,                done),
    row(0x54e3,   "TUNGETDEVNETNS",     (0,     0),     refused!("the namespace is not told"), done),
    row(0x541b,   "FIONREAD",           (0,     INT),   refused!("the size of a queued packet is not told"), done),
    row(0x5421,   "FIONBIO",            (INT,   0),     mode,                   done),
    row(0x5452,   "FIOASYNC",           (INT,   0),     no_signals,             done),
    row(0x8910,   "SIOCGIFNAME",        (IFREQ, IFREQ), |_| Ok(Request::GetName), interface_name),
    row(0x8921,   "SIOCGIFMTU",         (IFREQ, IFREQ), |_| Ok(Request::GetMtu), |a, m| number_at(IFNAMSIZ, a, m)),
    row(0x8922,   "SIOCSIFMTU",         (IFREQ, 0),     |a| a.positive_at(IFNAMSIZ).map(Request::SetMtu), done),
    row(0x8924,   "SIOCSIFHWADDR",      (IFREQ, 0),     set_mac,                done),
    row(0x8927,   "SIOCGIFHWADDR",      (IFREQ, IFREQ), |_| Ok(Request::GetMac), hardware),
];

const fn row(
    number: u32,
    name: &'static str,
    (read, write): (usize, usize),
    decode: fn(&Args<'_>) -> Result<Request, Unsupported>,
    encode: fn(&Answer, &mut [u8]) -> Option<()>,
) -> Row {
    Row { number, name, read, write, decode, encode }
}

/// `_IOW('T', number, int)` of `asm-generic/ioctl.h`.
const fn iow(number: u32) -> u32 {
    1 << 30 | 4 << 16 | TYPE << 8 | number
}

/// `_IOR('T', number, int)`.
const fn ior(number: u32) -> u32 {
    2 << 30 | 4 << 16 | TYPE << 8 | number
}

/// `_IOW('T', number, struct sock_fprog)`: 16 bytes where pointers are of 8.
const fn iow_filter(number: u32) -> u32 {
    1 << 30 | 16 << 16 | TYPE << 8 | number
}

const fn ior_filter(number: u32) -> u32 {
    2 << 30 | 16 << 16 | TYPE << 8 | number
}

fn attach(args: &Args<'_>) -> Result<Request, Unsupported> {
    let bits = u16::from_ne_bytes(args.bytes(IFNAMSIZ)?);
    let kind = match bits & (IFF_TUN | IFF_TAP) {
        IFF_TUN => Kind::Tun,
        IFF_TAP => Kind::Tap,
        _ => return Err(Unsupported::Value(bits.into())),
    };
    let mut flags = AttachFlags::empty();
    flags.set(AttachFlags::PACKET_INFO, bits & IFF_NO_PI == 0);
    for (flag, bit) in FLAGS {
        flags.set(flag, bits & bit != 0);
    }
    // The kernel's answers have it; its requests do not.
    flags.remove(AttachFlags::PERSISTENT);
    Ok(Request::Attach(Attach { kind, wanted: wanted(&args.bytes(0)?, kind), flags }))
}

/// The kernel writes the name back and leaves the flags.
fn attached_name(answer: &Answer, memory: &mut [u8]) -> Option<()> {
    let &Answer::Attached(name, _) = answer else { return None };
    put_name(memory, name)
}

fn attachment(answer: &Answer, memory: &mut [u8]) -> Option<()> {
    let &Answer::Attached(name, flags) = answer else { return None };
    memory.fill(0);
    put_name(memory, name)?;
    let kind = match name.kind {
        Kind::Tun => IFF_TUN,
        Kind::Tap => IFF_TAP,
    };
    put(memory, IFNAMSIZ, &(kind | bits(flags)).to_ne_bytes())
}

fn features(answer: &Answer, memory: &mut [u8]) -> Option<()> {
    let &Answer::Features(flags) = answer else { return None };
    let can = u32::from(IFF_TUN | IFF_TAP | IFF_NO_PI | bits(flags));
    put(memory, 0, &can.to_ne_bytes())
}

fn bits(flags: AttachFlags) -> u16 {
    let no_info = if flags.contains(AttachFlags::PACKET_INFO) { 0 } else { IFF_NO_PI };
    FLAGS.iter().filter(|&&(flag, _)| flags.contains(flag)).fold(no_info, |all, &(_, bit)| all | bit)
}

fn persist(args: &Args<'_>) -> Result<Request, Unsupported> {
    Ok(Request::Lifetime(if args.value == 0 { Lifetime::Transient } else { Lifetime::Persistent }))
}

/// A user or group ID by value; -1 is none (`make_kuid`).
fn id(args: &Args<'_>) -> Result<u32, Unsupported> {
    // An `int` in a register: the upper half is whatever it was.
    let id = args.value as u32;
    if id == u32::MAX { Err(Unsupported::Value(args.value)) } else { Ok(id) }
}

/// As the kernel's `set_offload`: segmentation needs checksums, and what it does not know is EINVAL.
fn offload(args: &Args<'_>) -> Result<Request, Unsupported> {
    let offloads = u32::try_from(args.value).ok().and_then(Offloads::from_bits);
    match offloads {
        Some(offloads) if offloads.is_empty() || offloads.contains(Offloads::CSUM) => Ok(Request::Offload(offloads)),
        Some(_) | None => Err(Unsupported::Value(args.value)),
    }
}

fn vnet_length(args: &Args<'_>) -> Result<Request, Unsupported> {
    let bytes = args.positive_at(0)?;
    VnetBytes::from_bytes(bytes).map(Request::VnetLength).ok_or(Unsupported::Value(bytes.into()))
}

/// Headers are in the machine's order, and can be told to be in no other.
fn endian(args: &Args<'_>, own: bool) -> Result<Request, Unsupported> {
    let wanted = args.int()?;
    if own || wanted == 0 {
        Ok(Request::Nothing)
    } else {
        Err(Unsupported::Refused("headers are in the machine's order"))
    }
}

fn little_endian(_: &Answer, memory: &mut [u8]) -> Option<()> {
    put(memory, 0, &i32::from(cfg!(target_endian = "little")).to_ne_bytes())
}

fn queue(args: &Args<'_>) -> Result<Request, Unsupported> {
    let bits = u16::from_ne_bytes(args.bytes(IFNAMSIZ)?);
    match bits & (IFF_ATTACH_QUEUE | IFF_DETACH_QUEUE) {
        IFF_ATTACH_QUEUE => Ok(Request::Queue(Part::In)),
        IFF_DETACH_QUEUE => Ok(Request::Queue(Part::Aside)),
        _ => Err(Unsupported::Value(bits.into())),
    }
}

fn carrier(args: &Args<'_>) -> Result<Request, Unsupported> {
    Ok(Request::Carrier(if args.int()? == 0 { Carrier::Down } else { Carrier::Up }))
}

fn set_mac(args: &Args<'_>) -> Result<Request, Unsupported> {
    let family = u16::from_ne_bytes(args.bytes(IFNAMSIZ)?);
    if family != ARPHRD_ETHER {
        return Err(Unsupported::Value(family.into()));
    }
    args.bytes(IFNAMSIZ + 2).map(|octets| Request::SetMac(Mac(octets)))
}

fn hardware(answer: &Answer, memory: &mut [u8]) -> Option<()> {
    let &Answer::Hardware(mac) = answer else { return None };
    let (family, Mac(octets)) = mac.map_or((ARPHRD_NONE, Mac::ZERO), |mac| (ARPHRD_ETHER, mac));
    put(memory, IFNAMSIZ, &family.to_ne_bytes())?;
    put(memory, IFNAMSIZ + 2, &octets)
}

/// `sizeof(struct ifreq)` where pointers are of 8 bytes.
const IFREQ: usize = 40;
const TYPE: u32 = b'T' as u32;

const IFF_TUN: u16 = 0x0001;
const IFF_TAP: u16 = 0x0002;
const IFF_NO_PI: u16 = 0x1000;
const IFF_ATTACH_QUEUE: u16 = 0x0200;
const IFF_DETACH_QUEUE: u16 = 0x0400;

/// The other flags of `linux/if_tun.h` that mean something here.
const FLAGS: [(AttachFlags, u16); 6] = [
    (AttachFlags::NO_CARRIER, 0x0040),
    (AttachFlags::MULTI_QUEUE, 0x0100),
    (AttachFlags::PERSISTENT, 0x0800),
    (AttachFlags::ONE_QUEUE, 0x2000),
    (AttachFlags::VNET, 0x4000),
    (AttachFlags::EXCLUSIVE, 0x8000),
];

/// `linux/if_arp.h`.
const ARPHRD_ETHER: u16 = 1;
const ARPHRD_NONE: u16 = 0xfffe;
