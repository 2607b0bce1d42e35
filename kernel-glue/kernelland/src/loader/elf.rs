//! The headers of an ELF file, and which of its segments the kernel takes: the first executable one and the first writable one.

use super::LoadError;
use std::ops::Range;

/// Where the parts of an add-on lie, as offsets from its base.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Layout {
    /// Bytes from the base to the end, in whole pages.
    pub(super) span: usize,
    /// The pages of the executable segment.
    pub(super) text: Range<usize>,
    /// The pages of the writable segment; empty if there is none.
    pub(super) data: Range<usize>,
    pub(super) text_is_writable: bool,
    /// Where the dynamic section is.
    pub(super) dynamic: usize,
    /// What of the file goes where: offset in the file, offset from the base, bytes.
    copies: Vec<(usize, usize, usize)>,
}

impl Layout {
    /// Reads the headers.
    pub(super) fn read(file: &[u8]) -> Result<Self, LoadError> {
        const HEADERS: fn(&'static str) -> LoadError = LoadError::Headers;
        if file.get(..5) != Some(b"\x7fELF\x02") {
            return Err(HEADERS("not ELF for 64 bits"));
        }
        if u16_at(file, 16) != Some(ET_DYN) || u16_at(file, 18) != Some(EM_X86_64) {
            return Err(HEADERS("not shared, or for another processor"));
        }
        let at = size_at(file, 32).filter(|at| *at != 0).ok_or(HEADERS("no program headers"))?;
        let size = usize::from(u16_at(file, 54).filter(|size| *size >= 56).ok_or(HEADERS("short program headers"))?);
        let count = usize::from(u16_at(file, 56).unwrap_or(0));
        let mut layout =
            Self { span: 0, text: 0..0, data: 0..0, text_is_writable: false, dynamic: 0, copies: Vec::new() };
        let mut used = 0usize;
        let headers = (0..count).map(|n| at.saturating_add(n.saturating_mul(size)));
        let headers: Vec<_> =
            headers.map(|at| Header::read(file, at).ok_or(HEADERS("cut off"))).collect::<Result<_, _>>()?;
        let executables = headers.iter().filter(|header| header.kind == PT_LOAD && header.flags & PF_X != 0).count();
        for header in &headers {
            match header.kind {
                PT_LOAD => {
                    let pages = header.pages().ok_or(LoadError::Fatal("a segment's address"))?;
                    used = used.saturating_add(pages.len());
                    layout.span = layout.span.max(pages.end);
                    layout.take(file, header, pages, executables)?;
                }
                PT_DYNAMIC => layout.dynamic = header.address,
                PT_TLS => return Err(LoadError::Fatal("thread-local storage")),
                _ => {}
            }
        }
        if layout.span > used.saturating_add(MOST_UNUSED) {
            return Err(HEADERS("too much room between segments"));
        }
        if layout.text.is_empty() || layout.dynamic == 0 {
            return Err(HEADERS("no code, or no dynamic section"));
        }
        Ok(layout)
    }

    /// Returns the bytes from the base on, as the file has them.
    pub(super) fn contents(&self, file: &[u8]) -> Vec<u8> {
        let mut contents = vec![0; self.span];
        for (from, to, bytes) in &self.copies {
            let from = file.get(*from..from.saturating_add(*bytes));
            let to = contents.get_mut(*to..to.saturating_add(*bytes));
            if let (Some(from), Some(to)) = (from, to) {
                to.copy_from_slice(from);
            }
        }
        contents
    }

    /// Whether an offset lies in what is loaded.
    pub(super) fn contains(&self, offset: usize) -> bool {
        self.text.contains(&offset) || self.data.contains(&offset)
    }

    fn take(&mut self, file: &[u8], header: &Header, pages: Range<usize>, executables: usize) -> Result<(), LoadError> {
        let writable = header.flags & (PF_R | PF_W) == PF_R | PF_W;
        let executable = header.flags & PF_X != 0;
        if writable && (!executable || executables > 1) {
            if !self.data.is_empty() {
                return Err(LoadError::Fatal("a second writable segment, which is not loaded"));
            }
            self.data = pages;
        } else if executable {
            if !self.text.is_empty() {
                return Err(LoadError::Fatal("a second executable segment, which is not loaded"));
            }
            self.text_is_writable = writable;
            self.text = pages;
        } else {
            return Err(LoadError::Fatal("a segment that can only be read, which is not loaded"));
        }
        let end = header.offset.checked_add(header.file_bytes).filter(|end| *end <= file.len());
        end.ok_or(LoadError::Headers("a segment is cut off"))?;
        self.copies.push((header.offset, header.address, header.file_bytes));
        Ok(())
    }
}

struct Header {
    kind: u32,
    flags: u32,
    offset: usize,
    address: usize,
    file_bytes: usize,
    memory_bytes: usize,
}

impl Header {
    fn read(file: &[u8], at: usize) -> Option<Self> {
        let header = Self {
            kind: u32_at(file, at)?,
            flags: u32_at(file, at.checked_add(4)?)?,
            offset: size_at(file, at.checked_add(8)?)?,
            address: size_at(file, at.checked_add(16)?)?,
            file_bytes: size_at(file, at.checked_add(32)?)?,
            memory_bytes: size_at(file, at.checked_add(40)?)?,
        };
        Some(header)
    }

    fn pages(&self) -> Option<Range<usize>> {
        let bytes = self.memory_bytes.max(self.file_bytes);
        let end = self.address.checked_add(bytes)?.checked_next_multiple_of(PAGE)?;
        // No add-on is that large.
        (end < 1 << 30).then_some(self.address / PAGE * PAGE..end)
    }
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}

pub(super) fn size_at(bytes: &[u8], at: usize) -> Option<usize> {
    u64_at(bytes, at).and_then(|value| usize::try_from(value).ok())
}

/// Returns the text that ends with NUL.
pub(super) fn text_at(bytes: &[u8], at: usize) -> Option<&str> {
    let rest = bytes.get(at..)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    std::str::from_utf8(rest.get(..end)?).ok()
}

pub(super) const PAGE: usize = 4096;
const ET_DYN: u16 = 3;
const EM_X86_64: u16 = 62;
const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_TLS: u32 = 7;
const PF_X: u32 = 1;
const PF_W: u32 = 2;
const PF_R: u32 = 4;
/// What the kernel allows between segments.
const MOST_UNUSED: usize = 8 * 1024;
