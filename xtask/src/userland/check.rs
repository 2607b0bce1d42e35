//! Whether Haiku's runtime loader can load a program.

use super::{Libraries, start};
use crate::failure::{Failure, at};
use crate::image::Image;
use crate::symbols::Kind;
use object::elf::{
    DF_STATIC_TLS, DT_FLAGS, DT_HASH, DT_NEEDED, DT_RELR, DT_STRTAB, DT_SYMTAB, ET_DYN, PT_INTERP, PT_TLS, R_X86_64_64,
    R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT, R_X86_64_NONE, R_X86_64_RELATIVE, STT_FUNC, STT_OBJECT,
};
use std::ffi::CStr;
use std::fs;
use std::path::Path;

/// Checks the file at `path`, prints what it needs, and fails if the loader would.
pub(super) fn print(path: &Path, libraries: &Libraries) -> Result<(), Failure> {
    let bytes = fs::read(path).map_err(at(path))?;
    let faults = match Image::parse(&bytes) {
        Ok(image) => {
            eprintln!("needs {}", needed(&image).join(" "));
            faults(&image, libraries)
        }
        Err(error) => vec![error.to_string()],
    };
    for fault in &faults {
        eprintln!("error: {fault}");
    }
    match faults.len() {
        0 => Ok(()),
        breaches => Err(Failure::Refused { path: path.to_owned(), breaches }),
    }
}

/// Returns the libraries that the loader will load along.
pub(super) fn needed(image: &Image<'_>) -> Vec<String> {
    let named = image.dynamic.iter().filter(|(tag, _)| *tag == DT_NEEDED);
    named.map(|(_, offset)| image.dynamic_string(*offset).unwrap_or_default()).collect()
}

/// Returns the path of the loader that the program names.
fn interpreter<'a>(image: &Image<'a>) -> Option<&'a str> {
    let segment = image.segments.iter().find(|s| s.kind == PT_INTERP)?;
    let named = image.bytes_at(segment.address)?.get(..usize::try_from(segment.file_bytes).ok()?)?;
    CStr::from_bytes_with_nul(named).ok()?.to_str().ok()
}

/// Returns everything that the loader would not accept, or would silently do wrong.
pub(super) fn faults(image: &Image<'_>, libraries: &Libraries) -> Vec<String> {
    let mut faults = Vec::new();
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    demand(image.file_type == ET_DYN, "the program is not position-independent");
    demand(image.entry != 0, "the program has no entry point");
    demand(interpreter(image) == Some(LOADER), &format!("the interpreter is not {LOADER}"));
    let loads: Vec<_> = image.loads().map(|s| (s.executable, s.writable)).collect();
    demand(loads == [(true, false), (false, true)], &format!("{} PT_LOAD, not two, R E and RW", loads.len()));
    demand(image.segments.iter().all(|s| s.kind != PT_TLS), "PT_TLS: Rust has no thread-local sections on Haiku");
    for (tag, name) in [(DT_HASH, "DT_HASH"), (DT_SYMTAB, "DT_SYMTAB"), (DT_STRTAB, "DT_STRTAB")] {
        demand(image.dynamic(tag).is_some(), &format!("no {name}"));
    }
    demand(image.dynamic(DT_RELR).is_none(), "DT_RELR");
    demand(image.dynamic(DT_FLAGS).is_none_or(|flags| flags & DF_STATIC_TLS.0 == 0), "DF_STATIC_TLS");

    let needed = needed(image);
    demand(needed.iter().any(|name| name == "libroot.so"), "libroot.so is not needed");
    for name in &needed {
        demand(libraries.has(name), &format!("{name} is no library of Haiku's"));
    }
    for symbol in image.symbols.iter().skip(1).filter(|symbol| !symbol.defined) {
        let fitting = libraries.find(&symbol.name).is_some_and(|(soname, export)| {
            let kind = match export.kind {
                Kind::Function => STT_FUNC,
                Kind::Object => STT_OBJECT,
            };
            symbol.kind == kind && symbol.version == export.version && needed.iter().any(|name| name == soname)
        });
        demand(
            fitting,
            &format!("{} is in no library that is needed, or there with another type or version", symbol.name),
        );
    }
    for name in start::EXPORTED {
        let found = image.symbols.iter().any(|s| s.name == name && s.defined && s.kind == STT_OBJECT && s.bytes >= 4);
        demand(found, &format!("{name} is not exported"));
    }
    for relocation in &image.relocations {
        let known = matches!(
            relocation.kind,
            R_X86_64_NONE | R_X86_64_64 | R_X86_64_GLOB_DAT | R_X86_64_JUMP_SLOT | R_X86_64_RELATIVE
        );
        demand(known, &format!("R_X86_64 {} at {:#x}", relocation.kind, relocation.place));
    }
    faults
}

/// Haiku's runtime loader.
const LOADER: &str = "/system/runtime_loader";
