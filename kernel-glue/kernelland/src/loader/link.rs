//! Symbols and relocations: an add-on is linked against the kernel alone, and the kernel's symbols come before its own.

use super::LoadError;
use super::elf::{Layout, size_at, text_at, u16_at, u32_at};
use crate::symbols::{self, Kind, Symbol};
use std::collections::HashMap;
use std::sync::LazyLock;

/// What an add-on defines, by name.
pub(super) type Exports = HashMap<String, Defined>;

/// A symbol that an add-on defines.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Defined {
    pub(super) value: usize,
    /// `None` for a type that nothing binds to.
    pub(super) kind: Option<Kind>,
    is_weak: bool,
}

/// Relocates the contents for a base, and returns what the add-on defines.
pub(super) fn link(layout: &Layout, contents: &mut [u8], base: usize) -> Result<Exports, LoadError> {
    let dynamic = Dynamic::read(contents, layout.dynamic)?;
    let exports = dynamic.exports(contents, base);
    let relocations: Vec<_> = [dynamic.plt_relocations, dynamic.relocations]
        .into_iter()
        .flat_map(|(at, bytes)| (at..at.saturating_add(bytes)).step_by(RELOCATION_BYTES))
        .collect();
    for at in relocations {
        relocate(layout, &dynamic, &exports, contents, at, base)?;
    }
    Ok(exports)
}

fn relocate(
    layout: &Layout,
    dynamic: &Dynamic,
    exports: &Exports,
    contents: &mut [u8],
    at: usize,
    base: usize,
) -> Result<(), LoadError> {
    let cut_off = LoadError::Headers("relocations are cut off");
    let read = |more: usize| size_at(contents, at.saturating_add(more)).ok_or(cut_off.clone());
    let (offset, info, addend) = (read(0)?, read(8)?, read(16)?);
    let symbol = match info >> 32 {
        0 => 0,
        index => dynamic.resolve(contents, exports, index, base)?,
    };
    let value = match info & 0xffff_ffff {
        R_NONE => return Ok(()),
        R_64 => symbol.wrapping_add(addend),
        R_GLOB_DAT | R_JUMP_SLOT => symbol.wrapping_add(addend),
        R_RELATIVE => base.wrapping_add(addend),
        other => return Err(LoadError::Relocation(u32::try_from(other).unwrap_or(u32::MAX))),
    };
    let place = contents.get_mut(offset..).and_then(<[u8]>::first_chunk_mut);
    let place = place.filter(|_| layout.contains(offset)).ok_or(LoadError::Fatal("a relocation outside the image"))?;
    *place = value.to_le_bytes();
    Ok(())
}

/// What the dynamic section says, as offsets from the base.
#[derive(Default)]
struct Dynamic {
    symbols: usize,
    strings: usize,
    hash: usize,
    relocations: (usize, usize),
    plt_relocations: (usize, usize),
    /// Its own symbols come first.
    symbolic: bool,
}

impl Dynamic {
    fn read(contents: &[u8], at: usize) -> Result<Self, LoadError> {
        let mut dynamic = Self::default();
        for entry in (at..contents.len()).step_by(16) {
            let (Some(tag), Some(value)) = (size_at(contents, entry), size_at(contents, entry.saturating_add(8)))
            else {
                break;
            };
            match tag {
                DT_NULL => break,
                DT_HASH => dynamic.hash = value,
                DT_STRTAB => dynamic.strings = value,
                DT_SYMTAB => dynamic.symbols = value,
                DT_RELA => dynamic.relocations.0 = value,
                DT_RELASZ => dynamic.relocations.1 = value,
                DT_JMPREL => dynamic.plt_relocations.0 = value,
                DT_PLTRELSZ => dynamic.plt_relocations.1 = value,
                DT_PLTREL if value != DT_RELA => return Err(LoadError::Headers("REL relocations")),
                DT_REL => return Err(LoadError::Headers("REL relocations")),
                DT_SYMBOLIC => dynamic.symbolic = true,
                DT_FLAGS => dynamic.symbolic |= value & DF_SYMBOLIC != 0,
                _ => {}
            }
        }
        if dynamic.hash == 0 || dynamic.strings == 0 || dynamic.symbols == 0 {
            return Err(LoadError::Headers("no SysV hash table, symbols or strings"));
        }
        Ok(dynamic)
    }

    fn exports(&self, contents: &[u8], base: usize) -> Exports {
        // The second word of the hash table counts the symbols.
        let count = u32_at(contents, self.hash.saturating_add(4)).unwrap_or(0);
        let mut exports = Exports::new();
        for index in 1..count as usize {
            let Some(symbol) = self.symbol(contents, index) else { break };
            if symbol.is_defined && symbol.binding != STB_LOCAL {
                let value = base.wrapping_add(symbol.value);
                let defined = Defined { value, kind: symbol.kind, is_weak: symbol.binding == STB_WEAK };
                exports.entry(symbol.name.to_owned()).or_insert(defined);
            }
        }
        exports
    }

    fn symbol<'c>(&self, contents: &'c [u8], index: usize) -> Option<Entry<'c>> {
        let at = self.symbols.checked_add(index.checked_mul(SYMBOL_BYTES)?)?;
        let name = text_at(contents, self.strings.checked_add(u32_at(contents, at)? as usize)?)?;
        let info = *contents.get(at.checked_add(4)?)?;
        let kind = match info & 0xf {
            STT_OBJECT => Some(Kind::Object),
            STT_FUNC => Some(Kind::Function),
            _ => None,
        };
        Some(Entry {
            name,
            kind,
            binding: info >> 4,
            is_defined: u16_at(contents, at.checked_add(6)?)? != 0,
            value: size_at(contents, at.checked_add(8)?)?,
        })
    }

    fn resolve(&self, contents: &[u8], exports: &Exports, index: usize, base: usize) -> Result<usize, LoadError> {
        let wanted = self.symbol(contents, index).ok_or(LoadError::Headers("symbols are cut off"))?;
        if wanted.binding == STB_LOCAL {
            return Ok(base.wrapping_add(wanted.value));
        }
        let kernels = KERNEL.get(wanted.name).map(|symbol| Defined {
            value: symbol.address as usize,
            kind: Some(symbol.kind),
            is_weak: false,
        });
        let own = exports.get(wanted.name).copied();
        let (first, second) = if self.symbolic { (own, kernels) } else { (kernels, own) };
        let found = match (first, second) {
            (Some(first), Some(second)) if first.is_weak && !second.is_weak => Some(second),
            (Some(first), _) => Some(first),
            (None, second) => second,
        };
        match found {
            Some(found) if found.kind == wanted.kind => Ok(found.value),
            Some(_) => Err(LoadError::WrongType(wanted.name.to_owned())),
            None if wanted.binding == STB_WEAK => Ok(0),
            None => Err(LoadError::Missing(wanted.name.to_owned())),
        }
    }
}

struct Entry<'c> {
    name: &'c str,
    kind: Option<Kind>,
    binding: u8,
    is_defined: bool,
    value: usize,
}

static KERNEL: LazyLock<HashMap<&'static str, Symbol>> =
    LazyLock::new(|| symbols::all().map(|symbol| (symbol.name, symbol)).collect());

const DT_NULL: usize = 0;
const DT_PLTRELSZ: usize = 2;
const DT_HASH: usize = 4;
const DT_STRTAB: usize = 5;
const DT_SYMTAB: usize = 6;
const DT_RELA: usize = 7;
const DT_RELASZ: usize = 8;
const DT_SYMBOLIC: usize = 16;
const DT_REL: usize = 17;
const DT_PLTREL: usize = 20;
const DT_JMPREL: usize = 23;
const DT_FLAGS: usize = 30;
const DF_SYMBOLIC: usize = 2;
const STB_LOCAL: u8 = 0;
const STB_WEAK: u8 = 2;
const STT_OBJECT: u8 = 1;
const STT_FUNC: u8 = 2;
const R_NONE: usize = 0;
const R_64: usize = 1;
const R_GLOB_DAT: usize = 6;
const R_JUMP_SLOT: usize = 7;
const R_RELATIVE: usize = 8;
const SYMBOL_BYTES: usize = 24;
const RELOCATION_BYTES: usize = 24;
