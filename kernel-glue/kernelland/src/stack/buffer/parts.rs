//! The parts that a packet's bytes lie in, and how it grows and shrinks at both ends.

use super::block::{Block, ROOM};
use crate::stack::kernel::copy;
use haiku_abi::{B_BAD_VALUE, B_ERROR, B_NO_MEMORY, B_OK, status_t};

/// Bytes that the description of one part takes from the room before a packet.
pub(super) const PART_BYTES: usize = 56;
/// Bytes of a packet that fit one part that is all tail.
const TAIL_ROOM: usize = ROOM - PART_BYTES;

/// Some bytes of a packet that lie in one piece of memory.
pub(super) struct Part {
    block: Block,
    start: usize,
    used: usize,
    /// Free bytes before and after. None for what is shared.
    head: usize,
    tail: usize,
    shared: bool,
    /// The header that was removed from before `start` is kept.
    stored: bool,
}

impl Part {
    /// The address of a byte.
    pub(super) fn at(&self, within: usize) -> *mut u8 {
        self.block.at(self.start + within)
    }

    pub(super) fn bytes(&self) -> usize {
        self.used
    }

    fn is_stored(&self) -> bool {
        self.stored
    }
}

/// All parts of a packet, in order. Some may be empty.
pub(super) struct Parts {
    list: Vec<Part>,
    bytes: usize,
    /// The piece that pays for descriptions of parts, and how much of it is left once no part lies in it.
    home: Block,
    spare: usize,
    /// Bytes of the stored header.
    stored: usize,
}

impl Parts {
    /// A packet of no bytes with about that room before it, or `None` without memory.
    pub(super) fn new(header_space: usize) -> Option<Self> {
        let space = header_space.min(ROOM).next_multiple_of(8).clamp(PART_BYTES, ROOM);
        let home = Block::new()?;
        let first = Part {
            block: home.clone(),
            start: space,
            used: 0,
            head: space - PART_BYTES,
            tail: ROOM - space,
            shared: false,
            stored: false,
        };
        Some(Self { list: vec![first], bytes: 0, home, spare: 0, stored: 0 })
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Part> {
        self.list.iter()
    }

    /// Grows at the end. The pointer is that of the new bytes if they lie together; else they are only there.
    pub(super) fn append_size(&mut self, size: usize) -> Result<Option<*mut u8>, status_t> {
        let before = self.bytes;
        // A packet that was cut down to nothing has no part left: what Haiku adds there is counted, and never found.
        let last = self.list.last_mut().ok_or(B_ERROR)?;
        let room = last.tail;
        if room >= size {
            self.bytes += size;
            last.tail -= size;
            last.used += size;
            return Ok(Some(last.at(last.used - size)));
        }
        last.used += room;
        last.tail = 0;
        self.bytes += room;
        while self.bytes - before < size {
            let used = TAIL_ROOM.min(size - (self.bytes - before));
            let Some(block) = Block::new() else {
                self.trim(before)?;
                return Err(B_NO_MEMORY);
            };
            let tail = TAIL_ROOM - used;
            self.list.push(Part { block, start: PART_BYTES, used, head: 0, tail, shared: false, stored: false });
            self.bytes += used;
        }
        Ok(None)
    }

    /// Grows at the front, in the same manner.
    pub(super) fn prepend_size(&mut self, size: usize) -> Result<Option<*mut u8>, status_t> {
        let stored = self.stored;
        let Some(first) = self.list.first_mut() else { return Err(B_ERROR) };
        if first.stored {
            first.stored = false;
            first.head += if first.shared { 0 } else { stored };
            self.stored = 0;
        }
        if first.head >= size {
            first.head -= size;
            first.start -= size;
            first.used += size;
            self.bytes += size;
            return Ok(Some(first.at(0)));
        }
        let mut left = size;
        while left > 0 {
            if self.list.first().is_none_or(|first| first.head == 0) {
                let Some(block) = Block::new() else {
                    self.remove_header(size - left)?;
                    return Err(B_NO_MEMORY);
                };
                let part = Part { block, start: ROOM, used: 0, head: TAIL_ROOM, tail: 0, shared: false, stored: false };
                self.list.insert(0, part);
            }
            let Some(first) = self.list.first_mut() else { return Err(B_ERROR) };
            let taken = left.min(first.head);
            first.head -= taken;
            first.start -= taken;
            first.used += taken;
            self.bytes += taken;
            left -= taken;
        }
        Ok(None)
    }

    /// Cuts the end off. Bytes of a part that is not shared become room, which a clone may still show.
    pub(super) fn trim(&mut self, size: usize) -> Result<(), status_t> {
        if size > self.bytes {
            return Err(B_BAD_VALUE);
        }
        if size == self.bytes {
            return Ok(());
        }
        let (index, within) = self.find(size).ok_or(B_BAD_VALUE)?;
        let mut keep = index;
        if let Some(part) = self.list.get_mut(index) {
            part.tail += if part.shared { 0 } else { part.used - within };
            part.used = within;
            keep += usize::from(within > 0);
        }
        self.list.truncate(keep);
        self.bytes = size;
        Ok(())
    }

    /// Cuts the front off. A part that becomes empty goes, and its room with it.
    pub(super) fn remove_header(&mut self, size: usize) -> Result<(), status_t> {
        if size > self.bytes {
            return Err(B_BAD_VALUE);
        }
        let mut left = size;
        let gone = self.list.iter().take_while(|part| {
            let goes = part.used <= left;
            left -= if goes { part.used } else { 0 };
            goes
        });
        let gone = gone.count();
        if gone > 0 {
            self.stored = 0;
        }
        self.list.drain(..gone);
        if let Some(first) = self.list.first_mut() {
            first.start += left;
            first.used -= left;
            if first.stored {
                self.stored += left;
            } else if !first.shared {
                first.head += left;
            }
        }
        self.bytes -= size;
        Ok(())
    }

    /// Shows some of another packet's bytes at the end, without a copy.
    pub(super) fn append_shared(&mut self, source: &Self, offset: usize, size: usize) -> Result<(), status_t> {
        if size == 0 {
            return Ok(());
        }
        if source.bytes < offset + size {
            return Err(B_BAD_VALUE);
        }
        let before = self.bytes;
        let (index, mut within) = source.find(offset).ok_or(B_BAD_VALUE)?;
        let mut left = size;
        for part in source.list.iter().skip(index) {
            if left == 0 {
                break;
            }
            if let Err(status) = self.pay_for_part() {
                self.trim(before)?;
                return Err(status);
            }
            let used = left.min(part.used - within);
            let stored = self.list.is_empty() && part.stored;
            if self.list.is_empty() {
                self.stored = source.stored;
            }
            let (block, start) = (part.block.clone(), part.start + within);
            self.list.push(Part { block, start, used, head: 0, tail: 0, shared: true, stored });
            self.bytes += used;
            left -= used;
            within = 0;
        }
        Ok(())
    }

    /// Takes all of another packet's bytes over.
    pub(super) fn merge(&mut self, mut with: Self, at: End) {
        self.bytes += with.bytes;
        match at {
            End::After => self.list.append(&mut with.list),
            End::Before => drop(self.list.splice(0..0, with.list)),
        }
    }

    /// Begins to keep what is removed from the front.
    pub(super) fn store_header(&mut self) -> Result<(), status_t> {
        let stored = std::mem::take(&mut self.stored);
        let first = self.list.first_mut().ok_or(B_ERROR)?;
        if first.stored {
            first.stored = false;
            first.head += if first.shared { 0 } else { stored };
            return Err(B_ERROR);
        }
        first.stored = true;
        Ok(())
    }

    /// Bytes that were removed since, if anything was stored.
    pub(super) fn stored_header(&self) -> Result<usize, status_t> {
        self.list.first().filter(|first| first.is_stored()).map(|_| self.stored).ok_or(B_BAD_VALUE)
    }

    /// Where bytes are, by their place in the packet as it was when its header was stored.
    pub(super) fn restored(&self, offset: usize, size: usize) -> Result<Restored, status_t> {
        if offset >= self.stored {
            return Ok(Restored { header: None, rest: offset - self.stored });
        }
        let first = self.list.first().ok_or(B_BAD_VALUE)?;
        if offset + size > self.stored + self.bytes {
            return Err(B_BAD_VALUE);
        }
        let at = first.block.at((first.start + offset).saturating_sub(self.stored));
        Ok(Restored { header: Some((at, size.min(self.stored - offset))), rest: 0 })
    }

    /// Where that many bytes lie together, if they do.
    pub(super) fn contiguous(&self, offset: usize, size: usize) -> Result<*mut u8, status_t> {
        if offset + size > self.bytes {
            return Err(B_BAD_VALUE);
        }
        let (index, within) = self.find(offset).ok_or(B_BAD_VALUE)?;
        let part = self.list.get(index).ok_or(B_BAD_VALUE)?;
        if size > part.used - within { Err(B_ERROR) } else { Ok(part.at(within)) }
    }

    /// Calls for every stretch of those bytes, with its address and length, until one returns an error.
    pub(super) fn each(
        &self,
        offset: usize,
        size: usize,
        mut act: impl FnMut(*mut u8, usize) -> status_t,
    ) -> Result<(), status_t> {
        if offset + size > self.bytes {
            return Err(B_BAD_VALUE);
        }
        if size == 0 {
            return Ok(());
        }
        let (index, mut within) = self.find(offset).ok_or(B_BAD_VALUE)?;
        let mut left = size;
        for part in self.list.iter().skip(index) {
            let stretch = left.min(part.used - within);
            match act(part.at(within), stretch) {
                B_OK => {}
                status => return Err(status),
            }
            left -= stretch;
            if left == 0 {
                break;
            }
            within = 0;
        }
        Ok(())
    }

    /// Copies bytes of the packet out, or in.
    ///
    /// # Safety
    /// `other` is the address of `size` bytes that the caller may read, or write, for this call. It may be a program's
    /// address, at which anything may be.
    pub(super) unsafe fn transfer(&self, offset: usize, other: *mut u8, size: usize, way: Way) -> Result<(), status_t> {
        let mut done = 0;
        self.each(offset, size, |here, bytes| {
            let other = other.wrapping_add(done);
            done += bytes;
            match way {
                // SAFETY: `here` has `bytes` bytes by `each`, `other` by the caller.
                Way::Out => unsafe { copy(other, here, bytes) },
                // SAFETY: as above.
                Way::In => unsafe { copy(here, other, bytes) },
            }
        })
    }

    /// The part that the byte at that offset lies in, and where in it.
    fn find(&self, offset: usize) -> Option<(usize, usize)> {
        let mut end = 0;
        for (index, part) in self.list.iter().enumerate() {
            end += part.used;
            if offset < end {
                return Some((index, offset + part.used - end));
            }
        }
        None
    }

    /// Descriptions of parts that are added later take room from the first piece; a new one when it is used up.
    fn pay_for_part(&mut self) -> Result<(), status_t> {
        let home = &self.home;
        let room = match self.list.iter_mut().find(|part| !part.shared && part.block.is(home)) {
            Some(part) => &mut part.head,
            None => &mut self.spare,
        };
        if *room >= PART_BYTES {
            *room -= PART_BYTES;
        } else {
            self.home = Block::new().ok_or(B_NO_MEMORY)?;
            self.spare = TAIL_ROOM;
        }
        Ok(())
    }
}

/// Where bytes of a packet are whose header was stored.
pub(super) struct Restored {
    /// Those in the stored header: where they lie, and how many there are.
    pub(super) header: Option<(*mut u8, usize)>,
    /// Where the others begin in the packet.
    pub(super) rest: usize,
}

/// Which way bytes are copied: out of the packet, or into it.
#[derive(Clone, Copy)]
pub(super) enum Way {
    Out,
    In,
}

/// Where one packet is added to another.
#[derive(Clone, Copy)]
pub(super) enum End {
    After,
    Before,
}
