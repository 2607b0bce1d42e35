//! The real linker, with the right flags and with its own defaults.

use super::{Rule, check};
use crate::folder::Folder;
use crate::haiku;
use crate::lld::Lld;
use crate::stub::{self, Export};
use crate::symbols::{Kind, Symbols};
use object::write::{Object, Relocation, StandardSection, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, RelocationFlags, SymbolFlags, SymbolKind, SymbolScope, elf};
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// An object file with `modules`, whose one module calls `dprintf` through the table of addresses.
fn add_on() -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let text = object.section_id(StandardSection::Text);
    let data = object.section_id(StandardSection::Data);
    let mut symbol = |name: &str, kind, section, value, size| {
        object.add_symbol(Symbol {
            name: name.into(),
            value,
            size,
            kind,
            scope: SymbolScope::Dynamic,
            weak: false,
            section,
            flags: SymbolFlags::None,
        })
    };
    let dprintf = symbol("dprintf", SymbolKind::Unknown, SymbolSection::Undefined, 0, 0);
    let work = symbol("work", SymbolKind::Text, SymbolSection::Section(text), 0, 6);
    symbol("modules", SymbolKind::Data, SymbolSection::Section(data), 0, 16);
    // jmp [rip + dprintf@GOTPCREL]
    object.append_section_data(text, &[0xff, 0x25, 0, 0, 0, 0], 16);
    object.append_section_data(data, &[0; 16], 8);
    let relocation = |offset, symbol, addend, r_type| {
        let flags = RelocationFlags::Elf { r_type };
        Relocation { offset, symbol, addend, flags }
    };
    object.add_relocation(text, relocation(2, dprintf, -4, elf::R_X86_64_GOTPCREL)).unwrap();
    object.add_relocation(data, relocation(0, work, 0, elf::R_X86_64_64)).unwrap();
    object.write().unwrap()
}

fn rules(file: &Path) -> Vec<Rule> {
    let report = check(&fs::read(file).unwrap(), &Symbols::of_this_tree().unwrap());
    let mut rules: Vec<_> = report.breaches.iter().map(|breach| breach.rule).collect();
    rules.dedup();
    rules
}

#[test]
fn the_flags_of_the_add_on_pass_and_the_linkers_defaults_are_refused() {
    let Some(lld) = Lld::installed() else {
        return eprintln!("skipped: no ld.lld on this machine");
    };
    let folder = Folder::new("link");
    let [object, kernel, script, out] = ["a.o", "_KERNEL_", "exports", "out"].map(|name| folder.path().join(name));
    fs::write(&object, add_on()).unwrap();
    fs::write(&script, haiku::EXPORTS).unwrap();
    stub::library(&lld, &kernel, haiku::KERNEL, &[Export { name: "dprintf", kind: Kind::Function, version: "" }])
        .unwrap();

    lld.link(haiku::arguments(&object, &kernel, &script, &out, haiku::Debug::Strip)).unwrap();
    assert_eq!(rules(&out), []);

    // Four segments, one of which the loader does not map: the kernel would fault on it.
    let defaults: Vec<OsString> =
        vec!["-shared".into(), object.clone().into(), kernel.into(), "-o".into(), out.clone().into()];
    lld.link(defaults).unwrap();
    let found = rules(&out);
    for rule in [Rule::Segments, Rule::Exports] {
        assert!(found.contains(&rule), "{found:?}");
    }
    let report = check(&fs::read(&out).unwrap(), &Symbols::of_this_tree().unwrap()).to_string();
    assert!(report.contains("segments: 4 PT_LOAD (R, R E, RW, RW), not two (R E, RW)"), "{report}");

    // Without the kernel's stub, nothing says what an import is.
    let mut loose = haiku::arguments(&object, &object, &script, &out, haiku::Debug::Strip);
    loose.retain(|argument| *argument != "--no-undefined");
    loose.remove(loose.iter().position(|argument| *argument == *object).unwrap());
    lld.link(loose).unwrap();
    assert_eq!(rules(&out), [Rule::ImportType]);
}
