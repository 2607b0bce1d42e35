use super::{Rule, check};
use crate::symbols::Symbols;
use fixture::{FUNC, Fixture, GLOBAL, GOT, Header, IN_CODE, LOAD, MODULES, Name, OBJECT, R, RWE, Sections, WEAK};
use object::elf;

mod fixture;
mod lld;

fn breaches(fixture: &Fixture) -> Vec<(Rule, String)> {
    let report = check(&fixture.bytes(), &Symbols::of_this_tree().unwrap());
    report.breaches.into_iter().map(|breach| (breach.rule, breach.to_string())).collect()
}

#[test]
fn a_file_that_keeps_every_rule_passes() {
    let report = check(&Fixture::good().bytes(), &Symbols::of_this_tree().unwrap());
    assert_eq!(report.breaches, []);
    assert_eq!(
        report.to_string(),
        "segments: 8192 bytes read-only with the code, 2048 bytes of data\n\
         imports (1): dprintf\n\
         largest stack frames of 1 functions, in bytes:\n\
         \u{20}     24  work\n\
         deepest chain of direct calls, 24 bytes:\n\
         \u{20}     24  work\n"
    );
}

/// Each row breaks one rule, and the message names the rule, the thing and the remedy.
#[test]
fn each_rule_refuses_the_file_that_breaks_it() {
    type Row = (Rule, &'static str, fn(&mut Fixture));
    #[rustfmt::skip]
    let rows: &[Row] = &[
        (Rule::Header, "header: e_type is 2, not ET_DYN; build for x86_64 and link with -shared",
            |f| f.file_type = 2),
        (Rule::Header, "header: e_machine is 183, not EM_X86_64; ",
            |f| f.machine = 183),
        (Rule::Segments, "segments: 3 PT_LOAD (R E, RW, R), not two (R E, RW); link with -z noseparate-code",
            |f| f.more_segments.push(Header { kind: LOAD, flags: R, address: 0x4000, bytes: 8 })),
        (Rule::Segments, "segments: PT_LOAD are RWE and RW, not R E and RW; ",
            |f| f.text.flags = RWE),
        (Rule::Segments, "segments: PT_LOAD are R E and RWE, not R E and RW; ",
            |f| f.data.flags = RWE),
        (Rule::Segments, "segments: code up to 0x3001 and data from 0x3000 share a page; ",
            |f| f.text.bytes = 0x3001),
        (Rule::Segments, "segments: PT_INTERP, which only a program has; ",
            |f| f.more_segments.push(Header { kind: 3, flags: R, address: 0, bytes: 8 })),
        (Rule::Segments, "segments: PT_GNU_RELRO; ",
            |f| f.more_segments.push(Header { kind: elf::PT_GNU_RELRO.0, flags: R, address: MODULES, bytes: 8 })),
        (Rule::Tls, "tls: PT_TLS of 8 bytes; keep the state in the thread's own structures",
            |f| f.more_segments.push(Header { kind: 7, flags: R, address: 0, bytes: 8 })),
        (Rule::Tls, "tls: DF_STATIC_TLS; ",
            |f| f.more_dynamic.push((elf::DT_FLAGS.0, 0x10))),
        (Rule::Hash, "hash: DT_GNU_HASH without DT_HASH; link with --hash-style=sysv",
            |f| { f.less_dynamic.push(4); f.more_dynamic.push((elf::DT_GNU_HASH.0, 0x600)) }),
        (Rule::Hash, "hash: no DT_HASH; ",
            |f| f.less_dynamic.push(4)),
        (Rule::SymbolTable, "symbol table: no DT_SYMTAB; ",
            |f| f.less_dynamic.push(elf::DT_SYMTAB.0)),
        (Rule::SymbolTable, "symbol table: no DT_STRTAB; ",
            |f| f.less_dynamic.push(elf::DT_STRTAB.0)),
        (Rule::Relr, "relr: DT_RELR; ",
            |f| f.more_dynamic.push((elf::DT_RELR.0, 0x900))),
        (Rule::Initialisers, "initialisers: .init_array (0x8); the kernel runs no initialisers",
            |f| f.more_dynamic.push((elf::DT_INIT_ARRAYSZ.0, 8))),
        (Rule::Initialisers, "initialisers: DT_INIT (0x1000); ",
            |f| f.more_dynamic.push((elf::DT_INIT.0, 0x1000))),
        (Rule::Versions, "versions: DT_VERNEED; ",
            |f| f.more_dynamic.push((elf::DT_VERNEED.0, 0x600))),
        (Rule::Versions, "versions: DT_VERSYM; ",
            |f| f.more_dynamic.push((elf::DT_VERSYM.0, 0x600))),
        (Rule::RelocationKind, "relocation kind: R_X86_64 2 at 0x3100 of dprintf; compile with -C relocation-model=pic",
            |f| f.relocations[1].0 = 2),
        (Rule::RelocationKind, "relocation kind: R_X86_64 5 at 0x3100 of dprintf; ",
            |f| f.relocations[1].0 = 5),
        (Rule::RelocationKind, "relocation kind: R_X86_64 37 at 0x3100; ",
            |f| f.relocations.push((37, GOT, 0))),
        (Rule::RelocationKind, "relocation kind: no symbol 9 for 0x3100; ",
            |f| f.relocations.push((6, GOT, 9))),
        (Rule::RelocationKind, "relocation kind: DT_REL, a table without addends; ",
            |f| f.more_dynamic.push((elf::DT_REL.0, 0x900))),
        (Rule::RelocationPlace, "relocation place: read-only data at 0x1008; link with -z text",
            |f| f.relocations.push((8, IN_CODE, 0))),
        (Rule::RelocationPlace, "relocation place: outside the segments, 0x9000; ",
            |f| f.relocations.push((8, 0x9000, 0))),
        (Rule::ImportType, "import type: dprintf is NOTYPE, the kernel's is FUNC; link against the stub of the kernel",
            |f| f.symbols[1].kind = 0),
        (Rule::ImportType, "import type: dprintf is OBJECT, the kernel's is FUNC; ",
            |f| f.symbols[1].kind = OBJECT),
        (Rule::ImportBinding, "import binding: dprintf is not global; import strongly",
            |f| f.symbols[1].bind = WEAK),
        (Rule::ImportName, "import name: sprintf is not in the table; add the symbol to",
            |f| f.symbols[1].name = "sprintf"),
        (Rule::ImportRelease, "import release: mutex_lock is exported in: beta6 master; use what beta5, beta6 and master",
            |f| f.symbols[1].name = "mutex_lock"),
        (Rule::ImportRelease, "import release: _mutex_unlock is exported in: beta5 beta6; master only if !KDEBUG; ",
            |f| f.symbols[1].name = "_mutex_unlock"),
        (Rule::ImportName, "import name: rw_lock_read_lock is not in the table; ",
            |f| f.symbols[1].name = "rw_lock_read_lock"),
        (Rule::Needed, "needed: dprintf; link against the stub of the kernel alone",
            |f| f.more_dynamic.push((1, 9))),
        (Rule::Exports, "exports: sModule is exported; link with the version script",
            |f| f.symbols.push(Name { name: "sModule", bind: GLOBAL, kind: OBJECT, address: GOT, bytes: 8 })),
        (Rule::Modules, "modules: `modules` is FUNC, not a global OBJECT; ",
            |f| f.symbols[0].kind = FUNC),
        (Rule::Modules, "modules: `modules`, 8 bytes, is not pointers with a null at the end; ",
            |f| f.symbols[0].bytes = 8),
        (Rule::Modules, "modules: `modules`, 16 bytes, is not pointers with a null at the end; ",
            |f| f.modules[1] = 1),
        (Rule::Modules, "modules: `modules`, 24 bytes, is not pointers with a null at the end; ",
            |f| { f.symbols[0].bytes = 24; f.modules[1] = 1 }),
        (Rule::Modules, "modules: `modules`, 16 bytes, is not pointers with a null at the end; ",
            |f| f.relocations.push((8, MODULES + 8, 0))),
        (Rule::Modules, "modules: `modules`, 16 bytes, is not pointers with a null at the end; ",
            |f| { f.relocations.remove(0); }),
        (Rule::Unique, "unique: shared; the kernel does not resolve STB_GNU_UNIQUE",
            |f| f.more_named.push(Name { name: "shared", bind: 10, kind: OBJECT, address: GOT, bytes: 8 })),
        (Rule::Indirect, "indirect: chosen; the kernel does not resolve STT_GNU_IFUNC",
            |f| f.more_named.push(Name { name: "chosen", bind: GLOBAL, kind: 10, address: IN_CODE, bytes: 8 })),
        (Rule::Tls, "tls: own; ",
            |f| f.more_named.push(Name { name: "own", bind: GLOBAL, kind: 6, address: GOT, bytes: 8 })),
        (Rule::Code, "code: no section of code; keep section headers and .symtab",
            |f| f.sections = Sections::Stripped),
        (Rule::Code, "code: no function in .symtab; ",
            |f| f.functions.clear()),
        (Rule::Frame, "frame: large takes 1032 bytes of stack, 1024 are too many; box what is large",
            |f| f.functions.push(("large", vec![0x55, 0x48, 0x81, 0xec, 0, 4, 0, 0, 0xc3]))),
        // Eleven functions of 1,000 bytes; each calls the one behind it.
        (Rule::Chain, "chain: direct calls take 11088 bytes of stack, 10240 are too many; make the frames",
            |f| f.functions.extend(std::iter::repeat_n(("link", vec![0x48, 0x81, 0xec, 0xe8, 3, 0, 0, 0xe8, 4, 0, 0, 0, 0xc3]), 11))),
        (Rule::RedZone, "red zone: 0x1010 in leaf touches memory below the stack pointer; build for x86_64-unknown-none",
            |f| f.functions.push(("leaf", vec![0x48, 0x89, 0x7c, 0x24, 0xf8, 0xc3]))),
        (Rule::StackPointer, "stack pointer: 0x1010 in any moves the stack pointer by an unknown amount; ",
            |f| f.functions.push(("any", vec![0x48, 0x29, 0xc4, 0xc3]))),
        (Rule::Code, "code: 0x1010 in data is no instruction; ",
            |f| f.functions.push(("data", vec![0x06]))),
        (Rule::Probe, "probe: __rust_probestack; ",
            |f| f.functions.push(("__rust_probestack", vec![0xc3]))),
    ];
    for &(rule, message, change) in rows {
        let mut fixture = Fixture::good();
        change(&mut fixture);
        let found = breaches(&fixture);
        let hit = found.iter().any(|(broken, text)| *broken == rule && text.starts_with(message));
        assert!(hit, "{message:?} is not among {found:#?}");
    }
}

#[test]
fn a_gap_of_two_pages_between_the_segments_passes_and_one_of_three_does_not() {
    let mut fixture = Fixture::good();
    fixture.data.address += 0x1000;
    let moved = |fixture: &Fixture| breaches(fixture).into_iter().filter(|(rule, _)| *rule == Rule::Gap).count();
    assert_eq!(moved(&fixture), 0);
    fixture.data.address += 0x1000;
    assert_eq!(moved(&fixture), 1);
}

#[test]
fn no_file_that_was_cut_short_passes() {
    let whole = Fixture::good().bytes();
    let symbols = Symbols::of_this_tree().unwrap();
    for length in (0..whole.len()).step_by(7) {
        let report = check(&whole[..length], &symbols);
        assert!(!report.breaches.is_empty(), "{length} bytes of {} pass", whole.len());
    }
}

#[test]
fn a_file_whose_bytes_were_changed_never_stops_the_checker() {
    let whole = Fixture::good().bytes();
    let symbols = Symbols::of_this_tree().unwrap();
    // A fixed sequence (xorshift), so that a failure repeats.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..3_000 {
        let mut bytes = whole.clone();
        for _ in 0..4 {
            let at = next() as usize % bytes.len();
            bytes[at] = next() as u8;
        }
        let _ = check(&bytes, &symbols).to_string();
    }
}

#[test]
fn no_header_no_passing() {
    let report = check(b"#!/bin/sh\n", &Symbols::of_this_tree().unwrap());
    assert_eq!(report.breaches.len(), 1);
    assert_eq!(report.breaches[0].rule, Rule::Header);
}
