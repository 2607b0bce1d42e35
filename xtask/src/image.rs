//! An ELF file as the kernel's loader reads it: by program headers and the dynamic section, never by sections.
//!
//! Sections are read for one purpose: to know which bytes are code, and what the functions are called.

use object::elf::{
    DT_HASH, DT_JMPREL, DT_NULL, DT_PLTRELSZ, DT_RELA, DT_RELASZ, DT_STRTAB, DT_SYMTAB, Dyn64, DynamicTag,
    FileHeader64, PF_W, PF_X, PT_DYNAMIC, PT_LOAD, ProgramHeader64, ProgramType, Rela64, RelocationType, SHF_EXECINSTR,
    STT_FUNC, Sym64, SymbolBind, SymbolType,
};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader, Sym};
use object::read::{ReadRef, StringTable};
use object::{LittleEndian, U32, elf};

mod versions;

/// Why a file cannot be read as far as the checks need.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ImageError {
    /// The file header is not that of a little-endian 64-bit ELF file.
    #[error("not an ELF file of 64 bits: {0}")]
    Header(object::read::Error),
    /// A table lies outside the file.
    #[error("{0} lies outside the file")]
    Outside(&'static str),
}

/// One program header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub(crate) kind: ProgramType,
    pub(crate) writable: bool,
    pub(crate) executable: bool,
    pub(crate) offset: u64,
    pub(crate) address: u64,
    pub(crate) file_bytes: u64,
    pub(crate) memory_bytes: u64,
}

/// One entry of the dynamic symbol table or of `.symtab`.
#[derive(Clone, Debug)]
pub(crate) struct Symbol {
    pub(crate) name: String,
    pub(crate) kind: SymbolType,
    pub(crate) bind: SymbolBind,
    pub(crate) defined: bool,
    pub(crate) address: u64,
    pub(crate) bytes: u64,
    /// The version that an import asks for, or nothing.
    pub(crate) version: String,
}

/// One relocation with an addend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relocation {
    pub(crate) kind: RelocationType,
    pub(crate) place: u64,
    pub(crate) symbol: u32,
}

/// Bytes that a section header calls executable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code<'a> {
    pub(crate) address: u64,
    pub(crate) bytes: &'a [u8],
}

/// What the checks ask about.
#[derive(Debug)]
pub(crate) struct Image<'a> {
    pub(crate) file_type: elf::FileType,
    pub(crate) machine: elf::Machine,
    pub(crate) entry: u64,
    pub(crate) segments: Vec<Segment>,
    pub(crate) dynamic: Vec<(DynamicTag, u64)>,
    /// The dynamic symbols; the entry at index 0 is the null symbol. Empty without `DT_HASH`, which counts them,
    /// or without the tables of symbols or names.
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) relocations: Vec<Relocation>,
    pub(crate) code: Vec<Code<'a>>,
    /// The whole `.symtab`, or nothing where the file was stripped.
    pub(crate) named: Vec<Symbol>,
    bytes: &'a [u8],
}

impl<'a> Image<'a> {
    /// Reads `bytes`; nothing of what they promise is believed before it is found inside the file.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let header = FileHeader64::<LittleEndian>::parse(bytes).map_err(ImageError::Header)?;
        let e = LittleEndian;
        if !header.is_little_endian() {
            return Err(ImageError::Outside("a big-endian header"));
        }
        let headers = header.program_headers(e, bytes).map_err(|_| ImageError::Outside("the program header table"))?;
        let mut image = Self {
            file_type: header.e_type(e),
            machine: header.e_machine(e),
            entry: header.e_entry(e),
            segments: headers.iter().map(segment).collect(),
            dynamic: Vec::new(),
            symbols: Vec::new(),
            relocations: Vec::new(),
            code: Vec::new(),
            named: Vec::new(),
            bytes,
        };
        image.dynamic = image.read_dynamic()?;
        image.symbols = image.read_symbols()?;
        image.relocations = image.read_relocations(DT_RELA, DT_RELASZ)?;
        image.relocations.extend(image.read_relocations(DT_JMPREL, DT_PLTRELSZ)?);
        image.read_sections(header)?;
        Ok(image)
    }

    /// Returns the value of the last dynamic entry with `tag`, as the loader keeps the last one too.
    pub(crate) fn dynamic(&self, tag: DynamicTag) -> Option<u64> {
        self.dynamic.iter().rev().find(|(t, _)| *t == tag).map(|(_, value)| *value)
    }

    /// Returns the name at `offset` of the dynamic string table.
    pub(crate) fn dynamic_string(&self, offset: u64) -> Option<String> {
        let from = self.bytes_at(self.dynamic(DT_STRTAB)?.checked_add(offset)?)?;
        let end = from.iter().position(|b| *b == 0)?;
        Some(String::from_utf8_lossy(from.get(..end)?).into_owned())
    }

    /// Returns the `PT_LOAD` segments in file order.
    pub(crate) fn loads(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(|s| s.kind == PT_LOAD)
    }

    /// Returns the file's bytes from `address` to the end of its segment.
    pub(crate) fn bytes_at(&self, address: u64) -> Option<&'a [u8]> {
        let segment = self.loads().find(|s| s.address <= address && address - s.address < s.file_bytes)?;
        let into = usize::try_from(address - segment.address).ok()?;
        self.bytes.read_bytes_at(segment.offset, segment.file_bytes).ok()?.get(into..)
    }

    fn read_dynamic(&self) -> Result<Vec<(DynamicTag, u64)>, ImageError> {
        let Some(segment) = self.segments.iter().find(|s| s.kind == PT_DYNAMIC) else { return Ok(Vec::new()) };
        // The loader takes the address, not the file offset.
        let outside = ImageError::Outside("the dynamic section");
        let Some(bytes) = self.bytes_at(segment.address) else { return Err(outside) };
        let entries: &[Dyn64<LittleEndian>] =
            bytes.read_slice_at(0, bytes.len() / size_of::<Dyn64<LittleEndian>>()).map_err(|()| outside)?;
        let pairs = entries.iter().map(|entry| (entry.d_tag.get(LittleEndian), entry.d_val.get(LittleEndian)));
        Ok(pairs.take_while(|(tag, _)| *tag != DT_NULL).collect())
    }

    fn read_symbols(&self) -> Result<Vec<Symbol>, ImageError> {
        let tables = (self.dynamic(DT_HASH), self.dynamic(DT_SYMTAB), self.dynamic(DT_STRTAB));
        let (Some(hash), Some(table), Some(_)) = tables else { return Ok(Vec::new()) };
        let outside = |what| move || ImageError::Outside(what);
        // The second word of a SysV hash table is the number of symbols.
        let words: &[U32<LittleEndian>] = self
            .bytes_at(hash)
            .and_then(|bytes| bytes.read_slice_at(0, 2).ok())
            .ok_or_else(outside("the hash table"))?;
        let count = words.get(1).map_or(0, |word| word.get(LittleEndian)) as usize;
        let table: &[Sym64<LittleEndian>] = self
            .bytes_at(table)
            .and_then(|bytes| bytes.read_slice_at(0, count).ok())
            .ok_or_else(outside("the dynamic symbol table"))?;
        let versions = versions::needed(self)?;
        let mut symbols = Vec::with_capacity(count);
        for (n, entry) in table.iter().enumerate() {
            let name = self.dynamic_string(entry.st_name(LittleEndian).into());
            let mut symbol = symbol(entry, name.ok_or_else(outside("the name of a dynamic symbol"))?);
            if let Some(version) = versions::index(self, n)?.and_then(|index| versions.get(&index)) {
                symbol.version.clone_from(version);
            }
            symbols.push(symbol);
        }
        Ok(symbols)
    }

    fn read_relocations(&self, table: DynamicTag, length: DynamicTag) -> Result<Vec<Relocation>, ImageError> {
        let (Some(table), Some(length)) = (self.dynamic(table), self.dynamic(length)) else { return Ok(Vec::new()) };
        let count = usize::try_from(length).unwrap_or(usize::MAX) / size_of::<Rela64<LittleEndian>>();
        if count == 0 {
            return Ok(Vec::new());
        }
        let entries: &[Rela64<LittleEndian>] = self
            .bytes_at(table)
            .and_then(|bytes| bytes.read_slice_at(0, count).ok())
            .ok_or(ImageError::Outside("a relocation table"))?;
        Ok(entries
            .iter()
            .map(|entry| Relocation {
                kind: entry.r_type(LittleEndian, false),
                place: entry.r_offset.get(LittleEndian),
                symbol: entry.r_sym(LittleEndian, false),
            })
            .collect())
    }

    fn read_sections(&mut self, header: &'a FileHeader64<LittleEndian>) -> Result<(), ImageError> {
        let e = LittleEndian;
        let outside = |what| move |_| ImageError::Outside(what);
        let sections = header.sections(e, self.bytes).map_err(outside("the section header table"))?;
        for section in sections.iter().filter(|s| s.sh_flags(e).0 & SHF_EXECINSTR.0 != 0) {
            let bytes = section.data(e, self.bytes).map_err(outside("a section of code"))?;
            self.code.push(Code { address: section.sh_addr(e), bytes });
        }
        let table = sections.symbols(e, self.bytes, elf::SHT_SYMTAB).map_err(outside("the symbol table"))?;
        let strings: StringTable<'a> = table.strings();
        for entry in table.iter() {
            let name = entry.name(e, strings).map_err(outside("the name of a symbol"))?;
            self.named.push(symbol(entry, String::from_utf8_lossy(name).into_owned()));
        }
        Ok(())
    }
}

impl Symbol {
    /// Whether this names code that lies in the file.
    pub(crate) fn is_function(&self) -> bool {
        self.kind == STT_FUNC && self.defined
    }
}

impl Segment {
    /// The address behind the segment's last byte in memory; an absurd one is the highest address.
    pub(crate) fn end(&self) -> u64 {
        self.address.saturating_add(self.memory_bytes)
    }
}

fn segment(header: &ProgramHeader64<LittleEndian>) -> Segment {
    let e = LittleEndian;
    let flags = header.p_flags(e);
    Segment {
        kind: header.p_type(e),
        writable: flags.0 & PF_W.0 != 0,
        executable: flags.0 & PF_X.0 != 0,
        offset: header.p_offset(e),
        address: header.p_vaddr(e),
        file_bytes: header.p_filesz(e),
        memory_bytes: header.p_memsz(e),
    }
}

fn symbol(entry: &Sym64<LittleEndian>, name: String) -> Symbol {
    Symbol {
        name,
        kind: entry.st_type(),
        bind: entry.st_bind(),
        defined: !entry.is_undefined(LittleEndian),
        address: entry.st_value(LittleEndian),
        bytes: entry.st_size(LittleEndian),
        version: String::new(),
    }
}
