//! Shared libraries that hold names and nothing else, to link against instead of a system that is not here.
//!
//! The linker copies the type of an import from the library that defines it, and Haiku's loaders bind an import
//! only to a symbol of its own type: so the names have to come from somewhere, with types.

use crate::failure::{Failure, at};
use crate::lld::Lld;
use crate::symbols::Kind;
use object::write::{Object, StandardSection, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolKind, SymbolScope};
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// Makes the shared library `library`, called `soname` by those that link to it, with one definition for each name.
pub(crate) fn library<'a>(
    lld: &Lld,
    library: &Path,
    soname: &str,
    names: impl IntoIterator<Item = (&'a str, Kind)>,
) -> Result<(), Failure> {
    let object = library.with_extension("o");
    fs::write(&object, definitions(names)?).map_err(at(&object))?;
    let mut arguments: Vec<OsString> =
        ["-shared", "-nostdlib", "--hash-style=sysv", "-soname", soname, "-o"].map(OsString::from).into();
    arguments.extend([library.into(), object.into()]);
    lld.link(arguments)
}

/// Makes an object file that defines each name with its type.
pub(crate) fn definitions<'a>(names: impl IntoIterator<Item = (&'a str, Kind)>) -> Result<Vec<u8>, Failure> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let code = object.section_id(StandardSection::Text);
    let data = object.section_id(StandardSection::Data);
    for (name, kind) in names {
        let (section, kind, bytes) = match kind {
            Kind::Function => (code, SymbolKind::Text, RETURN),
            Kind::Object => (data, SymbolKind::Data, WORD),
        };
        let value = object.append_section_data(section, bytes, 8);
        object.add_symbol(Symbol {
            name: name.into(),
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
