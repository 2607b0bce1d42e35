//! Reading arguments and writing answers, as the tables of all dialects do.

use super::{Answer, Request, Unsupported, Wanted};
use crate::{DeviceName, Kind, Mode, NameError};
use frame::Mac;

/// The argument of an ioctl, and the memory that it points at.
pub(super) struct Args<'a> {
    pub(super) value: u64,
    pub(super) memory: &'a [u8],
}

impl Args<'_> {
    /// Returns the bytes from `at`.
    pub(super) fn bytes<const N: usize>(&self, at: usize) -> Result<[u8; N], Unsupported> {
        let found = self.memory.get(at..).and_then(|rest| rest.first_chunk());
        found.copied().ok_or(Unsupported::Short(self.memory.len()))
    }

    pub(super) fn int_at(&self, at: usize) -> Result<i32, Unsupported> {
        self.bytes(at).map(i32::from_ne_bytes)
    }

    /// Returns what an `int *` points at.
    pub(super) fn int(&self) -> Result<i32, Unsupported> {
        self.int_at(0)
    }

    /// Returns a positive number that an `int *` points at.
    pub(super) fn positive_at(&self, at: usize) -> Result<u32, Unsupported> {
        let int = self.int_at(at)?;
        u32::try_from(int).ok().filter(|&int| int > 0).ok_or(Unsupported::Value(int as u64))
    }
}

/// A table's way to say that a number is known and what it asks for is not done.
macro_rules! refused {
    ($why:literal) => {
        |_| Err(Unsupported::Refused($why))
    };
}
pub(super) use refused;

pub(super) fn nothing(_: &Args<'_>) -> Result<Request, Unsupported> {
    Ok(Request::Nothing)
}

/// `FIONBIO`.
pub(super) fn mode(args: &Args<'_>) -> Result<Request, Unsupported> {
    Ok(Request::Mode(if args.int()? == 0 { Mode::Blocking } else { Mode::NonBlocking }))
}

/// `FIOASYNC`: nobody is signalled unless asked.
pub(super) fn no_signals(args: &Args<'_>) -> Result<Request, Unsupported> {
    if args.int()? == 0 { Ok(Request::Nothing) } else { Err(Unsupported::Refused("signals are not sent")) }
}

pub(super) fn done(_: &Answer, _: &mut [u8]) -> Option<()> {
    None
}

pub(super) fn number(answer: &Answer, memory: &mut [u8]) -> Option<()> {
    number_at(0, answer, memory)
}

pub(super) fn number_at(at: usize, answer: &Answer, memory: &mut [u8]) -> Option<()> {
    let &Answer::Number(number) = answer else { return None };
    put(memory, at, &number.to_ne_bytes())
}

/// `struct ether_addr` alone.
pub(super) fn mac(answer: &Answer, memory: &mut [u8]) -> Option<()> {
    let &Answer::Hardware(Some(Mac(octets))) = answer else { return None };
    put(memory, 0, &octets)
}

pub(super) fn interface_name(answer: &Answer, memory: &mut [u8]) -> Option<()> {
    let &Answer::Name(name) = answer else { return None };
    put_name(memory, name)
}

pub(super) fn put(memory: &mut [u8], at: usize, bytes: &[u8]) -> Option<()> {
    memory.get_mut(at..at.checked_add(bytes.len())?)?.copy_from_slice(bytes);
    Some(())
}

/// Writes a name into a field of [`IFNAMSIZ`] bytes, filled up with zeros.
pub(super) fn put_name(memory: &mut [u8], name: DeviceName) -> Option<()> {
    let field = memory.first_chunk_mut::<IFNAMSIZ>()?;
    let mut digits = [0; 5];
    let mut unit = name.unit;
    let mut bytes = name.kind.word().bytes();
    let mut first = digits.len();
    loop {
        first -= 1;
        *digits.get_mut(first)? = b'0' + (unit % 10) as u8;
        unit /= 10;
        if unit == 0 {
            break;
        }
    }
    let mut digits = digits.iter().skip(first).copied();
    field.fill_with(|| bytes.next().or_else(|| digits.next()).unwrap_or(0));
    Some(())
}

/// Reads the name that an interface is to have; the kind says what an empty one means.
pub(super) fn wanted(field: &[u8; IFNAMSIZ], kind: Kind) -> Wanted {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(IFNAMSIZ);
    let text = field.get(..end).and_then(|text| core::str::from_utf8(text).ok());
    let Some(text) = text else { return Wanted::Foreign };
    if text.is_empty() || text.strip_prefix(kind.word()) == Some("%d") {
        return Wanted::Any;
    }
    // A slash parses, but is no part of an interface's name.
    let name: Result<DeviceName, NameError> = if text.contains('/') { Err(NameError::Unit) } else { text.parse() };
    name.map_or(Wanted::Foreign, Wanted::Named)
}

/// `net/if.h` of Linux and the BSDs.
pub(super) const IFNAMSIZ: usize = 16;
/// Bytes of an `int`.
pub(super) const INT: usize = 4;
