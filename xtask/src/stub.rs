//! Shared libraries that hold names and nothing else, to link against instead of a system that is not here.
//!
//! The linker copies the type of an import from the library that defines it, and Haiku's loaders bind an import
//! only to a symbol of its own type: so the names have to come from somewhere, with types.

use crate::failure::{Failure, at};
use crate::lld::Lld;
use crate::symbols::Kind;
use object::write::{Object, StandardSection, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolKind, SymbolScope};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// One name of a library.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Export<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: Kind,
    /// The symbol version, or nothing where the library has the name without one.
    pub(crate) version: &'a str,
}

/// Makes the shared library `library`, called `soname` by those that link to it.
pub(crate) fn library(lld: &Lld, library: &Path, soname: &str, exports: &[Export<'_>]) -> Result<(), Failure> {
    let (object, script) = (library.with_extension("o"), library.with_extension("versions"));
    fs::write(&object, definitions(exports)?).map_err(at(&object))?;
    let mut arguments: Vec<OsString> =
        ["-shared", "-nostdlib", "--hash-style=sysv", "-soname", soname, "-o"].map(OsString::from).into();
    arguments.extend([library.into(), object.into()]);
    // The linker does not take an empty script.
    if exports.iter().any(|export| !export.version.is_empty()) {
        fs::write(&script, versions(exports)).map_err(at(&script))?;
        let mut versions = OsString::from("--version-script=");
        versions.push(&script);
        arguments.push(versions);
    }
    lld.link(arguments)
}

/// Writes a version script: one node for each version, and none for what has no version.
fn versions(exports: &[Export<'_>]) -> String {
    let mut nodes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for export in exports.iter().filter(|export| !export.version.is_empty()) {
        nodes.entry(export.version).or_default().push(export.name);
    }
    nodes.iter().map(|(version, names)| format!("{version} {{ global: {}; }};\n", names.join("; "))).collect()
}

/// Makes an object file that defines each name with its type.
fn definitions(exports: &[Export<'_>]) -> Result<Vec<u8>, Failure> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let code = object.section_id(StandardSection::Text);
    let data = object.section_id(StandardSection::Data);
    for export in exports {
        let (section, kind, bytes) = match export.kind {
            Kind::Function => (code, SymbolKind::Text, RETURN),
            Kind::Object => (data, SymbolKind::Data, WORD),
        };
        let value = object.append_section_data(section, bytes, 8);
        object.add_symbol(Symbol {
            name: export.name.into(),
            value,
            size: bytes.len() as u64,
            kind,
            scope: SymbolScope::Dynamic,
            weak: false,
            section: SymbolSection::Section(section),
            flags: SymbolFlags::None,
        });
    }
    Ok(object.write()?)
}

/// `ret`: nothing of a stub runs, but a disassembler that looks shall see code.
const RETURN: &[u8] = &[0xc3];
/// The size is never copied into the importer; a word is as good as any.
const WORD: &[u8] = &[0; 8];
