//! Packets: `network/stack/buffer/v1`.
//!
//! A packet is a C structure that modules of others see, with its bytes in parts behind it. Bytes do not lie together
//! in general, a clone shares them, and what a fresh packet has in the fields that nobody sets is what was there
//! before: code that relies on more than Haiku promises shall fail here too.

mod block;
pub(crate) mod checksum;
mod parts;
mod table;

pub(crate) use table::MODULE;

use crate::stack::address;
use crate::stack::ancillary;
use crate::stack::kernel::Cache;
use crate::stack::member::member;
use crate::stack::sockaddr::Sockaddr;
use haiku_abi::{self as abi, B_BAD_VALUE, net_buffer, status_t};
use parts::{End, PART_BYTES, Parts, Restored, Way};
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr::{NonNull, null_mut};

/// A packet with what the stack keeps behind it.
#[repr(C)]
struct Whole {
    abi: net_buffer,
    parts: Parts,
    ancillary: *mut abi::ancillary_data_container,
    addresses: [Sockaddr; 2],
}

static WHOLES: Cache = Cache::new(c"net buffer cache", size_of::<Whole>());

/// What came of sending a packet: whoever sends gets it back if nobody took it.
pub(crate) type Sent = Result<(), (Buffer, status_t)>;

/// A packet that is ours: freed when dropped.
pub(crate) struct Buffer(NonNull<Whole>);

// SAFETY: whoever has a packet has it alone; what clones share is reached through raw pointers, as in Haiku.
unsafe impl Send for Buffer {}

impl Buffer {
    /// Returns an empty packet with about that room before it, or `None` without memory.
    pub(crate) fn new(header_space: usize) -> Option<Self> {
        let whole = WHOLES.alloc()?.cast::<Whole>();
        let Some(parts) = Parts::new(header_space) else {
            WHOLES.free(whole.cast());
            return None;
        };
        let at = whole.as_ptr();
        // SAFETY: the cache's objects have the size of a `Whole`, and this one is ours alone.
        unsafe { member!(at => Whole, parts).write(parts) };
        // SAFETY: as above.
        unsafe { member!(at => Whole, ancillary).write(null_mut()) };
        let mut this = Self(whole);
        for (index, set) in
            [(|abi: &mut net_buffer, to| abi.source = to) as fn(&mut net_buffer, *mut abi::sockaddr), |abi, to| {
                abi.destination = to
            }]
            .into_iter()
            .enumerate()
        {
            // SAFETY: the storage lies in the object, whose address stays.
            let storage = member!(at => Whole, addresses).cast::<Sockaddr>().wrapping_add(index);
            // SAFETY: as above; only the length is set, the family byte stays what it was.
            unsafe { storage.cast::<u8>().write(0) };
            set(this.abi_mut(), storage.cast());
        }
        let abi = this.abi_mut();
        (abi.interface_address, abi.index, abi.msg_flags, abi.buffer_flags, abi.size) = (null_mut(), 0, 0, 0, 0);
        Some(this)
    }

    /// # Safety
    /// `raw` is a packet of this module, and the caller gives it up.
    pub(crate) unsafe fn from_raw(raw: *mut net_buffer) -> Option<Self> {
        NonNull::new(raw.cast::<Whole>()).map(Self)
    }

    /// Gives the packet away.
    pub(crate) fn into_raw(self) -> *mut net_buffer {
        ManuallyDrop::new(self).0.as_ptr().cast()
    }

    /// The address by which others know the packet, which stays ours.
    pub(crate) fn as_raw(&mut self) -> *mut net_buffer {
        self.0.as_ptr().cast()
    }

    /// Returns a packet of its own with the same bytes, addresses and flags.
    pub(crate) fn duplicate(&self) -> Option<Self> {
        let mut copy = Self::new(PART_BYTES)?;
        for part in self.parts().iter() {
            // SAFETY: a part's bytes live while its packet does.
            unsafe { copy.append_raw(part.at(0), part.bytes()) }.ok()?;
        }
        copy.take_description(self);
        Some(copy)
    }

    /// Returns a packet that shows the same bytes. Who changes them in one changes them in both.
    pub(crate) fn share(&self) -> Option<Self> {
        let mut copy = Self::new(usize::MAX)?;
        copy.append_shared(self, 0, self.len()).ok()?;
        copy.take_description(self);
        Some(copy)
    }

    /// Takes the first bytes into a packet of their own.
    pub(crate) fn split(&mut self, offset: usize) -> Option<Self> {
        let mut front = Self::new(PART_BYTES)?;
        front.take_description(self);
        if offset >= self.len() && offset > 0 {
            return None;
        }
        self.parts()
            .each(0, offset, |at, bytes| {
                // SAFETY: `each` gives stretches of this packet.
                unsafe { front.append_raw(at, bytes) }.err().unwrap_or(abi::B_OK)
            })
            .ok()?;
        self.remove_header(offset).ok()?;
        Some(front)
    }

    /// Adds the other packet's bytes, and frees it.
    fn merge(&mut self, with: Self, at: End) {
        let mut with = with;
        if let Some(parts) = Parts::new(0) {
            let parts = std::mem::replace(with.parts_mut(), parts);
            self.change(|mine| mine.merge(parts, at));
        }
    }

    /// Adds the other packet's bytes at the end, and frees it.
    pub(crate) fn append_all(&mut self, with: Self) {
        self.merge(with, End::After);
    }

    pub(crate) fn len(&self) -> usize {
        self.parts().bytes()
    }

    /// Adds bytes at the end without setting them; says where they are if they lie together.
    pub(crate) fn append_space(&mut self, size: usize) -> Result<Option<*mut u8>, status_t> {
        self.change(|parts| parts.append_size(size))
    }

    pub(crate) fn prepend(&mut self, bytes: &[u8]) -> Result<(), status_t> {
        self.change(|parts| parts.prepend_size(bytes.len()))?;
        self.write(0, bytes)
    }

    pub(crate) fn read(&self, offset: usize, to: &mut [u8]) -> Result<(), status_t> {
        // SAFETY: the slice may be written.
        unsafe { self.parts().transfer(offset, to.as_mut_ptr(), to.len(), Way::Out) }
    }

    /// The first bytes, if there are that many.
    pub(crate) fn header<const N: usize>(&self) -> Option<[u8; N]> {
        let mut header = [0; N];
        self.read(0, &mut header).ok().map(|()| header)
    }

    pub(crate) fn write(&mut self, offset: usize, from: &[u8]) -> Result<(), status_t> {
        // SAFETY: the slice may be read, and is only read.
        unsafe { self.parts().transfer(offset, from.as_ptr().cast_mut(), from.len(), Way::In) }
    }

    pub(crate) fn trim(&mut self, size: usize) -> Result<(), status_t> {
        self.change(|parts| parts.trim(size))
    }

    pub(crate) fn remove_header(&mut self, size: usize) -> Result<(), status_t> {
        self.change(|parts| parts.remove_header(size))
    }

    pub(crate) fn append_shared(&mut self, source: &Self, offset: usize, size: usize) -> Result<(), status_t> {
        self.change(|parts| parts.append_shared(source.parts(), offset, size))
    }

    /// Keeps what is removed from the front from here on.
    pub(crate) fn store_header(&mut self) -> Result<(), status_t> {
        self.parts_mut().store_header()
    }

    /// Bytes of the packet as it was when its header was stored.
    pub(crate) fn read_restored(&self, offset: usize, to: &mut [u8]) -> Result<(), status_t> {
        // SAFETY: the slice may be written.
        unsafe { self.read_restored_raw(offset, to.as_mut_ptr(), to.len()) }
    }

    /// Adds bytes of the other packet, as it was when its header was stored.
    pub(crate) fn append_restored(&mut self, source: &Self, offset: usize, size: usize) -> Result<(), status_t> {
        let Restored { header, rest } = source.parts().restored(offset, size)?;
        let mut left = size;
        if let Some((at, bytes)) = header {
            // SAFETY: the stored header lies before the first part, in the same piece of memory.
            unsafe { self.append_raw(at, bytes) }?;
            left -= bytes;
        }
        if left == 0 { Ok(()) } else { self.append_shared(source, rest, left) }
    }

    /// The sum over some bytes (RFC 1071), not negated.
    pub(crate) fn sum(&self, offset: usize, size: usize) -> Result<u16, status_t> {
        if size == 0 {
            return Err(B_BAD_VALUE);
        }
        let (mut total, mut at) = (0, offset);
        self.parts().each(offset, size, |bytes, length| {
            // SAFETY: `each` gives stretches of this packet; that others may write them meanwhile is theirs to avoid.
            let sum = checksum::sum(unsafe { std::slice::from_raw_parts(bytes, length) });
            total += if at % 2 == 0 { sum } else { checksum::swapped(sum) };
            at += length;
            abi::B_OK
        })?;
        Ok(checksum::fold(total))
    }

    pub(crate) fn source(&self) -> Sockaddr {
        // SAFETY: both pointers lead to storages of the packet.
        unsafe { self.abi().source.cast::<Sockaddr>().read() }
    }

    pub(crate) fn set_source(&mut self, to: &Sockaddr) {
        // SAFETY: as above.
        unsafe { self.abi().source.cast::<Sockaddr>().write(*to) };
    }

    pub(crate) fn destination(&self) -> Sockaddr {
        // SAFETY: as above.
        unsafe { self.abi().destination.cast::<Sockaddr>().read() }
    }

    pub(crate) fn set_destination(&mut self, to: &Sockaddr) {
        // SAFETY: as above.
        unsafe { self.abi().destination.cast::<Sockaddr>().write(*to) };
    }

    pub(crate) fn swap_addresses(&mut self) {
        let abi = self.abi_mut();
        std::mem::swap(&mut abi.source, &mut abi.destination);
    }

    /// The local address that goes with the packet.
    pub(crate) fn interface_address(&self) -> Option<address::Reference> {
        // SAFETY: what the field holds is a reference that lives as long as the packet.
        unsafe { address::Reference::borrow(self.abi().interface_address) }
    }

    /// Sets the local address that goes with the packet, and gives back what it had.
    pub(crate) fn set_interface_address(&mut self, to: Option<address::Reference>) -> Option<address::Reference> {
        let to = to.map_or(null_mut(), address::Reference::into_raw);
        let before = std::mem::replace(&mut self.abi_mut().interface_address, to);
        // SAFETY: the field held a reference, which nothing else gives back now.
        unsafe { address::Reference::from_raw(before) }
    }

    pub(crate) fn flags(&self) -> u32 {
        self.abi().msg_flags
    }

    pub(crate) fn set_flags(&mut self, flags: u32) {
        self.abi_mut().msg_flags = flags;
    }

    fn ancillary(&self) -> *mut abi::ancillary_data_container {
        let at = self.0.as_ptr();
        // SAFETY: the packet lives while this does.
        unsafe { (*at).ancillary }
    }

    /// Sets the container that goes with the packet, and returns the one it had.
    fn set_ancillary(&mut self, to: *mut abi::ancillary_data_container) -> *mut abi::ancillary_data_container {
        let at = self.0.as_ptr();
        // SAFETY: the packet is ours alone.
        unsafe { member!(at => Whole, ancillary).replace(to) }
    }

    pub(crate) fn add_flag(&mut self, flag: i32) {
        self.abi_mut().msg_flags |= flag.cast_unsigned();
    }

    /// `NET_BUFFER_L3_CHECKSUM_VALID` and its like.
    pub(crate) fn checksums(&self) -> u32 {
        u32::from(self.abi().buffer_flags)
    }

    pub(crate) fn add_checksum(&mut self, flag: u32) {
        self.abi_mut().buffer_flags |= flag as u16;
    }

    /// The frame type before it has been handled, the device's index from then on.
    pub(crate) fn index(&self) -> u32 {
        self.abi().index
    }

    pub(crate) fn set_index(&mut self, index: u32) {
        self.abi_mut().index = index;
    }

    pub(crate) fn protocol(&self) -> u8 {
        self.abi().protocol
    }

    pub(crate) fn set_protocol(&mut self, protocol: u8) {
        self.abi_mut().protocol = protocol;
    }

    pub(crate) fn iovecs(&self) -> impl Iterator<Item = abi::iovec> {
        let full = self.parts().iter().filter(|part| part.bytes() > 0);
        full.map(|part| abi::iovec { iov_base: part.at(0).cast(), iov_len: part.bytes() })
    }

    /// # Safety
    /// `from` is the address of `size` bytes that may be read, or a program's address.
    pub(crate) unsafe fn append_raw(&mut self, from: *const u8, size: usize) -> Result<(), status_t> {
        let end = self.len();
        let together = self.change(|parts| parts.append_size(size))?;
        // SAFETY: the caller's.
        let copied = unsafe { self.parts().transfer(end, from.cast_mut(), size, Way::In) };
        // Into bytes that do not lie together a failed copy goes unnoticed, as in Haiku.
        if together.is_some() { copied } else { Ok(()) }
    }

    /// # Safety
    /// `to` is the address of `size` bytes that may be written, or a program's address.
    pub(crate) unsafe fn read_raw(&self, offset: usize, to: *mut u8, size: usize) -> Result<(), status_t> {
        // SAFETY: the caller's.
        unsafe { self.parts().transfer(offset, to, size, Way::Out) }
    }

    /// # Safety
    /// `to` is the address of `size` bytes that may be written.
    unsafe fn read_restored_raw(&self, offset: usize, to: *mut u8, size: usize) -> Result<(), status_t> {
        let Restored { header, rest } = self.parts().restored(offset, size)?;
        let mut done = 0;
        if let Some((at, bytes)) = header {
            // SAFETY: the stored header lies before the first part; the caller's for `to`.
            unsafe { at.copy_to(to, bytes) };
            done = bytes;
        }
        // SAFETY: the caller's.
        unsafe { self.parts().transfer(rest, to.wrapping_add(done), size - done, Way::Out) }
    }

    /// Copies addresses and flags from another packet, and takes a reference of its own to the local address.
    fn take_description(&mut self, from: &Self) {
        for (to, from) in [(self.abi().source, from.abi().source), (self.abi().destination, from.abi().destination)] {
            // SAFETY: the first byte of a storage is its length.
            let length = usize::from(unsafe { from.cast::<u8>().read() }).min(size_of::<Sockaddr>());
            // SAFETY: both are storages of packets, of different ones.
            unsafe { from.cast::<u8>().copy_to(to.cast(), length) };
        }
        drop(self.set_interface_address(from.interface_address()));
        let (from, to) = (*from.abi(), self.abi_mut());
        (to.msg_flags, to.buffer_flags, to.index, to.protocol) =
            (from.msg_flags, from.buffer_flags, from.index, from.protocol);
    }

    /// Changes the bytes, and writes down for others how many they are.
    fn change<T>(&mut self, change: impl FnOnce(&mut Parts) -> T) -> T {
        let result = change(self.parts_mut());
        self.abi_mut().size = self.len() as u32;
        result
    }

    fn abi(&self) -> &net_buffer {
        // SAFETY: the packet lives while this does, and begins with the structure.
        unsafe { self.0.cast::<net_buffer>().as_ref() }
    }

    fn abi_mut(&mut self) -> &mut net_buffer {
        // SAFETY: as above, and the packet is ours alone.
        unsafe { self.0.cast::<net_buffer>().as_mut() }
    }

    fn parts(&self) -> &Parts {
        let at = self.0.as_ptr();
        // SAFETY: as above.
        unsafe { &(*at).parts }
    }

    fn parts_mut(&mut self) -> &mut Parts {
        let at = self.0.as_ptr();
        // SAFETY: as above.
        unsafe { &mut (*at).parts }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let at = self.0.as_ptr();
        // SAFETY: the packet is ours, and nothing of it is used after this.
        unsafe { member!(at => Whole, parts).drop_in_place() };
        // SAFETY: as above.
        let ancillary = unsafe { member!(at => Whole, ancillary).read() };
        // SAFETY: the container went with the packet.
        unsafe { ancillary::delete(ancillary) };
        drop(self.set_interface_address(None));
        WHOLES.free(self.0.cast());
    }
}

/// A packet that somebody else owns, for the time of a call.
pub(crate) struct Borrowed(ManuallyDrop<Buffer>);

impl Borrowed {
    /// # Safety
    /// `raw` is a packet of this module that nobody else uses while this lives.
    pub(crate) unsafe fn new(raw: *mut net_buffer) -> Option<Self> {
        NonNull::new(raw.cast::<Whole>()).map(|whole| Self(ManuallyDrop::new(Buffer(whole))))
    }
}

impl Deref for Borrowed {
    type Target = Buffer;

    fn deref(&self) -> &Buffer {
        &self.0
    }
}

impl DerefMut for Borrowed {
    fn deref_mut(&mut self) -> &mut Buffer {
        &mut self.0
    }
}

/// The status of a result that carries nothing else.
fn status<T>(result: Result<T, status_t>) -> status_t {
    result.err().unwrap_or(abi::B_OK)
}
