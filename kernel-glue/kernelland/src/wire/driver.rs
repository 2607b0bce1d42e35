//! The driver of the cards: the hooks of their nodes, and the requests that Haiku's Ethernet device makes.

use super::nic::{Card, Opened};
use crate::thread::locked;
use crate::user_copy;
use haiku_abi::{
    B_BAD_ADDRESS, B_BAD_VALUE, B_DEV_INVALID_IOCTL, B_DEVICE_NOT_FOUND, B_NO_MORE_FDS, B_OK, B_SET_BLOCKING_IO,
    B_SET_NONBLOCKING_IO, ETHER_ADDMULTI, ETHER_GET_LINK_STATE, ETHER_GETADDR, ETHER_GETFRAMESIZE, ETHER_INIT,
    ETHER_NONBLOCK, ETHER_REMMULTI, ETHER_SETPROMISC, device_hooks, ether_link_state_t, off_t, status_t,
};
use std::ffi::{CStr, c_char, c_void};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};

pub(super) static HOOKS: device_hooks = device_hooks {
    open: Some(open),
    close: Some(close),
    free: Some(free),
    control: Some(control),
    read: Some(read),
    write: Some(write),
    select: None,
    deselect: None,
    readv: None,
    writev: None,
};

/// Makes a card known to `open`.
pub(super) fn enter(card: Card) -> Arc<Card> {
    let card = Arc::new(card);
    locked(&CARDS).push(Arc::clone(&card));
    card
}

/// Forgets a card; what is open on it goes on.
pub(super) fn leave(card: &Arc<Card>) {
    locked(&CARDS).retain(|other| !Arc::ptr_eq(other, card));
}

unsafe extern "C" fn open(name: *const c_char, _mode: u32, cookie: *mut *mut c_void) -> status_t {
    // SAFETY: devfs gives the node's name.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
    let name = name.strip_prefix("net/").unwrap_or(&name);
    let card = locked(&CARDS).iter().find(|card| card.name == name).cloned();
    let Some(card) = card else { return B_DEVICE_NOT_FOUND };
    let Ok(opened) = Opened::new(card) else { return B_NO_MORE_FDS };
    let opened = Box::into_raw(Box::new(opened));
    // SAFETY: devfs gives room for the cookie.
    unsafe { cookie.write(opened.cast()) };
    B_OK
}

unsafe extern "C" fn close(cookie: *mut c_void) -> status_t {
    opened(cookie).close();
    B_OK
}

unsafe extern "C" fn free(cookie: *mut c_void) -> status_t {
    // SAFETY: devfs gives the cookie of `open` once, after every other call.
    drop(unsafe { Box::from_raw(cookie.cast::<Opened>()) });
    B_OK
}

unsafe extern "C" fn read(cookie: *mut c_void, _at: off_t, to: *mut c_void, bytes: *mut usize) -> status_t {
    let opened = opened(cookie);
    // SAFETY: devfs gives the length.
    let room = unsafe { bytes.read() };
    let mut frame = vec![0u8; MOST_BYTES];
    match opened.card.receive(opened, &mut frame) {
        Ok(length) => {
            let length = length.min(room);
            // SAFETY: as above.
            unsafe { bytes.write(length) };
            user_copy::copy(to.cast(), frame.as_ptr(), length)
        }
        Err(status) => status,
    }
}

unsafe extern "C" fn write(cookie: *mut c_void, _at: off_t, from: *const c_void, bytes: *mut usize) -> status_t {
    // SAFETY: devfs gives the length.
    let length = unsafe { bytes.read() };
    if length > MOST_BYTES {
        return B_BAD_VALUE;
    }
    let mut frame = vec![0u8; length];
    let copied = user_copy::copy(frame.as_mut_ptr(), from.cast(), length);
    if copied != B_OK {
        return copied;
    }
    opened(cookie).card.send(&frame).map_or_else(|status| status, |()| B_OK)
}

unsafe extern "C" fn control(cookie: *mut c_void, op: u32, argument: *mut c_void, _bytes: usize) -> status_t {
    let opened = opened(cookie);
    let card = &opened.card;
    match op {
        ETHER_INIT => B_OK,
        B_SET_NONBLOCKING_IO | B_SET_BLOCKING_IO => {
            opened.nonblocking.store(op == B_SET_NONBLOCKING_IO, SeqCst);
            B_OK
        }
        ETHER_NONBLOCK => take::<i32>(argument).map_or(B_BAD_ADDRESS, |on| {
            opened.nonblocking.store(on != 0, SeqCst);
            B_OK
        }),
        ETHER_GETADDR => give(argument, card.mac),
        ETHER_GETFRAMESIZE => give(argument, FRAME_BYTES),
        ETHER_SETPROMISC => take::<i32>(argument).map_or(B_BAD_ADDRESS, |on| {
            card.set_promiscuous(on != 0);
            B_OK
        }),
        ETHER_ADDMULTI => take(argument).map_or(B_BAD_ADDRESS, |group| {
            card.join(group);
            B_OK
        }),
        ETHER_REMMULTI => take(argument).map_or(B_BAD_ADDRESS, |group| {
            card.leave(group);
            B_OK
        }),
        ETHER_GET_LINK_STATE => {
            give(argument, ether_link_state_t { media: card.media(), quality: 1000, speed: 1_000_000_000 })
        }
        _ => B_DEV_INVALID_IOCTL,
    }
}

fn opened<'o>(cookie: *mut c_void) -> &'o Opened {
    // SAFETY: devfs gives the cookie of `open`, until `free`.
    unsafe { &*cookie.cast() }
}

/// Takes an argument from where the caller has it.
fn take<T: Copy + Default>(from: *const c_void) -> Option<T> {
    let mut value = T::default();
    let copied = user_copy::copy((&raw mut value).cast(), from.cast(), size_of::<T>());
    (copied == B_OK).then_some(value)
}

/// Gives a value to where the caller wants it.
fn give<T: Copy>(to: *mut c_void, value: T) -> status_t {
    user_copy::copy(to.cast(), (&raw const value).cast(), size_of::<T>())
}

static CARDS: Mutex<Vec<Arc<Card>>> = Mutex::new(Vec::new());
/// Of an Ethernet frame without its check sequence.
const FRAME_BYTES: u32 = 1514;
const MOST_BYTES: usize = 65_536;
