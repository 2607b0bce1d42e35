//! Control data that goes with packets and messages: containers of items, each with a header and a destructor.

use haiku_abi::*;
use std::ffi::c_void;
use std::ptr::null_mut;

/// What is called for an item when its container goes, or is copied.
pub(crate) type Hook = Option<unsafe extern "C" fn(*const ancillary_data_header, *mut c_void)>;

/// Bytes that one item may have.
const MAX_ITEM_BYTES: usize = 128;

struct Item {
    header: ancillary_data_header,
    destructor: Hook,
    clone: Hook,
    /// Words, so that any type may lie there; their address stays.
    data: Box<[u64]>,
}

impl Item {
    fn at(&self) -> *mut c_void {
        self.data.as_ptr().cast_mut().cast()
    }
}

#[derive(Default)]
struct Container {
    items: Vec<Item>,
}

pub(crate) extern "C" fn create() -> *mut ancillary_data_container {
    Box::into_raw(Box::<Container>::default()).cast()
}

/// # Safety
/// `container` is null or a container that nobody knows any more.
pub(crate) unsafe extern "C" fn delete(container: *mut ancillary_data_container) {
    if container.is_null() {
        return;
    }
    // SAFETY: containers are boxes of `create`, and the caller gives it up.
    let container = unsafe { Box::from_raw(container.cast::<Container>()) };
    for item in &container.items {
        if let Some(destructor) = item.destructor {
            // SAFETY: whoever added the item gave the hook for it.
            unsafe { destructor(&item.header, item.at()) };
        }
    }
}

/// # Safety
/// `container` is a container that nobody else uses, `header` is readable, `data` is null or has `header.len` bytes,
/// `place` is null or a pointer of the caller's.
pub(crate) unsafe extern "C" fn add(
    container: *mut ancillary_data_container,
    header: *const ancillary_data_header,
    data: *const c_void,
    destructor: Hook,
    clone: Hook,
    place: *mut *mut c_void,
) -> status_t {
    if header.is_null() {
        return B_BAD_VALUE;
    }
    // SAFETY: the caller's.
    let header = unsafe { header.read() };
    if header.len > MAX_ITEM_BYTES {
        return ENOBUFS;
    }
    let words = vec![0_u64; header.len.div_ceil(8).max(1)].into_boxed_slice();
    let item = Item { header, destructor, clone, data: words };
    if !data.is_null() {
        // SAFETY: the caller's for `data`; the item has that many bytes.
        unsafe { data.cast::<u8>().copy_to(item.at().cast(), header.len) };
    }
    if !place.is_null() {
        // SAFETY: the caller's.
        unsafe { place.write(item.at()) };
    }
    // SAFETY: the caller's.
    unsafe { items(container) }.push(item);
    B_OK
}

/// # Safety
/// `container` is a container that nobody else uses.
pub(crate) unsafe extern "C" fn remove(
    container: *mut ancillary_data_container,
    data: *mut c_void,
    destroy: bool,
) -> status_t {
    // SAFETY: the caller's.
    let items = unsafe { items(container) };
    let Some(index) = items.iter().position(|item| item.at() == data) else { return B_BAD_VALUE };
    let item = items.remove(index);
    if let Some(destructor) = item.destructor.filter(|_| destroy) {
        // SAFETY: whoever added the item gave the hook for it.
        unsafe { destructor(&item.header, item.at()) };
    }
    B_OK
}

/// # Safety
/// Both are null or containers that nobody else uses.
pub(crate) unsafe extern "C" fn move_all(
    from: *mut ancillary_data_container,
    to: *mut ancillary_data_container,
) -> *mut c_void {
    if from.is_null() || to.is_null() {
        return null_mut();
    }
    // SAFETY: the caller's.
    let mut moved = std::mem::take(unsafe { items(from) });
    let first = moved.first().map_or(null_mut(), |item| item.at());
    // SAFETY: the caller's.
    unsafe { items(to) }.append(&mut moved);
    first
}

/// # Safety
/// `container` is a container that nobody changes meanwhile, `header` is null or the caller's.
pub(crate) unsafe extern "C" fn next(
    container: *const ancillary_data_container,
    previous: *mut c_void,
    header: *mut ancillary_data_header,
) -> *mut c_void {
    // SAFETY: the caller's.
    let items = unsafe { items(container.cast_mut()) };
    let index =
        if previous.is_null() { Some(0) } else { items.iter().position(|item| item.at() == previous).map(|at| at + 1) };
    let Some(item) = index.and_then(|index| items.get(index)) else { return null_mut() };
    if !header.is_null() {
        // SAFETY: the caller's.
        unsafe { header.write(item.header) };
    }
    item.at()
}

/// # Safety
/// Both are containers that nobody else uses.
pub(crate) unsafe extern "C" fn copy_all(
    from: *const ancillary_data_container,
    to: *mut ancillary_data_container,
) -> status_t {
    // SAFETY: the caller's.
    for item in unsafe { items(from.cast_mut()) }.iter() {
        if let Some(clone) = item.clone {
            // SAFETY: whoever added the item gave the hook for it.
            unsafe { clone(&item.header, item.at()) };
        }
        // SAFETY: the item's own bytes go into an item of the other container.
        let added = unsafe { add(to, &item.header, item.at(), item.destructor, item.clone, null_mut()) };
        if added != B_OK {
            return added;
        }
    }
    B_OK
}

/// # Safety
/// `container` is a container of `create` that nobody else uses while the list is.
unsafe fn items<'a>(container: *mut ancillary_data_container) -> &'a mut Vec<Item> {
    // SAFETY: the caller's.
    let container = unsafe { &mut *container.cast::<Container>() };
    &mut container.items
}
