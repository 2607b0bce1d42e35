//! Blocks of memory that are set aside, and handed out in granules.

mod granules;

use super::super::{Spin, Status, imports};
use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use granules::{GRANULE_BYTES, Granules};

/// Blocks at most: some of each size that stays, for what is in use of one is not there for the next, and those that go
/// again.
const BLOCKS: usize = 16;
/// The smallest block: two ordinary changes at once.
const BLOCK_BYTES: usize = 512 * 1024;
/// The largest block that stays once it is made: what a state of some hundred interfaces asks for again and again. A power
/// of two, as the sizes of all that stay, so that a state that grows makes few.
const STAYING_BYTES: usize = 4 * 1024 * 1024;
/// A page, so that any alignment within it can be had.
const BLOCK_ALIGNMENT: usize = 4096;

static RESERVE: Spin<Reserve> = Spin::new(Reserve { blocks: [const { None }; BLOCKS], holders: 0 });
/// Where each block begins and ends, for those who only ask whether an address may lie in one. Zero where there is none.
///
/// They are changed under the lock. Whoever gives memory back that lies in a block sees the block, which is there as long
/// as anything in it is in use; others may see the beginning of one and the end of another, and look again under the lock.
static RANGES: [(AtomicUsize, AtomicUsize); BLOCKS] = [const { (AtomicUsize::new(0), AtomicUsize::new(0)) }; BLOCKS];

struct Reserve {
    blocks: [Option<Block>; BLOCKS],
    /// Those who may still need a block that does not stay.
    holders: usize,
}

struct Block {
    start: NonNull<u8>,
    granules: Granules,
}

// SAFETY: the block is memory of the kernel's heap, which belongs to no thread.
unsafe impl Send for Block {}

/// Makes sure that so many bytes can be had in one piece, from a block that stays where one is large enough.
pub(super) fn fill(bytes: usize) -> Result<(), Status> {
    if RESERVE.lock().has(bytes) {
        return Ok(());
    }
    let size = match bytes {
        0..=STAYING_BYTES => bytes.max(BLOCK_BYTES).next_power_of_two(),
        _ => bytes,
    };
    // Outside the lock: the kernel's heap may wait.
    let made = Block::new(size).ok_or(Status::B_NO_MEMORY)?;
    let Err(made) = RESERVE.lock().enter(made) else { return Ok(()) };
    made.free();
    if RESERVE.lock().has(bytes) { Ok(()) } else { Err(Status::B_NO_MEMORY) }
}

/// Has every block stay until [`let_go`].
pub(super) fn hold() {
    RESERVE.lock().holders += 1;
}

/// Gives blocks back to the kernel that do not stay, once nobody else holds them. What is in use of one keeps it.
pub(super) fn let_go() {
    RESERVE.lock().holders -= 1;
    loop {
        let idle = RESERVE.lock().take_idle();
        match idle {
            // Outside the lock.
            Some(block) => block.free(),
            None => return,
        }
    }
}

/// Takes memory out of the reserve; null if there is none.
#[cold]
pub(super) fn take(layout: Layout) -> *mut u8 {
    let mut reserve = RESERVE.lock();
    let found = reserve.blocks.iter_mut().flatten().find_map(|block| block.take(layout));
    found.map_or(core::ptr::null_mut(), NonNull::as_ptr)
}

/// Takes memory back, and returns whether it is the reserve's.
pub(super) fn give(memory: *mut u8, layout: Layout) -> bool {
    let address = memory.addr();
    let within = |range: &(AtomicUsize, AtomicUsize)| {
        address < range.1.load(Ordering::Acquire) && range.0.load(Ordering::Relaxed) <= address
    };
    RANGES.iter().any(within) && RESERVE.lock().give(address, layout)
}

impl Reserve {
    /// Returns whether a block has so many bytes in one piece; for what blocks that stay are made for, one that stays.
    fn has(&self, bytes: usize) -> bool {
        let serves = |block: &&Block| bytes > STAYING_BYTES || block.stays();
        let mut blocks = self.blocks.iter().flatten().filter(serves);
        blocks.any(|block| block.granules.longest_free() * GRANULE_BYTES >= bytes)
    }

    /// Enters a block, which comes back where there are as many as may be.
    fn enter(&mut self, block: Block) -> Result<(), Block> {
        let Some((slot, range)) = self.blocks.iter_mut().zip(&RANGES).find(|(slot, _)| slot.is_none()) else {
            return Err(block);
        };
        range.0.store(block.start.addr().get(), Ordering::Relaxed);
        range.1.store(block.end(), Ordering::Release);
        *slot = Some(block);
        Ok(())
    }

    /// Takes a block out that does not stay, and of which nothing is in use or expected.
    fn take_idle(&mut self) -> Option<Block> {
        if self.holders > 0 {
            return None;
        }
        let idle =
            |slot: &Option<Block>| slot.as_ref().is_some_and(|block| !block.stays() && block.granules.are_free());
        let (slot, range) = self.blocks.iter_mut().zip(&RANGES).find(|(slot, _)| idle(slot))?;
        range.1.store(0, Ordering::Relaxed);
        range.0.store(0, Ordering::Relaxed);
        slot.take()
    }

    fn give(&mut self, address: usize, layout: Layout) -> bool {
        let Some(block) = self.blocks.iter_mut().flatten().find(|block| block.contains(address)) else { return false };
        let at = (address - block.start.addr().get()) / GRANULE_BYTES;
        block.granules.give(at, layout.size().div_ceil(GRANULE_BYTES));
        true
    }
}

impl Block {
    /// Takes a block from the kernel's heap.
    fn new(bytes: usize) -> Option<Self> {
        let granules = bytes.div_ceil(GRANULE_BYTES);
        let map_bytes = Granules::map_words(granules) * size_of::<u64>();
        let bytes = granules.checked_mul(GRANULE_BYTES)?;
        // SAFETY: the alignment is a power of two, and the size is not zero.
        let start = unsafe { imports::memalign(BLOCK_ALIGNMENT, bytes.checked_add(map_bytes)?) };
        let start = NonNull::new(start)?.cast::<u8>();
        // SAFETY: the map lies within the memory, behind the granules.
        let map = unsafe { start.add(bytes) }.cast::<u64>();
        // SAFETY: as many words lie there, aligned as granules are, and nothing else uses them.
        let granules = unsafe { Granules::new(map, granules) };
        Some(Self { start, granules })
    }

    /// Returns whether it is kept for good.
    fn stays(&self) -> bool {
        self.granules.count() * GRANULE_BYTES <= STAYING_BYTES
    }

    fn contains(&self, address: usize) -> bool {
        (self.start.addr().get()..self.end()).contains(&address)
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
