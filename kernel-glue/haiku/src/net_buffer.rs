//! Packets that we own.

use crate::kernel::Status;
use crate::kernel::user::UserMemory;
use crate::stack::{self, Buffers};
use core::cell::Cell;
use core::ffi::c_void;
use core::fmt;
use core::ptr::NonNull;
use frame::{FrameBuf, HEAD_BYTES, Meta};
use haiku_abi::{net_buffer, net_interface_address};

/// A packet that is ours. It carries no reference to an interface: one that it held would keep the interface alive for
/// as long as nobody reads the packet, and would end it where the packet is freed.
pub(crate) struct NetBuf {
    raw: NonNull<net_buffer>,
    /// The first bytes, [`HEAD_BYTES`] or the whole packet, contiguous.
    head: NonNull<u8>,
    /// At most [`HEAD_BYTES`].
    head_bytes: u32,
    /// Whether its bytes are this packet's alone, and its other members as a new packet has them.
    fresh: Cell<bool>,
}

// SAFETY: the stack's packets belong to no thread.
unsafe impl Send for NetBuf {}

/// What is left of a packet that was taken over, until it is clear whether it stays so. Dropping it gives back what the
/// packet referred to, which may end that interface.
#[derive(Debug)]
pub(crate) enum Adoption {
    /// The packet itself is the one that is ours now; its reference, if it had one, was taken off it.
    Whole(Option<NonNull<net_interface_address>>),
    /// Its first bytes lie in pieces: ours is a copy, and this one is as it was.
    Copied(NonNull<net_buffer>),
}

impl NetBuf {
    /// Takes over a packet that the stack sends, and takes off it what it refers to.
    ///
    /// The caller drops the [`Adoption`] when it holds no lock and touches no unit any more, or undoes it.
    ///
    /// # Safety
    /// The packet is the caller's. If it is not taken over, it stays so, unchanged.
    pub(crate) unsafe fn adopt(raw: NonNull<net_buffer>) -> Option<(Self, Adoption)> {
        let table = buffers()?;
        let Some((head, head_bytes)) = head_of(table, raw) else {
            return Some((Self::copy_of(raw)?, Adoption::Copied(raw)));
        };
        // SAFETY: the packet is alive, and nobody else has it.
        let packet = unsafe { &mut *raw.as_ptr() };
        let address = core::mem::replace(&mut packet.interface_address, core::ptr::null_mut());
        let owned = Self { raw, head, head_bytes, fresh: Cell::new(false) };
        Some((owned, Adoption::Whole(NonNull::new(address))))
    }

    /// Undoes [`Self::adopt`]: the packet that it was given is the caller's again, as it was. `self` is what came of it.
    pub(crate) fn disown(self, adoption: Adoption) {
        if let Adoption::Whole(address) = adoption {
            let raw = self.into_raw();
            // SAFETY: the packet is alive, and nobody else has it.
            unsafe { (*raw.as_ptr()).interface_address = address.map_or(core::ptr::null_mut(), NonNull::as_ptr) };
        }
        core::mem::forget(adoption);
    }

    /// Copies the bytes of a packet that somebody else has; `None` without memory.
    ///
    /// # Safety
    /// The packet is alive, and nobody changes it meanwhile.
    pub(crate) unsafe fn copy_of_borrowed(raw: NonNull<net_buffer>) -> Option<Self> {
        Self::copy_of(raw)
    }

    fn copy_of(raw: NonNull<net_buffer>) -> Option<Self> {
        // SAFETY: the packet is alive.
        let bytes = unsafe { (*raw.as_ptr()).size } as usize;
        Self::build(bytes, |table, new| {
            let Room::Contiguous(room) = new.room(bytes)? else { return copy_by_pieces(table, raw, new, bytes) };
            // SAFETY: there is room for as many bytes as the packet has.
            ok(unsafe { (table.read)(raw.as_ptr(), 0, room.as_ptr(), bytes) })
        })
    }

    /// Makes a packet of pieces; `None` without memory.
    pub(crate) fn from_pieces(pieces: &[&[u8]]) -> Option<Self> {
        let bytes = pieces.iter().map(|piece| piece.len()).sum();
        Self::build(bytes, |table, new| {
            new.room(bytes)?;
            let mut at = 0;
            for piece in pieces {
                // SAFETY: the packet has room for all pieces.
                ok(unsafe { (table.write)(new.0.as_ptr(), at, piece.as_ptr().cast(), piece.len()) })?;
                at += piece.len();
            }
            Some(())
        })
    }

    /// Makes a packet of bytes of a program.
    ///
    /// # Errors
    /// [`Status::ENOBUFS`] without memory, [`Status::B_BAD_ADDRESS`].
    pub(crate) fn from_user(memory: UserMemory) -> Result<Self, Status> {
        let mut bad = false;
        let made = Self::build(memory.bytes(), |table, new| {
            new.room(memory.bytes())?;
            // SAFETY: the packet has room for as much; the address is checked by the kernel as it copies.
            let written = ok(unsafe { (table.write)(new.0.as_ptr(), 0, memory.address(), memory.bytes()) });
            bad = written.is_none();
            written
        });
        made.ok_or(if bad { Status::B_BAD_ADDRESS } else { Status::ENOBUFS })
    }

    /// Gives the packet away.
    pub(crate) fn into_raw(self) -> NonNull<net_buffer> {
        let raw = self.raw;
        core::mem::forget(self);
        raw
    }

    /// Returns the packet as the stack is to receive it: bytes that nobody else has, for it writes to them.
    pub(crate) fn into_fresh(self) -> Option<Self> {
        if self.fresh.get() { Some(self) } else { Self::copy_of(self.raw) }
    }

    /// Returns how many bytes there are.
    pub(crate) fn bytes(&self) -> usize {
        // SAFETY: the packet is alive as long as `self`.
        unsafe { (*self.raw.as_ptr()).size as usize }
    }

    /// Returns all bytes, if they lie in one piece.
    pub(crate) fn contiguous(&self) -> Option<&[u8]> {
        let bytes = self.bytes();
        let start = access(buffers()?, self.raw, bytes)?;
        // SAFETY: the stack said that as many bytes lie there; they stay while `self` is borrowed.
        Some(unsafe { core::slice::from_raw_parts(start.as_ptr(), bytes) })
    }

    /// Returns all bytes for writing, if they lie in one piece and are this packet's alone.
    pub(crate) fn contiguous_mut(&mut self) -> Option<&mut [u8]> {
        if !self.fresh.get() {
            return None;
        }
        let bytes = self.bytes();
        let start = access(buffers()?, self.raw, bytes)?;
        // SAFETY: as in `contiguous`; nobody else has the bytes.
        Some(unsafe { core::slice::from_raw_parts_mut(start.as_ptr(), bytes) })
    }

    /// Copies bytes from a place on, as many as `to` holds, and returns whether there are as many.
    #[must_use]
    pub(crate) fn read(&self, from: usize, to: &mut [u8]) -> bool {
        let Some(table) = buffers() else { return false };
        if from.checked_add(to.len()).is_none_or(|end| end > self.bytes()) {
            return false;
        }
        // SAFETY: the packet is ours, and has as many bytes; `to` is as long.
        unsafe { (table.read)(self.raw.as_ptr(), from, to.as_mut_ptr().cast(), to.len()) >= 0 }
    }

    /// Copies the first bytes to a program, as many as its memory holds and there are.
    ///
    /// # Errors
    /// [`Status::B_BAD_ADDRESS`].
    pub(crate) fn read_to_user(&self, memory: UserMemory) -> Result<usize, Status> {
        let table = buffers().ok_or(Status::B_ERROR)?;
        let bytes = self.bytes().min(memory.bytes());
        // SAFETY: the packet has as many bytes; the address is checked by the kernel as it copies.
        Status::check(unsafe { (table.read)(self.raw.as_ptr(), 0, memory.address(), bytes) })?;
        Ok(bytes)
    }

    /// Drops bytes before a place and behind an end that lie within the packet; the packet is lost if it has them not.
    pub(crate) fn cut(self, start: usize, bytes: usize) -> Option<Self> {
        let table = buffers()?;
        let raw = self.raw;
        if start.checked_add(bytes)? > self.bytes() {
            return None;
        }
        // SAFETY: the packet is ours and has as many bytes.
        ok(unsafe { (table.trim)(raw.as_ptr(), start + bytes) })?;
        if start > 0 {
            // SAFETY: as above.
            ok(unsafe { (table.remove_header)(raw.as_ptr(), start) })?;
        }
        self.with_head(table)
    }

    /// Puts a header before the packet; without memory the packet is lost.
    pub(crate) fn prepend(self, header: &[u8]) -> Option<Self> {
        let table = buffers()?;
        // SAFETY: the packet is ours; `header` is as long as is said.
        ok(unsafe { (table.prepend)(self.raw.as_ptr(), header.as_ptr().cast(), header.len()) })?;
        self.with_head(table)
    }

    /// Finds the head again.
    fn with_head(mut self, table: &Buffers) -> Option<Self> {
        match head_of(table, self.raw) {
            Some((head, head_bytes)) => {
                (self.head, self.head_bytes) = (head, head_bytes);
                Some(self)
            }
            None => Self::copy_of(self.raw),
        }
    }

    /// Makes a packet that `fill` fills.
    fn build(bytes: usize, fill: impl FnOnce(&Buffers, &New) -> Option<()>) -> Option<Self> {
        let table = buffers()?;
        // SAFETY: it has no precondition.
        let new = New(NonNull::new(unsafe { (table.create)(HEADER_ROOM) })?);
        // Room that is not a program's to choose: lengths of packets are 32 bits wide.
        u32::try_from(bytes).ok()?;
        fill(table, &new)?;
        let (head, head_bytes) = head_of(table, new.0)?;
        let raw = new.0;
        core::mem::forget(new);
        Some(Self { raw, head, head_bytes, fresh: Cell::new(true) })
    }
}

impl Drop for Adoption {
    fn drop(&mut self) {
        match *self {
            Self::Whole(None) => {}
            // SAFETY: the reference came off a packet that was ours, with the packet.
            Self::Whole(Some(address)) => unsafe { stack::put_address(address.as_ptr()) },
            // SAFETY: whoever gave the packet has given it away, and nobody else has it.
            Self::Copied(raw) => unsafe { free(raw) },
        }
    }
}

impl FrameBuf for NetBuf {
    fn head(&self) -> &[u8] {
        // SAFETY: as many bytes lie there: the packet's nodes change in methods alone that find the head again.
        unsafe { core::slice::from_raw_parts(self.head.as_ptr(), self.head_bytes as usize) }
    }

    fn meta(&self) -> Meta {
        // The stack finishes checksums and segments itself, and keeps tags in the frame.
        Meta { bytes: u32::try_from(self.bytes()).unwrap_or(u32::MAX), ..Meta::default() }
    }

    fn share(&self) -> Option<Self> {
        let table = buffers()?;
        // SAFETY: the packet is ours; the new one shares its bytes, which are counted.
        let raw = NonNull::new(unsafe { (table.clone)(self.raw.as_ptr(), false) })?;
        let new = New(raw);
        let (head, head_bytes) = head_of(table, raw)?;
        core::mem::forget(new);
        self.fresh.set(false);
        Some(Self { raw, head, head_bytes, fresh: Cell::new(false) })
    }
}

impl Drop for NetBuf {
    fn drop(&mut self) {
        if let Some(table) = buffers() {
            // SAFETY: the packet is ours, and not used again.
            unsafe { (table.free)(self.raw.as_ptr()) };
        }
    }
}

impl fmt::Debug for NetBuf {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NetBuf").field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}

/// Frees a packet that was given away and came back.
///
/// # Safety
/// The packet is the caller's, and not used again.
pub(crate) unsafe fn free(raw: NonNull<net_buffer>) {
    if let Some(table) = buffers() {
        // SAFETY: the caller's condition.
        unsafe { (table.free)(raw.as_ptr()) };
    }
}

/// A packet in the making.
struct New(NonNull<net_buffer>);

/// Where the bytes go that a packet was extended by.
enum Room {
    Contiguous(NonNull<c_void>),
    Pieces,
}

impl New {
    /// Extends the packet by so many bytes.
    fn room(&self, bytes: usize) -> Option<Room> {
        let table = buffers()?;
        let mut room = core::ptr::null_mut();
        // SAFETY: the packet is ours; `room` outlives the call.
        ok(unsafe { (table.append_size)(self.0.as_ptr(), bytes, &raw mut room) })?;
        Some(NonNull::new(room).map_or(Room::Pieces, Room::Contiguous))
    }
}

impl Drop for New {
    fn drop(&mut self) {
        if let Some(table) = buffers() {
            // SAFETY: the packet is ours, and not used again.
            unsafe { (table.free)(self.0.as_ptr()) };
        }
    }
}

fn buffers() -> Option<&'static Buffers> {
    stack::get().map(|stack| &stack.buffers)
}

fn ok(status: i32) -> Option<()> {
    (status >= 0).then_some(())
}

/// Copies a packet that is longer than a piece through a small buffer.
#[inline(never)]
fn copy_by_pieces(table: &Buffers, from: NonNull<net_buffer>, to: &New, bytes: usize) -> Option<()> {
    let mut piece = [0_u8; PIECE_BYTES];
    let mut at = 0;
    while at < bytes {
        let length = PIECE_BYTES.min(bytes - at);
        // SAFETY: both packets have bytes up to `at + length`, and `piece` holds as many.
        ok(unsafe { (table.read)(from.as_ptr(), at, piece.as_mut_ptr().cast(), length) })?;
        // SAFETY: as above.
        ok(unsafe { (table.write)(to.0.as_ptr(), at, piece.as_ptr().cast(), length) })?;
        at += length;
    }
    Some(())
}

fn access(table: &Buffers, raw: NonNull<net_buffer>, bytes: usize) -> Option<NonNull<u8>> {
    if bytes == 0 {
        return Some(NonNull::dangling());
    }
    let mut start = core::ptr::null_mut();
    // SAFETY: the packet is alive; `start` outlives the call.
    ok(unsafe { (table.direct_access)(raw.as_ptr(), 0, bytes, &raw mut start) })?;
    NonNull::new(start.cast())
}

/// Finds the first bytes, if they lie in one piece.
fn head_of(table: &Buffers, raw: NonNull<net_buffer>) -> Option<(NonNull<u8>, u32)> {
    // SAFETY: the packet is alive.
    let bytes = unsafe { (*raw.as_ptr()).size }.min(HEAD_BYTES as u32);
    access(table, raw, bytes as usize).map(|head| (head, bytes))
}

/// Room before a packet of ours: for an Ethernet header and two tags, behind the 56 bytes that the stack keeps of what is
/// asked for.
const HEADER_ROOM: usize = 56 + 24;
/// Small enough for any stack.
const PIECE_BYTES: usize = 256;
