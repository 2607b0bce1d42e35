//! An add-on small enough to be written by hand: two segments, two symbols, one function.

use object::elf;

/// What the file is made of; a test changes one thing.
pub(super) struct Fixture {
    pub(super) machine: u16,
    pub(super) file_type: u16,
    pub(super) symbols: Vec<Name>,
    pub(super) relocations: Vec<(u32, u64, u64)>,
    /// Tags that go in front of, and tags that are left out of, the dynamic section.
    pub(super) more_dynamic: Vec<(i64, u64)>,
    pub(super) less_dynamic: Vec<i64>,
    pub(super) more_segments: Vec<Header>,
    pub(super) text: Header,
    pub(super) data: Header,
    pub(super) functions: Vec<(&'static str, Vec<u8>)>,
    pub(super) more_named: Vec<Name>,
    pub(super) modules: [u64; 3],
    pub(super) sections: Sections,
}

/// Whether the file has section headers.
#[derive(PartialEq)]
pub(super) enum Sections {
    Kept,
    Stripped,
}

#[derive(Clone, Copy)]
pub(super) struct Header {
    pub(super) kind: u32,
    pub(super) flags: u32,
    pub(super) address: u64,
    pub(super) bytes: u64,
}

#[derive(Clone, Copy)]
pub(super) struct Name {
    pub(super) name: &'static str,
    pub(super) bind: u8,
    pub(super) kind: u8,
    /// The address, or 0 for an import.
    pub(super) address: u64,
    pub(super) bytes: u64,
}

pub(super) const GLOBAL: u8 = 1;
pub(super) const WEAK: u8 = 2;
pub(super) const OBJECT: u8 = 1;
pub(super) const FUNC: u8 = 2;
pub(super) const R: u32 = 4;
pub(super) const RE: u32 = 5;
pub(super) const RW: u32 = 6;
pub(super) const RWE: u32 = 7;
pub(super) const LOAD: u32 = 1;

/// Where things are; addresses are file offsets, and those of data are a page higher.
const SYMBOLS: u64 = 0x400;
const HASH: u64 = 0x600;
const STRINGS: u64 = 0x700;
const RELOCATIONS: u64 = 0x900;
const CODE: u64 = 0x1000;
const CODE_END: u64 = 0x2000;
const DATA: u64 = 0x2000;
const DATA_END: u64 = 0x2800;
const DYNAMIC: u64 = 0x2400;
pub(super) const MODULES: u64 = DATA + 0x1000;
pub(super) const GOT: u64 = MODULES + 0x100;
pub(super) const IN_CODE: u64 = CODE + 8;

impl Fixture {
    /// A file that keeps every rule.
    pub(super) fn good() -> Self {
        // push rbp; mov rbp, rsp; sub rsp, 16; mov [rbp - 16], rdi; leave; ret
        let code = vec![0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x10, 0x48, 0x89, 0x7d, 0xf0, 0xc9, 0xc3];
        Self {
            machine: 62,
            file_type: 3,
            symbols: vec![
                Name { name: "modules", bind: GLOBAL, kind: OBJECT, address: MODULES, bytes: 16 },
                Name::import("dprintf"),
            ],
            relocations: vec![(8, MODULES, 0), (6, GOT, 2)],
            more_dynamic: Vec::new(),
            less_dynamic: Vec::new(),
            more_segments: Vec::new(),
            text: Header { kind: LOAD, flags: RE, address: 0, bytes: CODE_END },
            data: Header { kind: LOAD, flags: RW, address: DATA + 0x1000, bytes: DATA_END - DATA },
            functions: vec![("work", code)],
            more_named: Vec::new(),
            modules: [0; 3],
            sections: Sections::Kept,
        }
    }

    /// Writes the file.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut file = vec![0; DATA_END as usize];
        let mut strings = vec![0];
        let mut table = vec![0; 24];
        for name in &self.symbols {
            name.write(&mut table, &mut strings, 1);
        }
        let needed = add(&mut strings, "_KERNEL_");
        put(&mut file, SYMBOLS, &table);
        put(&mut file, HASH, &words(&[1, self.symbols.len() as u32 + 1]));
        put(&mut file, STRINGS, &strings);
        for (n, (kind, place, symbol)) in self.relocations.iter().enumerate() {
            put(&mut file, RELOCATIONS + 24 * n as u64, &longs(&[*place, symbol << 32 | u64::from(*kind), 0]));
        }
        put(&mut file, DATA, &longs(&self.modules));
        let mut dynamic = self.more_dynamic.clone();
        let own = [
            (1, u64::from(needed)),
            (elf::DT_HASH.0, HASH),
            (elf::DT_STRTAB.0, STRINGS),
            (elf::DT_SYMTAB.0, SYMBOLS),
            (elf::DT_RELA.0, RELOCATIONS),
            (elf::DT_RELASZ.0, 24 * self.relocations.len() as u64),
        ];
        dynamic.extend(own.into_iter().filter(|(tag, _)| !self.less_dynamic.contains(tag)));
        for (n, (tag, value)) in dynamic.iter().enumerate() {
            put(&mut file, DYNAMIC + 16 * n as u64, &longs(&[tag.cast_unsigned(), *value]));
        }
        let sections = self.write_code(&mut file);
        self.write_headers(&mut file, &sections);
        file
    }

    /// Writes functions, `.symtab` and the section headers; the answer is where those are, and how many.
    fn write_code(&self, file: &mut Vec<u8>) -> (u64, u16) {
        let (mut at, mut strings, mut table) = (CODE, vec![0], vec![0; 24]);
        for (name, code) in &self.functions {
            put(file, at, code);
            Name { name, bind: 0, kind: FUNC, address: at, bytes: code.len() as u64 }.write(
                &mut table,
                &mut strings,
                1,
            );
            at += code.len().next_multiple_of(16) as u64;
        }
        for name in &self.more_named {
            name.write(&mut table, &mut strings, 1);
        }
        let (code_bytes, table_at) = (at - CODE, file.len() as u64);
        let strings_at = table_at + table.len() as u64;
        let headers_at = (strings_at + strings.len() as u64).next_multiple_of(8);
        put(file, table_at, &table);
        put(file, strings_at, &strings);
        // Type, flags, address, offset, size, link; the last three words are of no interest here but for symbols.
        let headers = [
            (0, 0, 0, 0, 0, 0),
            (1, 6, CODE, CODE, code_bytes, 0),
            (2, 0, 0, table_at, table.len() as u64, 3),
            (3, 0, 0, strings_at, strings.len() as u64, 0),
        ];
        for (n, (kind, flags, address, offset, size, link)) in headers.into_iter().enumerate() {
            let mut header = words(&[0, kind]);
            header.extend(longs(&[flags, address, offset, size]));
            header.extend(words(&[link, 1]));
            header.extend(longs(&[8, if kind == 2 { 24 } else { 0 }]));
            put(file, headers_at + 64 * n as u64, &header);
        }
        (headers_at, 4)
    }

    fn write_headers(&self, file: &mut Vec<u8>, (sections, count): &(u64, u16)) {
        let dynamic =
            Header { kind: 2, flags: RW, address: self.data.address + (DYNAMIC - DATA), bytes: DATA_END - DYNAMIC };
        let headers: Vec<_> =
            [self.text, self.data, dynamic].into_iter().chain(self.more_segments.iter().copied()).collect();
        let (sections, count) = if self.sections == Sections::Kept { (*sections, *count) } else { (0, 0) };
        let mut header = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        header.extend(halves(&[self.file_type, self.machine]));
        header.extend(words(&[1]));
        header.extend(longs(&[0, 64, sections]));
        header.extend(words(&[0]));
        header.extend(halves(&[64, 56, headers.len() as u16, 64, count, if count == 0 { 0 } else { 3 }]));
        put(file, 0, &header);
        for (n, segment) in headers.iter().enumerate() {
            let offset = if segment.flags & 2 == 0 { 0 } else { DATA };
            let offset = if segment.kind == 2 { DYNAMIC } else { offset };
            let room = file.len() as u64 - offset;
            let mut header = words(&[segment.kind, segment.flags]);
            header.extend(longs(&[offset, segment.address, 0, segment.bytes.min(room), segment.bytes, 0x1000]));
            put(file, 64 + 56 * n as u64, &header);
        }
    }
}

impl Name {
    pub(super) fn import(name: &'static str) -> Self {
        Self { name, bind: GLOBAL, kind: FUNC, address: 0, bytes: 0 }
    }

    fn write(&self, table: &mut Vec<u8>, strings: &mut Vec<u8>, section: u16) {
        table.extend(words(&[add(strings, self.name)]));
        table.extend([self.bind << 4 | self.kind, 0]);
        table.extend(halves(&[if self.address == 0 { 0 } else { section }]));
        table.extend(longs(&[self.address, self.bytes]));
    }
}

fn add(strings: &mut Vec<u8>, name: &str) -> u32 {
    let at = strings.len() as u32;
    strings.extend(name.bytes().chain([0]));
    at
}

fn put(file: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let at = at as usize;
    file.resize(file.len().max(at + bytes.len()), 0);
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

fn halves(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn longs(values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}
