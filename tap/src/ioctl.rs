//! The ioctls of four systems, as one request and one answer.
//!
//! A platform asks [`shape`] how much of the caller's memory a number reads and writes, gives the bytes to [`decode`],
//! has [`crate::Devices::control`] carry the request out, and [`encode`]s the answer into the bytes that go back.
//! Each dialect is a table of rows, one for each number.

mod args;
mod freebsd;
mod haiku;
mod linux;
mod openbsd;

use crate::{DeviceName, Families, Kind, Mode, VnetBytes};
use args::Args;
use bitflags::bitflags;
use core::fmt;
use frame::Mac;

/// Whose numbers and layouts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Dialect {
    /// `linux/if_tun.h`.
    Linux,
    /// `net/if_tun.h` and `net/if_tap.h` of FreeBSD.
    FreeBsd,
    /// `net/if_tun.h` of OpenBSD.
    OpenBsd,
    /// `Drivers.h` and `ether_driver.h` of Haiku.
    Haiku,
}

/// How many bytes of the caller's memory an ioctl needs; none for one whose argument is a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shape {
    /// Bytes that are read before.
    pub read: usize,
    /// Bytes that may be written after; [`encode`] says how many are.
    pub write: usize,
}

/// What an application asks of its descriptor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Request {
    /// Attach the descriptor to a device: `TUNSETIFF`.
    Attach(Attach),
    /// To which device it is attached, and how: `TUNGETIFF`.
    Attachment,
    /// Which flags an [`Attach`] may have: `TUNGETFEATURES`.
    Features,
    /// Whether the device outlives its descriptors: `TUNSETPERSIST`, `TUNSTRANSIENT`.
    Lifetime(Lifetime),
    /// [`Request::Lifetime`], asked: `TUNGTRANSIENT`.
    GetLifetime,
    /// Who may attach, a user ID.
    Owner(u32),
    /// Who may attach, a group ID.
    Group(u32),
    /// What work on packets the application will finish itself: `TUNSETOFFLOAD`.
    Offload(Offloads),
    /// How many bytes of written packets may be under way.
    SendBuffer(u32),
    /// [`Request::SendBuffer`], asked.
    GetSendBuffer,
    /// The length of the virtio-net header; `None` for no such header (FreeBSD).
    Vnet(Option<VnetBytes>),
    /// [`Request::Vnet`], asked.
    GetVnet,
    /// The length of the virtio-net header, should there be one: `TUNSETVNETHDRSZ`.
    VnetLength(VnetBytes),
    /// [`Request::VnetLength`], asked.
    GetVnetLength,
    /// Whether the descriptor takes its share of packets: `TUNSETQUEUE`.
    Queue(Part),
    /// Whether the interface has a carrier: `TUNSETCARRIER`.
    Carrier(crate::Carrier),
    /// The hardware address of the interface.
    SetMac(Mac),
    /// [`Request::SetMac`], asked.
    GetMac,
    /// The MTU of the interface, in bytes after the Ethernet header.
    SetMtu(u32),
    /// [`Request::SetMtu`], asked.
    GetMtu,
    /// The largest frame, in bytes with the Ethernet header: `ETHER_GETFRAMESIZE`.
    GetFrameSize,
    /// The name of the interface.
    GetName,
    /// MTU and type together: `TUNSIFINFO`. The type must be the device's own.
    SetInfo {
        /// In bytes.
        mtu_bytes: u32,
        /// As `net/if_types.h` numbers them.
        kind: Option<Kind>,
    },
    /// [`Request::SetInfo`], asked.
    GetInfo,
    /// Whether each packet follows its address family: `TUNSIFHEAD`.
    AddressFamily(Option<Families>),
    /// [`Request::AddressFamily`], asked.
    GetAddressFamily,
    /// How the interface is addressed: `TUNSIFMODE`.
    Addressing(Addressing),
    /// Whether calls wait.
    Mode(Mode),
    /// Whether a read would give a packet: `B_GET_READ_STATUS`.
    GetReadable,
    /// Whether a write would find room: `B_GET_WRITE_STATUS`.
    GetWritable,
    /// What has no effect on the system that it is from, or asks for what is so anyway.
    Nothing,
    /// A setting of which only zero, the default, is known.
    GetNothing,
}

/// To which device a descriptor is to be attached, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Attach {
    /// Of which kind.
    pub kind: Kind,
    /// Which one.
    pub wanted: Wanted,
    /// And how.
    pub flags: AttachFlags,
}

/// The device that an application names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// It leaves the choice: an empty name, or `tap%d`.
    Any,
    /// This one.
    Named(DeviceName),
    /// A name that no device here has.
    Foreign,
}

bitflags! {
    /// How a descriptor is attached to its device.
    #[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
    pub struct AttachFlags: u16 {
        /// Each packet follows `struct tun_pi`: `IFF_NO_PI` is not set.
        const PACKET_INFO = 1 << 0;
        /// Each packet follows a virtio-net header.
        const VNET = 1 << 1;
        /// Others may attach as well.
        const MULTI_QUEUE = 1 << 2;
        /// Not to a device that is there already: `IFF_TUN_EXCL`.
        const EXCLUSIVE = 1 << 3;
        /// The interface gets no carrier by this.
        const NO_CARRIER = 1 << 4;
        /// `IFF_ONE_QUEUE`, without effect.
        const ONE_QUEUE = 1 << 5;
        /// Of an answer: the device outlives its descriptors.
        const PERSISTENT = 1 << 6;
    }
}

bitflags! {
    /// Work that may be left undone on packets that an application reads, with the bits of `TUN_F_*`.
    #[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
    pub struct Offloads: u32 {
        /// Checksums.
        const CSUM = 0x01;
        /// TCP segments over IPv4.
        const TSO4 = 0x02;
        /// TCP segments over IPv6.
        const TSO6 = 0x04;
        /// TCP segments with ECN.
        const TSO_ECN = 0x08;
        /// UDP fragments; accepted, and never sent, as by Linux.
        const UFO = 0x10;
        /// UDP segments over IPv4.
        const USO4 = 0x20;
        /// UDP segments over IPv6.
        const USO6 = 0x40;
    }
}

/// How long a device lives.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Lifetime {
    /// Until it is destroyed.
    #[default]
    Persistent,
    /// Until its last descriptor is closed.
    Transient,
}

/// Whether a descriptor takes part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// It does: `IFF_ATTACH_QUEUE`.
    In,
    /// It does not: `IFF_DETACH_QUEUE`.
    Aside,
}

/// How a TUN interface is addressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Addressing {
    /// By its own address and its peer's.
    PointToPoint,
    /// As a part of a network.
    Broadcast,
}

/// What a request gives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// It is done.
    Done,
    /// The device to which the descriptor is attached, and how.
    Attached(DeviceName, AttachFlags),
    /// The flags that an [`Attach`] may have.
    Features(AttachFlags),
    /// A number.
    Number(u32),
    /// The hardware address; a TUN interface has none.
    Hardware(Option<Mac>),
    /// The name of the interface.
    Name(DeviceName),
    /// MTU in bytes, and kind.
    Info(u32, Kind),
}

/// Why bytes are no request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Unsupported {
    /// The number is none of the dialect's (ENOTTY).
    Unknown(u32),
    /// The number is known, and what it asks for is not done here (EINVAL).
    Refused(&'static str),
    /// The argument means nothing (EINVAL).
    Value(u64),
    /// The caller's memory is shorter than the number says; bytes (EFAULT).
    Short(usize),
}

impl fmt::Display for Unsupported {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(number) => write!(out, "ioctl {number:#x} is unknown"),
            Self::Refused(what) => write!(out, "{what}"),
            Self::Value(value) => write!(out, "the argument {value:#x} means nothing"),
            Self::Short(bytes) => write!(out, "{bytes} bytes are too few"),
        }
    }
}

impl core::error::Error for Unsupported {}

/// Returns what an ioctl needs of the caller's memory; `None` if the number is none of the dialect's (ENOTTY).
pub fn shape(dialect: Dialect, number: u32) -> Option<Shape> {
    row(dialect, number).map(|row| Shape { read: row.read, write: row.write })
}

/// Returns the name of an ioctl, for logs.
pub fn name(dialect: Dialect, number: u32) -> Option<&'static str> {
    row(dialect, number).map(|row| row.name)
}

/// Reads a request: `value` is the argument itself, `memory` what it points at, as much as [`shape`] said.
///
/// # Errors
/// The request is unknown, is refused, or its argument means nothing.
pub fn decode(dialect: Dialect, number: u32, value: u64, memory: &[u8]) -> Result<Request, Unsupported> {
    let row = row(dialect, number).ok_or(Unsupported::Unknown(number))?;
    if memory.len() < row.read {
        return Err(Unsupported::Short(memory.len()));
    }
    (row.decode)(&Args { value, memory })
}

/// Writes an answer over the bytes that the request was read from, and returns how many go back to the caller.
pub fn encode(dialect: Dialect, number: u32, answer: &Answer, memory: &mut [u8]) -> usize {
    let Some(row) = row(dialect, number) else { return 0 };
    let Some(memory) = memory.get_mut(..row.write) else { return 0 };
    match (row.encode)(answer, memory) {
        Some(()) => row.write,
        None => 0,
    }
}

/// One ioctl.
struct Row {
    number: u32,
    name: &'static str,
    read: usize,
    write: usize,
    decode: fn(&Args<'_>) -> Result<Request, Unsupported>,
    /// Gets exactly `write` bytes; `None` if the answer is none of this request's.
    encode: fn(&Answer, &mut [u8]) -> Option<()>,
}

fn row(dialect: Dialect, number: u32) -> Option<&'static Row> {
    let rows = match dialect {
        Dialect::Linux => linux::ROWS,
        Dialect::FreeBsd => freebsd::ROWS,
        Dialect::OpenBsd => openbsd::ROWS,
        Dialect::Haiku => haiku::ROWS,
    };
    rows.iter().find(|row| row.number == number)
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests;
