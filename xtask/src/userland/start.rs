//! The start of a program of Haiku, and what its loader wants to know about it.
//!
//! Haiku's runtime loader maps the program and its libraries, runs their initialisers, and calls the entry point as a C
//! function: `_start(argc, argv, environment)`. libroot has set up the environment, the arguments and the heap by
//! then, so nothing is left to do but to call `main` and to hand its result to `exit`.

use crate::failure::Failure;
use object::write::{Object, Relocation, StandardSection, Symbol, SymbolId, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, RelocationFlags, SymbolFlags, SymbolKind, SymbolScope, elf};

/// Makes the object file.
pub(super) fn object() -> Result<Vec<u8>, Failure> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let text = object.section_id(StandardSection::Text);
    let data = object.section_id(StandardSection::Data);

    let code = object.append_section_data(text, START, 16);
    add(&mut object, "_start", SymbolKind::Text, SymbolSection::Section(text), code, START.len() as u64);
    for (name, place) in CALLS {
        let symbol = add(&mut object, name, SymbolKind::Unknown, SymbolSection::Undefined, 0, 0);
        // The distance is counted from behind the four bytes that hold it.
        let flags = RelocationFlags::Elf { r_type: elf::R_X86_64_PLT32 };
        object.add_relocation(text, Relocation { offset: code + place, symbol, addend: -4, flags })?;
    }
    for (name, bytes) in EXPORTED.into_iter().zip([VERSION.to_le_bytes(), ABI.to_le_bytes(), [1, 0, 0, 0]]) {
        let value = object.append_section_data(data, &bytes, 4);
        add(&mut object, name, SymbolKind::Data, SymbolSection::Section(data), value, bytes.len() as u64);
    }
    Ok(object.write()?)
}

fn add(
    object: &mut Object<'_>,
    name: &str,
    kind: SymbolKind,
    section: SymbolSection,
    value: u64,
    size: u64,
) -> SymbolId {
    let (scope, weak, flags) = (SymbolScope::Dynamic, false, SymbolFlags::None);
    object.add_symbol(Symbol { name: name.into(), value, size, kind, scope, weak, section, flags })
}

/// What the loader and libnetwork look up in the program: for which version of Haiku and by which rules of C++ it was
/// made, and that it does not come from BeOS, whose programs get another network.
pub(super) const EXPORTED: [&str; 3] = ["_gSharedObjectHaikuVersion", "_gSharedObjectHaikuABI", "__gHaikuStartupCode"];

/// `B_HAIKU_VERSION_1_BETA_5`: the oldest that the program runs on.
const VERSION: u32 = 0x900;
/// `B_HAIKU_ABI_GCC_4`, the ABI of every 64-bit Haiku.
const ABI: u32 = 0x0004_0000;

/// `push rbp; mov rbp, rsp; call main; mov edi, eax; call exit; ud2`. The registers that hold the arguments go on to
/// `main` untouched, and the push makes the stack a multiple of 16 again, as a call wants it.
pub(super) const START: &[u8] = &[0x55, 0x48, 0x89, 0xe5, 0xe8, 0, 0, 0, 0, 0x89, 0xc7, 0xe8, 0, 0, 0, 0, 0x0f, 0x0b];

/// Whom [`START`] calls, and where the distance stands.
const CALLS: [(&str, u64); 2] = [("main", 5), ("exit", 12)];
