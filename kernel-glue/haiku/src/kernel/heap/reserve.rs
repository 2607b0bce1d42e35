//! Blocks of memory that are set aside, and handed out in granules.

mod granules;

use super::super::{Spin, Status, imports};
use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use granules::{GRANULE_BYTES, Granules};

/// Blocks at most: one for ordinary changes, and one for each that is under way with large tables.
const BLOCKS: usize = 4;
/// The smallest block: two ordinary changes at once.
const BLOCK_BYTES: usize = 512 * 1024;
/// A page, so that any alignment within it can be had.
const BLOCK_ALIGNMENT: usize = 4096;

/// The blocks there are.
static BLOCKS_LOCK: Spin<[Option<Block>; BLOCKS]> = Spin::new([const { None }; BLOCKS]);
/// Where each block begins and ends, for those who only ask whether an address lies in one. Zero where there is none.
///
/// They are changed under the lock. Whoever gives memory back that lies in a block sees the block, which is there as long
/// as anything in it is in use.
static RANGES: [(AtomicUsize, AtomicUsize); BLOCKS] = [const { (AtomicUsize::new(0), AtomicUsize::new(0)) }; BLOCKS];

struct Block {
    start: NonNull<u8>,
    granules: Granules,
}

// SAFETY: the block is memory of the kernel's heap, which belongs to no thread.
unsafe impl Send for Block {}

/// Makes sure that so many bytes can be had in one piece.
pub(super) fn fill(bytes: usize) -> Result<(), Status> {
    if has(bytes) {
        return Ok(());
    }
    // Outside the lock: the kernel's heap may wait.
    let made = Block::new(bytes.max(BLOCK_BYTES)).ok_or(Status::B_NO_MEMORY)?;
    let mut blocks = BLOCKS_LOCK.lock();
    let Some((slot, range)) = blocks.iter_mut().zip(&RANGES).find(|(slot, _)| slot.is_none()) else {
        drop(blocks);
        made.free();
        return if has(bytes) { Ok(()) } else { Err(Status::B_NO_MEMORY) };
    };
    range.0.store(made.start.addr().get(), Ordering::Relaxed);
    range.1.store(made.end(), Ordering::Release);
    *slot = Some(made);
    Ok(())
}

/// Takes memory out of the reserve; null if there is none.
#[cold]
pub(super) fn take(layout: Layout) -> *mut u8 {
    let mut blocks = BLOCKS_LOCK.lock();
    let found = blocks.iter_mut().flatten().find_map(|block| block.take(layout));
    found.map_or(core::ptr::null_mut(), NonNull::as_ptr)
}

/// Takes memory back, and returns whether it is the reserve's.
pub(super) fn give(memory: *mut u8, layout: Layout) -> bool {
    let address = memory.addr();
    let within = |range: &(AtomicUsize, AtomicUsize)| {
        address < range.1.load(Ordering::Acquire) && range.0.load(Ordering::Relaxed) <= address
    };
    let Some(number) = RANGES.iter().position(within) else { return false };
    let mut blocks = BLOCKS_LOCK.lock();
    if let Some(Some(block)) = blocks.get_mut(number) {
        let at = (address - block.start.addr().get()) / GRANULE_BYTES;
        block.granules.give(at, layout.size().div_ceil(GRANULE_BYTES));
    }
    true
}

fn has(bytes: usize) -> bool {
    BLOCKS_LOCK.lock().iter().flatten().any(|block| block.granules.longest_free() * GRANULE_BYTES >= bytes)
}

impl Block {
    /// Takes a block from the kernel's heap.
    fn new(bytes: usize) -> Option<Self> {
        let granules = bytes.div_ceil(GRANULE_BYTES);
        let map_bytes = Granules::map_words(granules) * size_of::<u64>();
        let bytes = granules * GRANULE_BYTES;
        // SAFETY: the alignment is a power of two, and the size is not zero.
        let start = NonNull::new(unsafe { imports::memalign(BLOCK_ALIGNMENT, bytes + map_bytes) })?.cast::<u8>();
        // SAFETY: the map lies within the memory, behind the granules.
        let map = unsafe { start.add(bytes) }.cast::<u64>();
        // SAFETY: as many words lie there, aligned as granules are, and nothing else uses them.
        let granules = unsafe { Granules::new(map, granules) };
        Some(Self { start, granules })
    }

    fn end(&self) -> usize {
        self.start.addr().get() + self.granules.count() * GRANULE_BYTES
    }

    fn take(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        if layout.align() > BLOCK_ALIGNMENT {
            return None;
        }
        let every = layout.align().div_ceil(GRANULE_BYTES);
        let at = self.granules.take(layout.size().div_ceil(GRANULE_BYTES), every)?;
        // SAFETY: the granules that were taken lie within the block.
        Some(unsafe { self.start.add(at * GRANULE_BYTES) })
    }

    fn free(self) {
        // SAFETY: it came from `memalign`, and nothing of it is in use.
        unsafe { imports::free(self.start.as_ptr().cast()) };
    }
}
