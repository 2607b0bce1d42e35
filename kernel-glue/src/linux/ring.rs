//! The receive ring of a packet socket: frames in memory that the kernel shares with us (`TPACKET_V2`).
//!
//! Version 3 is no choice: it hands out whole blocks, and a lone frame waits a millisecond for its block to retire.

use super::buffer::{BURST, Burst, Room};
use super::partial::checksum_place;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};
use frame::offload::{Offload, VNET_BYTES};
use frame::{EtherType, Tag};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// Bytes of a slot: the largest GSO frame with the kernel's header, in whole pages. A frame that does not fit is cut.
pub(super) const SLOT_BYTES: usize = 17 * 4096;
/// Slots of a block, 2 MiB.
pub(super) const BLOCK_SLOTS: usize = 30;
/// Blocks of a ring; more gained nothing.
pub(super) const BLOCKS: usize = 2;

/// What ends before a frame: the kernel's own header and the address of the sender.
const HEADER_BYTES: usize = libc::TPACKET2_HDRLEN;

/// A mapped ring. The kernel fills slots in order; we hand them back in order.
pub(super) struct Ring {
    memory: NonNull<u8>,
    /// The slot to look at next.
    next: usize,
    /// Slots before `next` that are not yet handed back.
    taken: usize,
    vnet: Vnet,
}

/// Whether the kernel puts a virtio-net header before each frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Vnet {
    Present,
    Absent,
}

/// What a look into the ring brought.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Taken {
    /// Whether the kernel dropped frames for want of slots since its statistics were read.
    pub(super) losing: bool,
    /// Whether more frames wait.
    pub(super) more: bool,
}

// SAFETY: the mapping belongs to this value alone and is not tied to the thread that made it.
unsafe impl Send for Ring {}

impl Ring {
    /// Maps the ring that was made on `socket` with [`SLOT_BYTES`], [`BLOCK_SLOTS`] and [`BLOCKS`].
    ///
    /// # Safety
    /// A receive ring of that geometry was made on the socket, and no other mapping of it is in use.
    ///
    /// # Errors
    /// `ENOMEM` if no address range is free.
    pub(super) unsafe fn map(socket: BorrowedFd<'_>, vnet: Vnet) -> Result<Self, Errno> {
        let (access, sharing) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: the address is the kernel's choice, so nothing else is mapped over.
        let memory = unsafe { mmap(core::ptr::null_mut(), RING_BYTES, access, sharing, socket, 0) }?;
        let memory = NonNull::new(memory.cast()).ok_or(Errno::NOMEM)?;
        Ok(Self { memory, next: 0, taken: 0, vnet })
    }

    /// Takes waiting frames until the burst is full.
    ///
    /// The frames borrow the ring: they are gone before [`release`](Self::release) can be called.
    pub(super) fn take<'a>(&'a mut self, burst: &mut Burst<'a>) -> Taken {
        let mut taken = Taken::default();
        while self.taken < BURST {
            let status = self.status(self.next).load(Ordering::Acquire);
            if status & libc::TP_STATUS_USER == 0 {
                return taken;
            }
            taken.losing |= status & libc::TP_STATUS_LOSING != 0;
            let slot = self.next;
            self.next = (slot + 1) % SLOTS;
            self.taken += 1;
            if self.read(slot, status, burst) == Room::Full {
                break;
            }
        }
        taken.more = true;
        taken
    }

    /// Hands every taken slot back to the kernel.
    pub(super) fn release(&mut self) {
        for back in (1..=self.taken).rev() {
            let slot = (self.next + SLOTS - back) % SLOTS;
            self.status(slot).store(libc::TP_STATUS_KERNEL, Ordering::Release);
        }
        self.taken = 0;
    }

    fn read<'a>(&self, slot: usize, status: u32, burst: &mut Burst<'a>) -> Room {
        let start = self.slot(slot);
        // SAFETY: the slot begins with this header, which the kernel has written and, having given the slot to us,
        // leaves alone; slots are aligned to pages.
        let header = unsafe { start.cast::<libc::tpacket2_hdr>().read() };
        let (mac, stored) = (usize::from(header.tp_mac), header.tp_snaplen as usize);
        if header.tp_len > header.tp_snaplen || mac < HEADER_BYTES + VNET_BYTES || mac + stored > SLOT_BYTES {
            burst.truncated += 1;
            return Room::More;
        }
        // SAFETY: the frame starts at `mac`, within the slot.
        let frame = unsafe { start.add(mac) };
        // SAFETY: the virtio-net header ends where the frame starts, at least `VNET_BYTES` into the slot.
        let first = unsafe { frame.sub(VNET_BYTES) };
        if self.vnet == Vnet::Absent {
            // SAFETY: these bytes lie in the slot; the kernel leaves them alone until the slot is handed back, and this
            // slice is gone before the line below writes.
            let frame = unsafe { core::slice::from_raw_parts(frame.as_ptr(), stored) };
            let Some(state) = offload_without_header(status, frame) else {
                burst.unknown_offload += 1;
                return Room::More;
            };
            // SAFETY: these bytes lie in the slot between the kernel's header and the frame; nobody else uses them
            // while the slot is ours.
            unsafe { first.cast::<[u8; VNET_BYTES]>().write(state.to_vnet()) };
        }
        // SAFETY: header and frame lie within the slot, checked above; the kernel leaves them alone until the slot
        // is handed back, which takes `&mut self` and so happens after `'a`.
        let stored = unsafe { core::slice::from_raw_parts(first.as_ptr(), VNET_BYTES + stored) };
        burst.push(stored, stripped_tag(status, &header))
    }

    fn status(&self, slot: usize) -> &AtomicU32 {
        let status = self.slot(slot).cast::<u32>();
        // SAFETY: each slot begins with its status word, which both sides access atomically only; the mapping lives
        // as long as `self`.
        unsafe { AtomicU32::from_ptr(status.as_ptr()) }
    }

    fn slot(&self, slot: usize) -> NonNull<u8> {
        debug_assert!(slot < SLOTS, "slot {slot}");
        // SAFETY: slots lie one after the other, blocks being filled up by them, and `slot` is below `SLOTS`.
        unsafe { self.memory.add(slot * SLOT_BYTES) }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the range is the one that `map` got; every frame that borrowed it is gone.
        let unmapped = unsafe { munmap(self.memory.as_ptr().cast(), RING_BYTES) };
        debug_assert!(unmapped.is_ok(), "munmap of a whole mapping");
    }
}

/// Returns the state of a frame that came without a virtio-net header, `None` if it cannot be told.
fn offload_without_header(status: u32, frame: &[u8]) -> Option<Offload> {
    if status & libc::TP_STATUS_CSUMNOTREADY == 0 { Some(Offload::default()) } else { checksum_place(frame) }
}

/// Returns the tag that the kernel keeps beside the bytes.
fn stripped_tag(status: u32, header: &libc::tpacket2_hdr) -> Option<Tag> {
    if status & libc::TP_STATUS_VLAN_VALID == 0 {
        return None;
    }
    let known = status & libc::TP_STATUS_VLAN_TPID_VALID != 0;
    let tpid = if known { EtherType(header.tp_vlan_tpid) } else { EtherType::VLAN };
    Some(Tag { tpid, tci: header.tp_vlan_tci })
}

const SLOTS: usize = BLOCKS * BLOCK_SLOTS;
const RING_BYTES: usize = SLOTS * SLOT_BYTES;
