//! Relocations, imports and exports: what the loader binds, to what.

use super::{Breach, Rule};
use crate::image::{Image, Relocation, Symbol};
use crate::symbols::{Answer, Kind, Symbols};
use object::elf::{
    DT_NEEDED, DT_PLTREL, DT_REL, DT_RELA, R_X86_64_64, R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT, R_X86_64_NONE,
    R_X86_64_RELATIVE, STB_GLOBAL, STB_GNU_UNIQUE, STB_LOCAL, STT_FUNC, STT_GNU_IFUNC, STT_OBJECT, STT_TLS, SymbolType,
};

/// Checks what the file asks of the kernel and what it shows to it.
pub(super) fn check(image: &Image<'_>, symbols: &Symbols, breaches: &mut Vec<Breach>) {
    let mut broken = |rule, what| breaches.push(Breach { rule, what });
    relocations(image, &mut broken);
    for symbol in imports(image) {
        import(symbol, symbols, &mut broken);
    }
    exports(image, &mut broken);
    needed(image, &mut broken);
    for symbol in image.symbols.iter().chain(&image.named) {
        if symbol.bind == STB_GNU_UNIQUE {
            broken(Rule::Unique, symbol.name.clone());
        }
        if symbol.kind == STT_GNU_IFUNC {
            broken(Rule::Indirect, symbol.name.clone());
        }
        if symbol.kind == STT_TLS {
            broken(Rule::Tls, symbol.name.clone());
        }
    }
}

/// Returns what the kernel has to provide.
pub(super) fn imports<'a>(image: &'a Image<'_>) -> impl Iterator<Item = &'a Symbol> {
    image.symbols.iter().skip(1).filter(|symbol| !symbol.defined)
}

fn relocations(image: &Image<'_>, broken: &mut impl FnMut(Rule, String)) {
    if image.dynamic(DT_REL).is_some() || image.dynamic(DT_PLTREL).is_some_and(|kind| kind != DT_RELA.0 as u64) {
        broken(Rule::RelocationKind, "DT_REL, a table without addends".into());
    }
    for relocation in &image.relocations {
        match relocation.kind {
            R_X86_64_NONE | R_X86_64_64 | R_X86_64_GLOB_DAT | R_X86_64_JUMP_SLOT | R_X86_64_RELATIVE => (),
            kind => broken(Rule::RelocationKind, format!("R_X86_64 {kind} at {}", place(image, relocation))),
        }
        // Eight bytes are written, after both segments were read and before the code is made read-only.
        let inside =
            |s: &&crate::image::Segment| s.address <= relocation.place && relocation.place.saturating_add(8) <= s.end();
        match image.loads().find(inside) {
            Some(segment) if segment.writable => (),
            Some(_) => broken(Rule::RelocationPlace, format!("read-only data at {}", place(image, relocation))),
            None => broken(Rule::RelocationPlace, format!("outside the segments, {}", place(image, relocation))),
        }
        if relocation.symbol as usize >= image.symbols.len().max(1) {
            broken(Rule::RelocationKind, format!("no symbol {} for {}", relocation.symbol, place(image, relocation)));
        }
    }
}

fn place(image: &Image<'_>, relocation: &Relocation) -> String {
    let name = image.symbols.get(relocation.symbol as usize).map_or("", |symbol| &symbol.name);
    let of = if name.is_empty() { "" } else { " of " };
    format!("{:#x}{of}{name}", relocation.place)
}

fn import(symbol: &Symbol, symbols: &Symbols, broken: &mut impl FnMut(Rule, String)) {
    let name = &symbol.name;
    if symbol.bind != STB_GLOBAL {
        broken(Rule::ImportBinding, format!("{name} is not global"));
    }
    match symbols.ask(name) {
        Answer::Importable(kind) => {
            let want = match kind {
                Kind::Function => STT_FUNC,
                Kind::Object => STT_OBJECT,
            };
            if symbol.kind != want {
                broken(Rule::ImportType, format!("{name} is {}, the kernel's is {}", word(symbol.kind), word(want)));
            }
        }
        Answer::SomeReleases(which) => broken(Rule::ImportRelease, format!("{name} is exported in: {which}")),
        Answer::Unknown => broken(Rule::ImportName, format!("{name} is not in the table")),
    }
}

fn word(kind: SymbolType) -> String {
    match kind {
        STT_FUNC => "FUNC".into(),
        STT_OBJECT => "OBJECT".into(),
        object::elf::STT_NOTYPE => "NOTYPE".into(),
        other => format!("of type {other}"),
    }
}

fn exports(image: &Image<'_>, broken: &mut impl FnMut(Rule, String)) {
    let mut modules = None;
    for symbol in image.symbols.iter().skip(1).filter(|symbol| symbol.defined && symbol.bind != STB_LOCAL) {
        if symbol.name == "modules" {
            modules = Some(symbol);
        } else {
            broken(Rule::Exports, format!("{} is exported", symbol.name));
        }
    }
    let Some(modules) = modules else { return broken(Rule::Modules, "`modules` is not exported".into()) };
    if modules.kind != STT_OBJECT || modules.bind != STB_GLOBAL {
        broken(Rule::Modules, format!("`modules` is {}, not a global OBJECT", word(modules.kind)));
    }
    // The kernel follows each word up to the first that is null in the file and stays null.
    let pointer = |at: u64| image.relocations.iter().any(|r| r.place == at && r.kind != R_X86_64_NONE);
    let null =
        |at| image.bytes_at(at).and_then(|bytes| bytes.get(..8)).is_some_and(|word| word.iter().all(|b| *b == 0));
    let mut words = (0..modules.bytes / 8).map(|n| modules.address.saturating_add(8 * n)).skip_while(|at| pointer(*at));
    let ends = words.next().is_some_and(|at| at != modules.address && null(at));
    if modules.bytes % 8 != 0 || !ends {
        broken(Rule::Modules, format!("`modules`, {} bytes, is not pointers with a null at the end", modules.bytes));
    }
}

fn needed(image: &Image<'_>, broken: &mut impl FnMut(Rule, String)) {
    for (_, offset) in image.dynamic.iter().filter(|(tag, _)| *tag == DT_NEEDED) {
        let name = image.dynamic_string(*offset).unwrap_or_else(|| format!("the string at {offset:#x}"));
        if name != "_KERNEL_" {
            broken(Rule::Needed, name);
        }
    }
}
