//! Locks and lists whose inside C code touches (`lock.h`, `util/list.h`, `condition_variable.h`).

use crate::layout::layout;
use crate::thread_id;
use core::ffi::{c_char, c_void};

/// A link of a doubly linked list.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct list_link {
    pub next: *mut c_void,
    pub prev: *mut c_void,
}

impl list_link {
    pub const fn new() -> Self {
        Self { next: core::ptr::null_mut(), prev: core::ptr::null_mut() }
    }
}

impl Default for list_link {
    fn default() -> Self {
        Self::new()
    }
}

/// A list of items whose links are at an offset.
#[repr(C)]
pub struct list {
    pub link: list_link,
    pub offset: i32,
}

/// A lock. `count` is `holder`, a thread's number, in kernels built with KDEBUG.
#[repr(C)]
pub struct mutex {
    pub name: *const c_char,
    pub waiters: *mut c_void,
    pub lock: i32,
    pub count: i32,
    pub flags: u8,
}

/// A lock that its holder may take again. `holder` is unused in kernels built with KDEBUG.
#[repr(C)]
pub struct recursive_lock {
    pub lock: mutex,
    pub holder: thread_id,
    pub recursion: i32,
}

/// A lock of many readers or one writer.
#[repr(C)]
pub struct rw_lock {
    pub name: *const c_char,
    pub waiters: *mut c_void,
    pub lock: i32,
    pub holder: thread_id,
    pub count: i32,
    pub owner_count: i32,
    pub active_readers: i16,
    pub pending_readers: i16,
    pub flags: u32,
}

/// Its inside is the kernel's.
#[repr(C, align(8))]
pub struct ConditionVariable {
    pub words: [u64; 6],
}

/// Its inside is the kernel's.
#[repr(C, align(8))]
pub struct ConditionVariableEntry {
    pub words: [u64; 5],
}

layout! { LAYOUT:
    list_link 16 / 8 { next 0, prev 8, }
    list 24 / 8 { link 0, offset 16, }
    mutex 32 / 8 { name 0, waiters 8, lock 16, count 20, flags 24, }
    recursive_lock 40 / 8 { lock 0, holder 32, recursion 36, }
    rw_lock 40 / 8 {
        name 0, waiters 8, lock 16, holder 20, count 24, owner_count 28, active_readers 32, pending_readers 34, flags 36,
    }
    ConditionVariable 48 / 8 {}
    ConditionVariableEntry 40 / 8 {}
}
