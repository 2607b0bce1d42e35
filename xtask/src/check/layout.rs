//! The header, the segments and the dynamic section: what the loader maps and where it looks.

use super::{Breach, Rule};
use crate::image::{Image, Segment};
use object::elf::{
    DF_STATIC_TLS, DT_FINI, DT_FINI_ARRAYSZ, DT_FLAGS, DT_GNU_HASH, DT_HASH, DT_INIT, DT_INIT_ARRAYSZ,
    DT_PREINIT_ARRAYSZ, DT_RELR, DT_RELRSZ, DT_STRTAB, DT_SYMTAB, DT_VERDEF, DT_VERNEED, DT_VERSYM, EM_X86_64, ET_DYN,
    PT_GNU_RELRO, PT_INTERP, PT_LOAD, PT_TLS,
};

/// Checks everything that can be said without symbols.
pub(super) fn check(image: &Image<'_>, breaches: &mut Vec<Breach>) {
    let mut broken = |rule, what| breaches.push(Breach { rule, what });
    if image.file_type != ET_DYN {
        broken(Rule::Header, format!("e_type is {}, not ET_DYN", image.file_type));
    }
    if image.machine != EM_X86_64 {
        broken(Rule::Header, format!("e_machine is {}, not EM_X86_64", image.machine));
    }
    segments(image, &mut broken);
    gap(image, &mut broken);
    dynamic(image, &mut broken);
}

fn segments(image: &Image<'_>, broken: &mut impl FnMut(Rule, String)) {
    for segment in &image.segments {
        match segment.kind {
            PT_TLS => broken(Rule::Tls, format!("PT_TLS of {} bytes", segment.memory_bytes)),
            PT_INTERP => broken(Rule::Segments, "PT_INTERP, which only a program has".into()),
            PT_GNU_RELRO => broken(Rule::Segments, "PT_GNU_RELRO".into()),
            PT_LOAD if segment.file_bytes > segment.memory_bytes => {
                broken(
                    Rule::Segments,
                    format!("PT_LOAD at {:#x} has more bytes in the file than in memory", segment.address),
                );
            }
            _ => (),
        }
    }
    let loads: Vec<_> = image.loads().collect();
    let [text, data] = loads[..] else {
        let found: Vec<_> = loads.iter().map(|s| permissions(s)).collect();
        return broken(Rule::Segments, format!("{} PT_LOAD ({}), not two (R E, RW)", loads.len(), found.join(", ")));
    };
    if !text.executable || text.writable || !data.writable || data.executable {
        let (text, data) = (permissions(text), permissions(data));
        return broken(Rule::Segments, format!("PT_LOAD are {text} and {data}, not R E and RW"));
    }
    // The loader makes one area of whole pages for each, at a fixed place.
    if text.end().div_ceil(PAGE) > data.address / PAGE {
        broken(Rule::Segments, format!("code up to {:#x} and data from {:#x} share a page", text.end(), data.address));
    }
}

fn permissions(segment: &Segment) -> &'static str {
    match (segment.writable, segment.executable) {
        (false, false) => "R",
        (false, true) => "R E",
        (true, false) => "RW",
        (true, true) => "RWE",
    }
}

/// Compares what the loader would reserve, from address 0 on, with what it would use.
fn gap(image: &Image<'_>, broken: &mut impl FnMut(Rule, String)) {
    let pages = |bytes: u64| bytes.div_ceil(PAGE).saturating_mul(PAGE);
    let used =
        image.loads().map(|s| pages(s.memory_bytes.saturating_add(s.address % PAGE))).fold(0, u64::saturating_add);
    let reserved = image.loads().map(|s| pages(s.end())).max().unwrap_or(0);
    let unused = reserved.saturating_sub(used);
    if unused > GAP {
        broken(Rule::Gap, format!("{unused} bytes between or before the segments are unused, {GAP} at most may be"));
    }
}

fn dynamic(image: &Image<'_>, broken: &mut impl FnMut(Rule, String)) {
    let has = |tag| image.dynamic(tag).is_some();
    match (has(DT_HASH), has(DT_GNU_HASH)) {
        (true, _) => (),
        (false, true) => broken(Rule::Hash, "DT_GNU_HASH without DT_HASH".into()),
        (false, false) => broken(Rule::Hash, "no DT_HASH".into()),
    }
    for (tag, name) in [(DT_SYMTAB, "DT_SYMTAB"), (DT_STRTAB, "DT_STRTAB")] {
        if !has(tag) {
            broken(Rule::SymbolTable, format!("no {name}"));
        }
    }
    if has(DT_RELR) || has(DT_RELRSZ) {
        broken(Rule::Relr, "DT_RELR".into());
    }
    for (tag, name) in [(DT_VERNEED, "DT_VERNEED"), (DT_VERDEF, "DT_VERDEF"), (DT_VERSYM, "DT_VERSYM")] {
        if has(tag) {
            broken(Rule::Versions, name.into());
        }
    }
    if image.dynamic(DT_FLAGS).is_some_and(|flags| flags & DF_STATIC_TLS.0 != 0) {
        broken(Rule::Tls, "DF_STATIC_TLS".into());
    }
    let run = [
        (DT_INIT, "DT_INIT"),
        (DT_FINI, "DT_FINI"),
        (DT_INIT_ARRAYSZ, ".init_array"),
        (DT_FINI_ARRAYSZ, ".fini_array"),
        (DT_PREINIT_ARRAYSZ, ".preinit_array"),
    ];
    for (tag, name) in run {
        match image.dynamic(tag) {
            None | Some(0) => (),
            Some(value) => broken(Rule::Initialisers, format!("{name} ({value:#x})")),
        }
    }
}

/// `B_PAGE_SIZE`.
const PAGE: u64 = 4096;
/// How much more than the segments themselves `load_kernel_add_on` is willing to reserve.
const GAP: u64 = 8 * 1024;
