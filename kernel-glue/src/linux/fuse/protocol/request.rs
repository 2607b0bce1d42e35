//! What the kernel asks.

use super::fields::Fields;
use core::fmt;

/// One request.
#[derive(Clone, Copy, Debug)]
pub(in crate::linux) struct Request<'a> {
    /// What the reply names.
    pub(in crate::linux) unique: u64,
    /// The node it is about.
    pub(in crate::linux) node: u64,
    pub(in crate::linux) caller: Caller,
    pub(in crate::linux) operation: Operation<'a>,
}

/// The thread that a request comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Caller {
    /// Its user.
    pub uid: u32,
    /// Its group; supplementary groups are not told. The kernel has checked owner, group and mode of the node.
    pub gid: u32,
    /// Its thread, 0 if that lives in a process namespace that cannot be seen from here.
    pub pid: u32,
}

/// What is asked, by the names of `linux/fuse.h`.
#[derive(Clone, Copy, Debug)]
pub(in crate::linux) enum Operation<'a> {
    Init(Init),
    Lookup {
        name: &'a [u8],
    },
    /// The kernel forgets that many lookups of the node; no reply.
    Forget {
        lookups: u64,
    },
    /// The same for several nodes; no reply.
    BatchForget(Forgets<'a>),
    GetAttr,
    SetAttr {
        /// `FATTR_*` bits.
        valid: u32,
    },
    Open,
    Read {
        handle: u64,
        size: u32,
        /// Those of the descriptor at this call, so `O_NONBLOCK` as last set.
        flags: u32,
    },
    Write {
        handle: u64,
        flags: u32,
        data: &'a [u8],
    },
    Poll(Poll),
    Ioctl(Ioctl<'a>),
    /// The caller of the named request got a signal; no reply of its own.
    Interrupt {
        unique: u64,
    },
    Release {
        handle: u64,
    },
    Flush,
    Fsync,
    OpenDir,
    ReadDir {
        /// The position that the last entry read named.
        offset: u64,
        size: u32,
    },
    ReleaseDir,
    FsyncDir,
    StatFs,
    Access,
    Lseek,
    Destroy,
    /// The answer to a retrieval that the server asked for; no reply.
    NotifyReply,
    /// To make, link, rename or remove a file or a directory.
    Change,
    /// Not ours.
    Unknown(u32),
}

/// The first request.
#[derive(Clone, Copy, Debug)]
pub(in crate::linux) struct Init {
    pub(in crate::linux) major: u32,
    pub(in crate::linux) minor: u32,
    pub(in crate::linux) max_readahead: u32,
    /// `FUSE_*` bits, the second word above the first.
    pub(in crate::linux) flags: u64,
}

/// A question for readiness.
#[derive(Clone, Copy, Debug)]
pub(in crate::linux) struct Poll {
    pub(in crate::linux) handle: u64,
    /// What a notification names: one for each open file.
    pub(in crate::linux) kernel_handle: u64,
    /// `FUSE_POLL_*` bits.
    pub(in crate::linux) flags: u32,
    /// `POLL*` bits that are waited for.
    pub(in crate::linux) events: u32,
}

/// An ioctl.
#[derive(Clone, Copy, Debug)]
pub(in crate::linux) struct Ioctl<'a> {
    pub(in crate::linux) handle: u64,
    /// `FUSE_IOCTL_*` bits.
    pub(in crate::linux) flags: u32,
    pub(in crate::linux) number: u32,
    /// The third argument of ioctl(2): a value, or where the caller's memory is.
    pub(in crate::linux) value: u64,
    /// What the kernel copied from there: as many bytes as the number says.
    pub(in crate::linux) data: &'a [u8],
    /// How many bytes of the reply the kernel copies back there.
    pub(in crate::linux) out_bytes: u32,
}

/// Pairs of node and lookups.
#[derive(Clone, Copy, Debug)]
pub(in crate::linux) struct Forgets<'a>(Fields<'a>);

impl Iterator for Forgets<'_> {
    type Item = (u64, u64);

    fn next(&mut self) -> Option<(u64, u64)> {
        Some((self.0.u64()?, self.0.u64()?))
    }
}

/// Bytes that are no request of this protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::linux) struct Malformed {
    /// What an error reply can name, if the header is whole.
    pub(in crate::linux) unique: Option<u64>,
    /// Their count.
    pub(in crate::linux) bytes: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "malformed FUSE request of {} bytes", self.bytes)
    }
}

impl<'a> Request<'a> {
    /// Takes one request apart: all the bytes that a read of the FUSE device gave.
    pub(in crate::linux) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let malformed = |unique| Malformed { unique, bytes: bytes.len() };
        let (header, body) = Header::parse(bytes).ok_or(malformed(None))?;
        let operation = Operation::parse(header.opcode, Fields(body)).ok_or(malformed(Some(header.unique)))?;
        Ok(Self { unique: header.unique, node: header.node, caller: header.caller, operation })
    }
}

/// `struct fuse_in_header`.
struct Header {
    opcode: u32,
    unique: u64,
    node: u64,
    caller: Caller,
}

impl Header {
    fn parse(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut fields = Fields(bytes);
        let length = fields.u32()?;
        if usize::try_from(length) != Ok(bytes.len()) {
            return None;
        }
        let (opcode, unique, node) = (fields.u32()?, fields.u64()?, fields.u64()?);
        let caller = Caller { uid: fields.u32()?, gid: fields.u32()?, pid: fields.u32()? };
        // Length of extensions, which are sent to those who ask, and padding.
        fields.skip(4)?;
        Some((Self { opcode, unique, node, caller }, fields.0))
    }
}

impl<'a> Operation<'a> {
    fn parse(opcode: u32, mut body: Fields<'a>) -> Option<Self> {
        Some(match opcode {
            1 => Self::Lookup { name: body.0.strip_suffix(&[0])? },
            2 => Self::Forget { lookups: body.u64()? },
            3 => Self::GetAttr,
            4 => Self::SetAttr { valid: body.u32()? },
            // Symlink, mknod, mkdir, unlink, rmdir, rename, link, create, rename2, tmpfile.
            6 | 8..=13 | 35 | 45 | 51 => Self::Change,
            14 => Self::Open,
            15 => {
                let (handle, _offset, size) = (body.u64()?, body.u64()?, body.u32()?);
                let (_read_flags, _lock_owner) = (body.u32()?, body.u64()?);
                Self::Read { handle, size, flags: body.u32()? }
            }
            16 => write(body)?,
            17 => Self::StatFs,
            18 => Self::Release { handle: body.u64()? },
            20 => Self::Fsync,
            25 => Self::Flush,
            26 => Self::Init(Init::parse(body)?),
            27 => Self::OpenDir,
            28 => {
                let (_handle, offset) = (body.u64()?, body.u64()?);
                Self::ReadDir { offset, size: body.u32()? }
            }
            29 => Self::ReleaseDir,
            30 => Self::FsyncDir,
            34 => Self::Access,
            36 => Self::Interrupt { unique: body.u64()? },
            38 => Self::Destroy,
            39 => Self::Ioctl(Ioctl::parse(body)?),
            40 => {
                let (handle, kernel_handle) = (body.u64()?, body.u64()?);
                Self::Poll(Poll { handle, kernel_handle, flags: body.u32()?, events: body.u32()? })
            }
            41 => Self::NotifyReply,
            42 => {
                let _count_and_padding = body.u64()?;
                Self::BatchForget(Forgets(body))
            }
            46 => Self::Lseek,
            unknown => Self::Unknown(unknown),
        })
    }
}

fn write(mut body: Fields<'_>) -> Option<Operation<'_>> {
    let (handle, _offset, size) = (body.u64()?, body.u64()?, body.u32()?);
    let (_write_flags, _lock_owner, flags) = (body.u32()?, body.u64()?, body.u32()?);
    body.skip(4)?;
    let data = body.0.get(..usize::try_from(size).ok()?)?;
    Some(Operation::Write { handle, flags, data })
}

impl Init {
    fn parse(mut body: Fields<'_>) -> Option<Self> {
        let (major, minor, max_readahead) = (body.u32()?, body.u32()?, body.u32()?);
        let low = u64::from(body.u32()?);
        // The second word came with 7.36.
        let high = if low & super::INIT_EXT == 0 { 0 } else { u64::from(body.u32()?) };
        Some(Self { major, minor, max_readahead, flags: low | high << 32 })
    }
}

impl<'a> Ioctl<'a> {
    fn parse(mut body: Fields<'a>) -> Option<Self> {
        let (handle, flags, number, value) = (body.u64()?, body.u32()?, body.u32()?, body.u64()?);
        let (in_bytes, out_bytes) = (body.u32()?, body.u32()?);
        let data = body.0.get(..usize::try_from(in_bytes).ok()?)?;
        Some(Self { handle, flags, number, value, data, out_bytes })
    }
}
