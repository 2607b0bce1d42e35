//! A packet that is shown to a monitor.

use crate::net_buffer::NetBuf;
use crate::stack;
use core::ptr::NonNull;
use haiku_abi::net_buffer;

/// A packet that somebody else has, for the length of a call.
pub(super) struct Shown(NonNull<net_buffer>);

impl Shown {
    /// # Safety
    /// The packet is alive, and nobody else looks at it, as long as the result is used.
    pub(super) unsafe fn new(packet: NonNull<net_buffer>) -> Self {
        Self(packet)
    }

    /// Returns length and family of the source address, as the stack left them.
    pub(super) fn source(&self) -> (u8, u8) {
        // SAFETY: the condition of `new`.
        let source = unsafe { (*self.0.as_ptr()).source };
        if source.is_null() {
            return (0, 0);
        }
        // SAFETY: a packet's source points to room of its own, whose first two bytes are length and family.
        let source = unsafe { *source.cast::<[u8; 2]>() };
        let [bytes, family] = source;
        (bytes, family)
    }

    /// Returns how many bytes there are.
    pub(super) fn bytes(&self) -> usize {
        // SAFETY: the condition of `new`.
        unsafe { (*self.0.as_ptr()).size as usize }
    }

    /// Copies the first bytes, as many as there is room for and there are.
    pub(super) fn read_head<'r>(&self, room: &'r mut [u8]) -> &'r [u8] {
        let bytes = self.bytes().min(room.len());
        let Some(stack) = stack::get() else { return &[] };
        // SAFETY: the condition of `new`; packet and room have as many bytes.
        let status = unsafe { (stack.buffers.read)(self.0.as_ptr(), 0, room.as_mut_ptr().cast(), bytes) };
        if status < 0 { &[] } else { room.get(..bytes).unwrap_or_default() }
    }

    /// Makes a packet of the same bytes; `None` without memory.
    pub(super) fn copy(&self) -> Option<NetBuf> {
        // SAFETY: the condition of `new`.
        unsafe { NetBuf::copy_of_borrowed(self.0) }
    }

    /// Takes all bytes away. Whoever has the packet can do nothing but free it from here on.
    pub(super) fn empty(self) {
        if let Some(stack) = stack::get() {
            // SAFETY: the condition of `new`; nothing shorter than nothing is asked for.
            unsafe { (stack.buffers.trim)(self.0.as_ptr(), 0) };
        }
    }
}
