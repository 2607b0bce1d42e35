//! Queues of packets with a bound in bytes, as the stack's table offers them and as its devices use them.

use crate::stack::buffer::{Borrowed, Buffer};
use crate::stack::member::member;
use crate::symbols;
use haiku_abi::*;
use std::cell::UnsafeCell;
use std::ffi::{CStr, c_char, c_void};
use std::mem::{MaybeUninit, offset_of};
use std::ptr::null_mut;

/// A queue of the stack's own. It is made where it stays.
pub(crate) struct Fifo(UnsafeCell<MaybeUninit<net_fifo>>);

// SAFETY: the queue locks itself.
unsafe impl Sync for Fifo {}
// SAFETY: the packets in it may go to any thread.
unsafe impl Send for Fifo {}

impl Fifo {
    pub(crate) const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::zeroed()))
    }

    pub(crate) fn init(&self, name: &CStr, max_bytes: usize) -> status_t {
        // SAFETY: the structure is ours, and nobody uses it yet.
        unsafe { init_fifo(self.raw(), name.as_ptr(), max_bytes) }
    }

    /// Frees what waits and ends the queue. Whoever waits at it goes on with an error; whoever was about to lock it
    /// again does what the kernel makes of a destroyed lock.
    pub(crate) fn uninit(&self) {
        // SAFETY: the queue was made.
        unsafe { uninit_fifo(self.raw()) };
    }

    /// Adds a packet, or gives it back with the reason.
    pub(crate) fn enqueue(&self, buffer: Buffer) -> Result<(), (Buffer, status_t)> {
        let raw = buffer.into_raw();
        // SAFETY: the queue was made, the packet was ours.
        match unsafe { fifo_enqueue_buffer(self.raw(), raw) } {
            B_OK => Ok(()),
            // SAFETY: the queue did not take the packet, which is not null.
            failed => match unsafe { Buffer::from_raw(raw) } {
                Some(buffer) => Err((buffer, failed)),
                None => Ok(()),
            },
        }
    }

    /// Waits for a packet.
    pub(crate) fn dequeue(&self) -> Result<Buffer, status_t> {
        let mut raw = null_mut();
        // SAFETY: the queue was made.
        match unsafe { fifo_dequeue_buffer(self.raw(), 0, B_INFINITE_TIMEOUT, &mut raw) } {
            // SAFETY: the queue gave the packet to us.
            0 => unsafe { Buffer::from_raw(raw) }.ok_or(B_ERROR),
            failed => Err(failed as status_t),
        }
    }

    fn raw(&self) -> *mut net_fifo {
        self.0.get().cast()
    }
}

/// # Safety
/// `fifo` is a queue's place, `name` a string.
pub(crate) unsafe extern "C" fn init_fifo(fifo: *mut net_fifo, name: *const c_char, max_bytes: usize) -> status_t {
    // SAFETY: the caller's for both.
    unsafe { symbols::mutex_init_etc(member!(fifo => net_fifo, lock), name, MUTEX_FLAG_CLONE_NAME) };
    // SAFETY: the caller's for the name.
    let notify = unsafe { symbols::create_sem(0, name) };
    if notify < 0 {
        // SAFETY: the lock was made.
        unsafe { symbols::mutex_destroy(member!(fifo => net_fifo, lock)) };
        return notify;
    }
    // SAFETY: the caller's; nobody else uses the queue yet.
    unsafe { member!(fifo => net_fifo, notify).write(notify) };
    // SAFETY: as above.
    unsafe { member!(fifo => net_fifo, waiting).write(0) };
    // SAFETY: as above.
    unsafe { member!(fifo => net_fifo, max_bytes).write(max_bytes) };
    // SAFETY: as above.
    unsafe { member!(fifo => net_fifo, current_bytes).write(0) };
    // SAFETY: as above. A packet begins with its link.
    unsafe { symbols::list_init(member!(fifo => net_fifo, buffers)) };
    B_OK
}

/// # Safety
/// `fifo` is a queue that nobody begins to use any more.
pub(crate) unsafe extern "C" fn uninit_fifo(fifo: *mut net_fifo) {
    // SAFETY: the caller's.
    unsafe { clear_fifo(fifo) };
    // SAFETY: as above.
    unsafe { symbols::mutex_destroy(member!(fifo => net_fifo, lock)) };
    // SAFETY: as above.
    let notify = unsafe { member!(fifo => net_fifo, notify).read() };
    // SAFETY: takes a plain value.
    unsafe { symbols::delete_sem(notify) };
}

/// Locks a queue of whoever.
struct Locked(*mut net_fifo);

impl Locked {
    /// # Safety
    /// `fifo` is a queue.
    unsafe fn new(fifo: *mut net_fifo) -> Self {
        // SAFETY: the caller's.
        unsafe { symbols::mutex_lock(member!(fifo => net_fifo, lock)) };
        Self(fifo)
    }

    fn fields(&mut self) -> &mut net_fifo {
        // SAFETY: the queue is locked, and what its lock protects is used under it alone.
        unsafe { &mut *self.0 }
    }

    fn first(&mut self) -> *mut net_buffer {
        // SAFETY: the list is the queue's.
        unsafe { symbols::list_get_next_item(member!(self.0 => net_fifo, buffers), null_mut()) }.cast()
    }

    fn enqueue(&mut self, raw: *mut net_buffer) -> status_t {
        // SAFETY: the caller of the queue lends the packet.
        let Some(size) = unsafe { Borrowed::new(raw) }.map(|buffer| buffer.len()) else { return B_BAD_VALUE };
        let fields = self.fields();
        if fields.max_bytes > 0 && fields.current_bytes + size > fields.max_bytes {
            return ENOBUFS;
        }
        fields.current_bytes += size;
        // SAFETY: the list is the queue's, the packet in no other.
        unsafe { symbols::list_add_item(member!(self.0 => net_fifo, buffers), raw.cast()) };
        self.wake_one();
        B_OK
    }

    fn dequeue(&mut self) -> *mut net_buffer {
        let first = self.first();
        if !first.is_null() {
            // SAFETY: the list is the queue's, and the packet is in it.
            unsafe { symbols::list_remove_item(member!(self.0 => net_fifo, buffers), first.cast()) };
            // SAFETY: the packet is the queue's.
            let size = unsafe { Borrowed::new(first) }.map_or(0, |buffer| buffer.len());
            self.fields().current_bytes -= size;
        }
        first
    }

    fn wake_one(&mut self) {
        let fields = self.fields();
        if fields.waiting > 0 {
            fields.waiting -= 1;
            let notify = fields.notify;
            // SAFETY: takes plain values.
            unsafe { symbols::release_sem_etc(notify, 1, B_DO_NOT_RESCHEDULE) };
        }
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // SAFETY: the queue is locked by this thread.
        unsafe { symbols::mutex_unlock(member!(self.0 => net_fifo, lock)) };
    }
}

/// # Safety
/// `fifo` is a queue, `raw` a packet that the caller gives it if this succeeds.
pub(crate) unsafe extern "C" fn fifo_enqueue_buffer(fifo: *mut net_fifo, raw: *mut net_buffer) -> status_t {
    // SAFETY: the caller's.
    unsafe { Locked::new(fifo) }.enqueue(raw)
}

/// Takes the first packet, or a clone of it; waits for one unless told not to.
///
/// # Safety
/// `fifo` is a queue, `place` a pointer of the caller's.
pub(crate) unsafe extern "C" fn fifo_dequeue_buffer(
    fifo: *mut net_fifo,
    flags: u32,
    timeout: bigtime_t,
    place: *mut *mut net_buffer,
) -> ssize_t {
    let (peek, dont_wait) = (MSG_PEEK as u32, MSG_DONTWAIT as u32);
    if flags & !(peek | dont_wait) != 0 {
        return EOPNOTSUPP as ssize_t;
    }
    loop {
        // SAFETY: the caller's.
        let mut queue = unsafe { Locked::new(fifo) };
        let first = queue.first();
        if !first.is_null() {
            let taken = if flags & peek == 0 {
                queue.dequeue()
            } else {
                // SAFETY: the packet is the queue's, which is locked.
                let shared = unsafe { Borrowed::new(first) }.and_then(|buffer| buffer.share());
                queue.wake_one();
                shared.map_or(null_mut(), Buffer::into_raw)
            };
            if taken.is_null() {
                return B_NO_MEMORY as ssize_t;
            }
            // SAFETY: the caller's.
            unsafe { place.write(taken) };
            return B_OK as ssize_t;
        }
        if flags & dont_wait != 0 || timeout == 0 {
            return B_WOULD_BLOCK as ssize_t;
        }
        queue.fields().waiting += 1;
        let notify = queue.fields().notify;
        drop(queue);
        // SAFETY: takes plain values.
        let status = unsafe { symbols::acquire_sem_etc(notify, 1, B_CAN_INTERRUPT | B_RELATIVE_TIMEOUT, timeout) };
        if status < B_OK {
            return status as ssize_t;
        }
    }
}

/// # Safety
/// `fifo` is a queue.
pub(crate) unsafe extern "C" fn clear_fifo(fifo: *mut net_fifo) -> status_t {
    // SAFETY: the caller's.
    let mut queue = unsafe { Locked::new(fifo) };
    loop {
        let first = queue.dequeue();
        // SAFETY: the packet was the queue's, and is in it no more.
        let Some(buffer) = (unsafe { Buffer::from_raw(first) }) else { return B_OK };
        drop(buffer);
    }
}

const _: () = assert!(offset_of!(net_buffer, link) == 0 && size_of::<*mut c_void>() == 8);
