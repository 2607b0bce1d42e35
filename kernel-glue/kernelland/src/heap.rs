//! The kernel's heap for module code: every block is known, poisoned when it comes and when it goes, and guarded behind its end.
//!
//! Freed blocks wait a while before their memory is used again: a late write into one shows when it leaves, or when [`check`] looks.

use crate::thread::locked;
use std::alloc::{Layout, alloc, dealloc};
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

/// A block that is in use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Block {
    pub(crate) address: usize,
    pub(crate) size: usize,
    /// Where the code is that asked for it.
    pub(crate) caller: usize,
    align: usize,
}

/// Allocates; `None` without memory, or when a failure is injected.
pub(crate) fn allocate(size: usize, align: usize, caller: usize) -> Option<*mut u8> {
    if crate::inject::fails(caller) {
        return None;
    }
    let align = align.max(MIN_ALIGN).checked_next_power_of_two()?;
    let layout = layout(size, align)?;
    // SAFETY: the layout is not empty, because of the guard.
    let memory = unsafe { alloc(layout) };
    if memory.is_null() {
        return None;
    }
    fill(memory, size, FRESH);
    fill(memory.wrapping_add(size), GUARD_BYTES, GUARD);
    let address = memory.expose_provenance();
    locked(&LIVE).get_or_insert_default().insert(address, Block { address, size, caller, align });
    Some(memory)
}

/// Frees a block; null is none.
pub(crate) fn free(memory: *mut u8) {
    if memory.is_null() {
        return;
    }
    let Some(block) = locked(&LIVE).get_or_insert_default().remove(&(memory as usize)) else {
        crate::fault::fail(&format!("free: {memory:p} is no block, or freed already"));
    };
    check_guard(&block);
    fill(memory, block.size, FREED);
    let mut old = Vec::new();
    {
        let mut resting = locked(&RESTING);
        resting.blocks.push_back(block);
        resting.bytes = resting.bytes.saturating_add(block.size);
        while resting.bytes > RESTING_BYTES || resting.blocks.len() > RESTING_BLOCKS {
            let Some(block) = resting.blocks.pop_front() else { break };
            resting.bytes = resting.bytes.saturating_sub(block.size);
            old.push(block);
        }
    }
    for block in old {
        retire(block);
    }
}

/// Returns the size of a block in use.
pub(crate) fn size_of(memory: *mut u8) -> Option<usize> {
    locked(&LIVE).as_ref()?.get(&(memory as usize)).map(|block| block.size)
}

/// Returns every block in use.
pub(crate) fn live() -> Vec<Block> {
    locked(&LIVE).iter().flatten().map(|(_, block)| *block).collect()
}

/// Looks for writes that nobody may make: behind blocks in use, into freed blocks and into freed objects of caches.
pub(crate) fn check() {
    for block in locked(&LIVE).iter().flatten().map(|(_, block)| block) {
        check_guard(block);
    }
    for block in &locked(&RESTING).blocks {
        check_freed(block);
    }
    crate::cache::check();
}

/// Gives the memory of a freed block back, once nobody has written into it.
fn retire(block: Block) {
    check_freed(&block);
    if let Some(layout) = layout(block.size, block.align) {
        let memory = std::ptr::with_exposed_provenance_mut::<u8>(block.address);
        // SAFETY: the block came from `alloc` with this layout, and left the list of blocks that wait for this.
        unsafe { dealloc(memory, layout) };
    }
}

fn check_freed(block: &Block) {
    let memory = std::ptr::with_exposed_provenance_mut::<u8>(block.address);
    if !is_filled(memory, block.size, FREED) {
        crate::fault::fail(&format!(
            "freed memory was written to: {:#x}, {} bytes, allocated by {}",
            block.address,
            block.size,
            crate::fault::place(block.caller)
        ));
    }
    check_guard(block);
}

fn check_guard(block: &Block) {
    let guard = std::ptr::with_exposed_provenance_mut::<u8>(block.address.wrapping_add(block.size));
    if !is_filled(guard, GUARD_BYTES, GUARD) {
        crate::fault::fail(&format!(
            "written beyond the end of a block: {:#x}, {} bytes, allocated by {}",
            block.address,
            block.size,
            crate::fault::place(block.caller)
        ));
    }
}

pub(crate) fn fill(memory: *mut u8, bytes: usize, with: u8) {
    // SAFETY: every caller owns these bytes of a block that it allocates or frees.
    unsafe { memory.write_bytes(with, bytes) };
}

pub(crate) fn is_filled(memory: *mut u8, bytes: usize, with: u8) -> bool {
    // SAFETY: every caller owns these bytes, which `fill` has written before.
    let bytes = unsafe { std::slice::from_raw_parts(memory, bytes) };
    // Each byte is as the one before it: one comparison of memory, where a loop would cost more than the packet.
    match (bytes.split_first(), bytes.split_last()) {
        (Some((first, after)), Some((_, before))) => *first == with && after == before,
        (None, _) | (_, None) => true,
    }
}

fn layout(size: usize, align: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(GUARD_BYTES)?, align).ok()
}

struct Resting {
    blocks: VecDeque<Block>,
    bytes: usize,
}

static LIVE: Mutex<Option<HashMap<usize, Block>>> = Mutex::new(None);
static RESTING: Mutex<Resting> = Mutex::new(Resting { blocks: VecDeque::new(), bytes: 0 });

/// What C expects of `malloc` on x86_64.
const MIN_ALIGN: usize = 16;
/// Memory that nobody has written yet.
pub(crate) const FRESH: u8 = 0xcc;
/// Memory that was given back.
pub(crate) const FREED: u8 = 0xde;
const GUARD: u8 = 0xfd;
const GUARD_BYTES: usize = 16;
const RESTING_BYTES: usize = 4 * 1024 * 1024;
const RESTING_BLOCKS: usize = 4096;

#[cfg(test)]
mod tests;
