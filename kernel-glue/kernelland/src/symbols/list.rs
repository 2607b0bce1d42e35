//! Doubly linked lists through a link inside of the items (`util/list.h`).

use haiku_abi::{list, list_link};
use std::ffi::c_void;
use std::ptr::null_mut;

/// The link of an item.
fn link_of(at: *mut list, item: *mut c_void) -> *mut list_link {
    // SAFETY: the callers' callers give a list that lives, under a lock of theirs.
    let offset = unsafe { (*at).offset };
    item.cast::<u8>().wrapping_offset(offset as isize).cast()
}

/// The item of a link.
fn item_of(at: *mut list, link: *mut list_link) -> *mut c_void {
    // SAFETY: as above.
    let offset = unsafe { (*at).offset };
    link.cast::<u8>().wrapping_offset((offset as isize).wrapping_neg()).cast()
}

fn read(link: *mut list_link) -> list_link {
    // SAFETY: links of a list and of its items are the list's, under a lock of its users.
    unsafe { link.read() }
}

fn set_next(link: *mut list_link, next: *mut list_link) {
    // SAFETY: as above.
    unsafe { (*link).next = next.cast() };
}

fn set_prev(link: *mut list_link, prev: *mut list_link) {
    // SAFETY: as above.
    unsafe { (*link).prev = prev.cast() };
}

fn unlink(link: *mut list_link) {
    let list_link { next, prev } = read(link);
    set_prev(next.cast(), prev.cast());
    set_next(prev.cast(), next.cast());
}

/// Puts a link in front of another one of a list.
fn link_before(next: *mut list_link, link: *mut list_link) {
    let prev = read(next).prev.cast::<list_link>();
    set_next(link, next);
    set_prev(link, prev);
    set_next(prev, link);
    set_prev(next, link);
}

fn init(at: *mut list, offset: i32) {
    // SAFETY: the caller gives room for a list.
    unsafe { (*at).offset = offset };
    set_next(at.cast(), at.cast());
    set_prev(at.cast(), at.cast());
}

exports! {
    fn list_init(at: *mut list) {
        init(at, 0);
    }

    fn list_init_etc(at: *mut list, offset: i32) {
        init(at, offset);
    }

    fn list_add_item(at: *mut list, item: *mut c_void) {
        link_before(at.cast(), link_of(at, item));
    }

    fn list_insert_item_before(at: *mut list, before: *mut c_void, item: *mut c_void) {
        let next = if before.is_null() { at.cast() } else { link_of(at, before) };
        link_before(next, link_of(at, item));
    }

    fn list_add_link_to_head(at: *mut list, link: *mut c_void) {
        link_before(read(at.cast()).next.cast(), link.cast());
    }

    fn list_add_link_to_tail(at: *mut list, link: *mut c_void) {
        link_before(at.cast(), link.cast());
    }

    fn list_remove_link(link: *mut list_link) {
        unlink(link);
    }

    fn list_remove_item(at: *mut list, item: *mut c_void) {
        unlink(link_of(at, item));
    }

    fn list_remove_head_item(at: *mut list) -> *mut c_void {
        let first = read(at.cast()).next.cast::<list_link>();
        if first == at.cast() {
            return null_mut();
        }
        unlink(first);
        item_of(at, first)
    }

    fn list_remove_tail_item(at: *mut list) -> *mut c_void {
        let last = read(at.cast()).prev.cast::<list_link>();
        if last == at.cast() {
            return null_mut();
        }
        unlink(last);
        item_of(at, last)
    }

    fn list_get_last_item(at: *mut list) -> *mut c_void {
        let last = read(at.cast()).prev.cast::<list_link>();
        if last == at.cast() { null_mut() } else { item_of(at, last) }
    }

    fn list_get_next_item(at: *mut list, item: *mut c_void) -> *mut c_void {
        let from = if item.is_null() { at.cast() } else { link_of(at, item) };
        let next = read(from).next.cast::<list_link>();
        if next == at.cast() { null_mut() } else { item_of(at, next) }
    }

    fn list_get_prev_item(at: *mut list, item: *mut c_void) -> *mut c_void {
        let from = if item.is_null() { at.cast() } else { link_of(at, item) };
        let prev = read(from).prev.cast::<list_link>();
        if prev == at.cast() { null_mut() } else { item_of(at, prev) }
    }
}

#[cfg(test)]
mod tests;
