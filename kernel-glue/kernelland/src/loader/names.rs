//! Names for back traces: from the symbols of a file, of a `FILE.debug` beside it, or else those it exports.

use super::elf::{size_at, text_at, u16_at, u32_at};
use crate::thread::locked;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Returns the function at an offset of a file, and where it begins.
pub(super) fn nearest(path: &Path, offset: usize) -> Option<(String, usize)> {
    let known = locked(&FILES).get_or_insert_default().get(path).cloned();
    let functions = known.unwrap_or_else(|| {
        let functions = Arc::new(read(path));
        locked(&FILES).get_or_insert_default().insert(path.to_owned(), Arc::clone(&functions));
        functions
    });
    let after = functions.partition_point(|(start, _)| *start <= offset);
    let (start, name) = functions.get(after.checked_sub(1)?)?;
    Some((name.clone(), *start))
}

type Functions = Vec<(usize, String)>;

/// Reads all functions, in the order of their addresses.
fn read(path: &Path) -> Functions {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".debug");
    let found = [PathBuf::from(beside), path.to_owned()].into_iter().find_map(|path| {
        let file = std::fs::read(path).ok()?;
        functions(&file, SHT_SYMTAB).or_else(|| functions(&file, SHT_DYNSYM))
    });
    let mut functions = found.unwrap_or_default();
    functions.sort();
    functions
}

/// Returns the functions of the section of a type.
fn functions(file: &[u8], section_type: u32) -> Option<Functions> {
    let sections = size_at(file, 40)?;
    let size = usize::from(u16_at(file, 58)?);
    let count = usize::from(u16_at(file, 60)?);
    let section = |index: usize| sections.checked_add(index.checked_mul(size)?);
    let table = (0..count).filter_map(section).find(|at| u32_at(file, at.saturating_add(4)) == Some(section_type))?;
    let strings = section(u32_at(file, table.checked_add(40)?)? as usize)?;
    let strings = size_at(file, strings.checked_add(24)?)?;
    let (start, bytes) = (size_at(file, table.checked_add(24)?)?, size_at(file, table.checked_add(32)?)?);
    let end = start.checked_add(bytes)?.min(file.len());
    let function = |at: usize| {
        let is_code = *file.get(at.checked_add(4)?)? & 0xf == STT_FUNC && u16_at(file, at.checked_add(6)?)? != 0;
        let name = text_at(file, strings.checked_add(u32_at(file, at)? as usize)?)?;
        is_code.then_some((size_at(file, at.checked_add(8)?)?, name.to_owned()))
    };
    let functions: Functions = (start..end).step_by(24).filter_map(function).collect();
    (!functions.is_empty()).then_some(functions)
}

static FILES: Mutex<Option<HashMap<PathBuf, Arc<Functions>>>> = Mutex::new(None);
const SHT_SYMTAB: u32 = 2;
const SHT_DYNSYM: u32 = 11;
const STT_FUNC: u8 = 2;
