//! The functions of `network/stack/buffer/v1`.

use super::block::BLOCKS;
use super::parts::{End, Way};
use super::{Borrowed, Buffer, WHOLES, status};
use crate::stack::{ancillary, kernel};
use haiku_abi::*;
use std::ffi::c_void;
use std::ptr::null_mut;

/// The module. What Haiku leaves null is null.
pub(crate) static MODULE: net_buffer_module_info = net_buffer_module_info {
    info: module_info { name: NET_BUFFER_MODULE_NAME.as_ptr(), flags: 0, std_ops: Some(kernel::variadic(std_ops)) },
    create: Some(create),
    free: Some(free),
    duplicate: Some(duplicate),
    clone: Some(clone),
    split: Some(split),
    merge: Some(merge),
    prepend_size: Some(prepend_size),
    prepend: Some(prepend),
    append_size: Some(append_size),
    append: Some(append),
    insert: None,
    remove: None,
    remove_header: Some(remove_header),
    remove_trailer: Some(remove_trailer),
    trim: Some(trim),
    append_cloned: Some(append_cloned),
    associate_data: None,
    set_ancillary_data: Some(set_ancillary_data),
    get_ancillary_data: Some(get_ancillary_data),
    transfer_ancillary_data: Some(transfer_ancillary_data),
    store_header: Some(store_header),
    stored_header_length: Some(stored_header_length),
    restore_header: Some(restore_header),
    append_restored_header: Some(append_restored_header),
    direct_access: Some(direct_access),
    read: Some(read),
    write: Some(write),
    checksum: Some(checksum),
    get_memory_map: None,
    get_iovecs: Some(get_iovecs),
    count_iovecs: Some(count_iovecs),
    swap_addresses: Some(swap_addresses),
    dump: Some(dump),
};

/// Makes the caches, and takes them down: by then every packet must be free.
unsafe extern "C" fn std_ops(op: i32) -> status_t {
    match op {
        B_MODULE_INIT => match WHOLES.create() {
            B_OK => match BLOCKS.create() {
                B_OK => B_OK,
                failed => {
                    WHOLES.delete();
                    failed
                }
            },
            failed => failed,
        },
        B_MODULE_UNINIT => {
            WHOLES.delete();
            BLOCKS.delete();
            B_OK
        }
        _ => B_ERROR,
    }
}

/// Runs `act` on a packet that the caller lends.
///
/// # Safety
/// `raw` is null or a packet of this module, which nobody else uses meanwhile.
unsafe fn lent<T>(raw: *mut net_buffer, act: impl FnOnce(&mut Buffer) -> Result<T, status_t>) -> Result<T, status_t> {
    // SAFETY: the caller's.
    let mut buffer = unsafe { Borrowed::new(raw) }.ok_or(B_BAD_VALUE)?;
    act(&mut buffer)
}

/// The packet as others know it, or null.
fn given(buffer: Option<Buffer>) -> *mut net_buffer {
    buffer.map_or(null_mut(), Buffer::into_raw)
}

/// Says where bytes lie together, or that they do not.
///
/// # Safety
/// `place` is null or the address of a pointer of the caller's.
unsafe fn say(place: *mut *mut c_void, at: Option<*mut u8>) {
    if !place.is_null() {
        // SAFETY: the caller's.
        unsafe { place.write(at.unwrap_or(null_mut()).cast()) };
    }
}

unsafe extern "C" fn create(header_space: usize) -> *mut net_buffer {
    given(Buffer::new(header_space))
}

unsafe extern "C" fn free(raw: *mut net_buffer) {
    // SAFETY: the caller gives the packet up.
    drop(unsafe { Buffer::from_raw(raw) });
}

unsafe extern "C" fn duplicate(raw: *mut net_buffer) -> *mut net_buffer {
    // SAFETY: the caller lends the packet.
    given(unsafe { lent(raw, |buffer| buffer.duplicate().ok_or(B_NO_MEMORY)) }.ok())
}

/// Haiku ignores the second argument too.
unsafe extern "C" fn clone(raw: *mut net_buffer, _share_free_space: bool) -> *mut net_buffer {
    // SAFETY: the caller lends the packet.
    given(unsafe { lent(raw, |buffer| buffer.share().ok_or(B_NO_MEMORY)) }.ok())
}

unsafe extern "C" fn split(raw: *mut net_buffer, offset: u32) -> *mut net_buffer {
    // SAFETY: the caller lends the packet.
    given(unsafe { lent(raw, |buffer| buffer.split(offset as usize).ok_or(B_NO_MEMORY)) }.ok())
}

unsafe extern "C" fn merge(raw: *mut net_buffer, with: *mut net_buffer, after: bool) -> status_t {
    // SAFETY: the caller gives this packet up, as the call never fails.
    let Some(with) = (unsafe { Buffer::from_raw(with) }) else { return B_BAD_VALUE };
    let end = if after { End::After } else { End::Before };
    let merge = |buffer: &mut Buffer| {
        buffer.merge(with, end);
        Ok(())
    };
    // SAFETY: the caller lends the packet.
    status(unsafe { lent(raw, merge) })
}

unsafe extern "C" fn prepend_size(raw: *mut net_buffer, size: usize, at: *mut *mut c_void) -> status_t {
    // SAFETY: the caller lends the packet.
    let grown = unsafe { lent(raw, |buffer| buffer.change(|parts| parts.prepend_size(size))) };
    match grown {
        Ok(start) => {
            // SAFETY: the caller's.
            unsafe { say(at, start) };
            B_OK
        }
        Err(failed) => not_grown(failed),
    }
}

/// The status of a packet that did not grow. One that was cut down to nothing would lose what is added.
fn not_grown(failed: status_t) -> status_t {
    if failed == B_ERROR {
        kernel::panic("net_buffer: bytes added to a packet that was cut down to nothing would be lost");
    }
    failed
}

unsafe extern "C" fn prepend(raw: *mut net_buffer, data: *const c_void, size: usize) -> status_t {
    // SAFETY: as for `prepend_size`, which wants no address back.
    match unsafe { prepend_size(raw, size, null_mut()) } {
        // SAFETY: the caller's.
        B_OK => unsafe { write(raw, 0, data, size) },
        failed => failed,
    }
}

unsafe extern "C" fn append_size(raw: *mut net_buffer, size: usize, at: *mut *mut c_void) -> status_t {
    // SAFETY: the caller lends the packet.
    match unsafe { lent(raw, |buffer| buffer.change(|parts| parts.append_size(size))) } {
        Ok(start) => {
            // SAFETY: the caller's.
            unsafe { say(at, start) };
            B_OK
        }
        Err(failed) => not_grown(failed),
    }
}

unsafe extern "C" fn append(raw: *mut net_buffer, data: *const c_void, size: usize) -> status_t {
    let add = |buffer: &mut Buffer| {
        // SAFETY: `data` is the caller's.
        unsafe { buffer.append_raw(data.cast(), size) }
    };
    // SAFETY: the caller lends the packet.
    unsafe { lent(raw, add) }.err().map_or(B_OK, not_grown)
}

unsafe extern "C" fn remove_header(raw: *mut net_buffer, size: usize) -> status_t {
    // SAFETY: the caller lends the packet.
    status(unsafe { lent(raw, |buffer| buffer.remove_header(size)) })
}

unsafe extern "C" fn remove_trailer(raw: *mut net_buffer, size: usize) -> status_t {
    // SAFETY: the caller lends the packet.
    status(unsafe { lent(raw, |buffer| buffer.trim(buffer.len().checked_sub(size).ok_or(B_BAD_VALUE)?)) })
}

unsafe extern "C" fn trim(raw: *mut net_buffer, size: usize) -> status_t {
    // SAFETY: the caller lends the packet.
    status(unsafe { lent(raw, |buffer| buffer.trim(size)) })
}

unsafe extern "C" fn append_cloned(
    raw: *mut net_buffer,
    source: *mut net_buffer,
    offset: u32,
    size: usize,
) -> status_t {
    // SAFETY: the caller lends this packet too, which is another one.
    let Some(source) = (unsafe { Borrowed::new(source) }) else { return B_BAD_VALUE };
    // SAFETY: the caller lends the packet.
    status(unsafe { lent(raw, |buffer| buffer.append_shared(&source, offset as usize, size)) })
}

unsafe extern "C" fn set_ancillary_data(raw: *mut net_buffer, container: *mut ancillary_data_container) {
    // SAFETY: the caller lends the packet, and gives the container.
    let _ = unsafe { lent(raw, |buffer| Ok(buffer.set_ancillary(container))) };
}

unsafe extern "C" fn get_ancillary_data(raw: *mut net_buffer) -> *mut ancillary_data_container {
    // SAFETY: the caller lends the packet.
    unsafe { lent(raw, |buffer| Ok(buffer.ancillary())) }.unwrap_or(null_mut())
}

unsafe extern "C" fn transfer_ancillary_data(from: *mut net_buffer, to: *mut net_buffer) -> *mut c_void {
    // SAFETY: the caller lends both packets, which are different ones.
    let taken = unsafe { lent(from, |buffer| Ok(buffer.set_ancillary(null_mut()))) }.unwrap_or(null_mut());
    // SAFETY: as above.
    let present = unsafe { get_ancillary_data(to) };
    if taken.is_null() || to.is_null() {
        return null_mut();
    }
    if present.is_null() {
        // SAFETY: as above.
        unsafe { set_ancillary_data(to, taken) };
        // SAFETY: the container lives in the packet.
        return unsafe { ancillary::next(taken, null_mut(), null_mut()) };
    }
    // SAFETY: both containers are ours here.
    let first = unsafe { ancillary::move_all(taken, present) };
    // SAFETY: nothing is left in it, and nobody knows it.
    unsafe { ancillary::delete(taken) };
    first
}

unsafe extern "C" fn store_header(raw: *mut net_buffer) -> status_t {
    // SAFETY: the caller lends the packet.
    status(unsafe { lent(raw, Buffer::store_header) })
}

unsafe extern "C" fn stored_header_length(raw: *mut net_buffer) -> ssize_t {
    // SAFETY: the caller lends the packet.
    let stored = unsafe { lent(raw, |buffer| buffer.parts().stored_header()) };
    stored.map_or_else(|failed| failed as ssize_t, |bytes| bytes as ssize_t)
}

unsafe extern "C" fn restore_header(raw: *mut net_buffer, offset: u32, data: *mut c_void, size: usize) -> status_t {
    let restore = |buffer: &mut Buffer| {
        // SAFETY: `data` is the caller's.
        unsafe { buffer.read_restored_raw(offset as usize, data.cast(), size) }
    };
    // SAFETY: the caller lends the packet.
    status(unsafe { lent(raw, restore) })
}

unsafe extern "C" fn append_restored_header(
    raw: *mut net_buffer,
    source: *mut net_buffer,
    offset: u32,
    size: usize,
) -> status_t {
    // SAFETY: the caller lends this packet too, which is another one.
    let Some(source) = (unsafe { Borrowed::new(source) }) else { return B_BAD_VALUE };
    // SAFETY: the caller lends the packet.
    status(unsafe { lent(raw, |buffer| buffer.append_restored(&source, offset as usize, size)) })
}

unsafe extern "C" fn direct_access(raw: *mut net_buffer, offset: u32, size: usize, at: *mut *mut c_void) -> status_t {
    // SAFETY: the caller lends the packet.
    match unsafe { lent(raw, |buffer| buffer.parts().contiguous(offset as usize, size)) } {
        Ok(start) => {
            // SAFETY: the caller's.
            unsafe { say(at, Some(start)) };
            B_OK
        }
        Err(failed) => failed,
    }
}

unsafe extern "C" fn read(raw: *mut net_buffer, offset: usize, data: *mut c_void, size: usize) -> status_t {
    let read = |buffer: &mut Buffer| {
        // SAFETY: `data` is the caller's.
        unsafe { buffer.parts().transfer(offset, data.cast(), size, Way::Out) }
    };
    // SAFETY: the caller lends the packet.
    status(unsafe { lent(raw, read) })
}

unsafe extern "C" fn write(raw: *mut net_buffer, offset: usize, data: *const c_void, size: usize) -> status_t {
    let write = |buffer: &mut Buffer| {
        // SAFETY: `data` is the caller's, and is only read.
        unsafe { buffer.parts().transfer(offset, data.cast_mut().cast(), size, Way::In) }
    };
    // SAFETY: the caller lends the packet.
    status(unsafe { lent(raw, write) })
}

unsafe extern "C" fn checksum(raw: *mut net_buffer, offset: u32, size: usize, finalize: bool) -> i32 {
    // SAFETY: the caller lends the packet.
    match unsafe { lent(raw, |buffer| buffer.sum(offset as usize, size)) } {
        Ok(sum) => i32::from(if finalize { !sum } else { sum }),
        Err(failed) => failed,
    }
}

unsafe extern "C" fn get_iovecs(raw: *mut net_buffer, iovecs: *mut iovec, count: u32) -> u32 {
    let fill = |buffer: &mut Buffer| {
        let mut filled = 0;
        for vector in buffer.iovecs().take(count as usize) {
            // SAFETY: `iovecs` are `count` of the caller's.
            unsafe { iovecs.wrapping_add(filled).write(vector) };
            filled += 1;
        }
        Ok(filled as u32)
    };
    // SAFETY: the caller lends the packet.
    unsafe { lent(raw, fill) }.unwrap_or(0)
}

unsafe extern "C" fn count_iovecs(raw: *mut net_buffer) -> u32 {
    // SAFETY: the caller lends the packet.
    unsafe { lent(raw, |buffer| Ok(buffer.iovecs().count() as u32)) }.unwrap_or(0)
}

unsafe extern "C" fn swap_addresses(raw: *mut net_buffer) {
    let swap = |buffer: &mut Buffer| {
        buffer.swap_addresses();
        Ok(())
    };
    // SAFETY: the caller lends the packet.
    let _ = unsafe { lent(raw, swap) };
}

unsafe extern "C" fn dump(raw: *mut net_buffer) {
    // SAFETY: the caller lends the packet.
    let _ = unsafe {
        lent(raw, |buffer| {
            kernel::log(&format!(
                "buffer {raw:p}: {} bytes, flags {:#x}, parts {:?}",
                buffer.len(),
                buffer.flags(),
                buffer.iovecs().map(|part| part.iov_len).collect::<Vec<_>>()
            ));
            Ok(())
        })
    };
}
