//! Names for back traces: from the symbols of a file, of a `FILE.debug` beside it, or else those it exports.

use super::elf::{size_at, text_at, u16_at, u32_at};
use std::path::Path;

/// Says what lies at an address of an image: file, offset, and the function with the distance from its beginning.
pub(super) fn describe(path: &Path, name: &str, base: usize, address: usize) -> String {
    let offset = address.wrapping_sub(base);
    let mut beside = path.as_os_str().to_owned();
    beside.push(".debug");
    let nearest = [beside.as_ref(), path].into_iter().find_map(|path| {
        let file = std::fs::read(path).ok()?;
        nearest(&file, SHT_SYMTAB, offset).or_else(|| nearest(&file, SHT_DYNSYM, offset))
    });
    match nearest {
        Some((symbol, start)) => format!("{name}+{offset:#x} {symbol}+{:#x}", offset.wrapping_sub(start)),
        None => format!("{name}+{offset:#x}"),
    }
}

/// Returns the last function that begins at an offset or before it, of the section of a type.
fn nearest(file: &[u8], section_type: u32, offset: usize) -> Option<(String, usize)> {
    let sections = size_at(file, 40)?;
    let size = usize::from(u16_at(file, 58)?);
    let count = usize::from(u16_at(file, 60)?);
    let section = |index: usize| sections.checked_add(index.checked_mul(size)?);
    let table = (0..count).filter_map(section).find(|at| u32_at(file, at.saturating_add(4)) == Some(section_type))?;
    let strings = section(u32_at(file, table.checked_add(40)?)? as usize)?;
    let strings = size_at(file, strings.checked_add(24)?)?;
    let (start, bytes) = (size_at(file, table.checked_add(24)?)?, size_at(file, table.checked_add(32)?)?);
    let end = start.checked_add(bytes)?.min(file.len());
    let mut best: Option<(usize, usize)> = None;
    for at in (start..end).step_by(24) {
        let (Some(info), Some(value)) = (file.get(at.checked_add(4)?), size_at(file, at.checked_add(8)?)) else {
            break;
        };
        let is_code = *info & 0xf == 2 && u16_at(file, at.checked_add(6)?) != Some(0);
        if is_code && value <= offset && best.is_none_or(|(before, _)| before <= value) {
            best = Some((value, u32_at(file, at)? as usize));
        }
    }
    let (value, name) = best?;
    Some((text_at(file, strings.checked_add(name)?)?.to_owned(), value))
}

const SHT_SYMTAB: u32 = 2;
const SHT_DYNSYM: u32 = 11;
