//! Symbol versions, as far as imports ask for them.

use super::{Image, ImageError};
use object::elf::{DT_VERNEED, DT_VERNEEDNUM, DT_VERSYM, Vernaux, Verneed};
use object::read::ReadRef;
use object::{LittleEndian, U16};
use std::collections::BTreeMap;

/// Returns the names of the versions that are needed, by index.
pub(super) fn needed(image: &Image<'_>) -> Result<BTreeMap<u16, String>, ImageError> {
    let outside = || ImageError::Outside("the table of needed versions");
    let mut names = BTreeMap::new();
    let Some(mut at) = image.dynamic(DT_VERNEED) else { return Ok(names) };
    // Both chains say themselves where they go on; the counts bound them.
    for _ in 0..image.dynamic(DT_VERNEEDNUM).unwrap_or(0) {
        let file: &Verneed<LittleEndian> =
            image.bytes_at(at).and_then(|bytes| bytes.read_at(0).ok()).ok_or_else(outside)?;
        let mut version_at = at.saturating_add(file.vn_aux.get(LittleEndian).into());
        for _ in 0..file.vn_cnt.get(LittleEndian) {
            let version: &Vernaux<LittleEndian> =
                image.bytes_at(version_at).and_then(|bytes| bytes.read_at(0).ok()).ok_or_else(outside)?;
            let name = image.dynamic_string(version.vna_name.get(LittleEndian).into()).ok_or_else(outside)?;
            names.insert(version.vna_other.get(LittleEndian).0 & INDEX, name);
            match version.vna_next.get(LittleEndian) {
                0 => break,
                next => version_at = version_at.saturating_add(next.into()),
            }
        }
        match file.vn_next.get(LittleEndian) {
            0 => break,
            next => at = at.saturating_add(next.into()),
        }
    }
    Ok(names)
}

/// Returns the version index of the `n`th dynamic symbol, where there are versions.
pub(super) fn index(image: &Image<'_>, n: usize) -> Result<Option<u16>, ImageError> {
    let Some(table) = image.dynamic(DT_VERSYM) else { return Ok(None) };
    let entry: &U16<LittleEndian> = image
        .bytes_at(table.saturating_add(2 * n as u64))
        .and_then(|bytes| bytes.read_at(0).ok())
        .ok_or(ImageError::Outside("the table of symbol versions"))?;
    Ok(Some(entry.get(LittleEndian) & INDEX))
}

/// The top bit of an index says that a definition is hidden.
const INDEX: u16 = 0x7fff;
