//! Threads: what the kernel knows of each, kernel threads and adopted ones alike.
//!
//! A thread's record is never freed, so that a stale pointer to it (in a condition variable's entry, say) finds a dead
//! thread instead of somebody else's memory.

mod adopt;
mod block;
mod spawn;
mod table;

pub(crate) use adopt::current;
pub(crate) use block::{Deadline, Wait, WaitKind};
pub(crate) use spawn::{Entry, join, resume, signal, spawn};
pub(crate) use table::{all, deepest_stack, find, find_by_name};

use haiku_abi::{status_t, thread_id};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, AtomicUsize};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A thread of the kernel.
#[derive(Debug)]
pub(crate) struct Thread {
    pub(crate) id: thread_id,
    pub(crate) name: String,
    /// What Linux calls it; 0 before it runs.
    pub(crate) linux_id: AtomicI32,
    pub(crate) priority: AtomicI32,
    pub(crate) kind: ThreadKind,
    /// What module code finds through `%gs:0`: Haiku's own record of the thread, of which it reads two fields.
    block: Block,
    parking: AtomicU32,
    waiting: Mutex<Option<Wait>>,
    life: Mutex<Life>,
    /// Whether a call that can be interrupted is to return.
    pub(crate) interrupted: AtomicBool,
    /// Whether the thread plays an interrupt, or holds spinlocks: it may not wait.
    pub(crate) interrupts_off: AtomicBool,
    /// `errno` of calls of the kernel's file functions.
    pub(crate) errno: AtomicI32,
    /// Where the thread's kernel stack begins (its highest address), or 0 outside the kernel.
    pub(crate) stack_top: AtomicUsize,
    /// Where the stack pointer was when module code last called the kernel.
    pub(crate) entered_at: AtomicUsize,
    /// The deepest that its kernel stack has been, in bytes.
    pub(crate) deepest: AtomicUsize,
    pub(crate) user_id: AtomicU32,
    pub(crate) team: AtomicI32,
}

/// Where a thread comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ThreadKind {
    /// Made by `spawn_kernel_thread`, called from here.
    Kernel(usize),
    /// A thread of the test's process that entered the kernel.
    Adopted,
}

/// How far a kernel thread has come.
#[derive(Debug)]
enum Life {
    /// Made, not yet resumed: what it is to run.
    Suspended(spawn::Entry),
    /// Runs, and these wait for its end.
    Running(Vec<&'static Thread>),
    /// Ended, with this status, which is for those who waited.
    Ended(status_t),
}

/// The fields of Haiku's `struct Thread` that code in a module reads inline, at its offsets.
#[repr(C, align(16))]
#[derive(Debug)]
struct Block {
    before_flags: [AtomicU32; FLAGS_OFFSET / 4],
    flags: AtomicU32,
    between: [AtomicU32; (RESTART_OFFSET - FLAGS_OFFSET) / 4 - 1],
    restart: [AtomicU64; 4],
}

impl Thread {
    fn new(id: thread_id, name: &str, priority: i32, kind: ThreadKind, life: Life) -> Self {
        Self {
            id,
            name: name.to_owned(),
            linux_id: AtomicI32::new(0),
            priority: AtomicI32::new(priority),
            kind,
            block: Block {
                before_flags: [const { AtomicU32::new(0) }; FLAGS_OFFSET / 4],
                flags: AtomicU32::new(0),
                between: [const { AtomicU32::new(0) }; (RESTART_OFFSET - FLAGS_OFFSET) / 4 - 1],
                restart: [const { AtomicU64::new(0) }; 4],
            },
            parking: AtomicU32::new(0),
            waiting: Mutex::new(None),
            life: Mutex::new(life),
            interrupted: AtomicBool::new(false),
            interrupts_off: AtomicBool::new(false),
            errno: AtomicI32::new(0),
            stack_top: AtomicUsize::new(0),
            entered_at: AtomicUsize::new(0),
            deepest: AtomicUsize::new(0),
            user_id: AtomicU32::new(0),
            team: AtomicI32::new(KERNEL_TEAM),
        }
    }

    /// Says whether what the thread runs was called by a program; module code asks.
    pub(crate) fn set_in_system_call(&self, inside: Inside) {
        use std::sync::atomic::Ordering::Relaxed;
        match inside {
            Inside::SystemCall => self.block.flags.fetch_or(FLAG_SYSCALL, Relaxed),
            Inside::Kernel => self.block.flags.fetch_and(!(FLAG_SYSCALL | FLAG_RESTARTED), Relaxed),
        };
    }

    /// Returns what the thread waits for, as far as it waits.
    pub(crate) fn waits_for(&self) -> Option<Wait> {
        locked(&self.waiting).clone()
    }

    /// Whether the thread is made and has not ended.
    pub(crate) fn is_alive(&self) -> bool {
        matches!(*locked(&self.life), Life::Suspended(_) | Life::Running(_))
    }
}

impl std::fmt::Display for Thread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "thread {} \"{}\"", self.id, self.name)
    }
}

/// Who called the kernel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Inside {
    SystemCall,
    Kernel,
}

/// Locks what no panic can leave half done: the state is plain data that every holder writes at once.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The kernel's own team.
pub(crate) const KERNEL_TEAM: i32 = 1;
const FLAGS_OFFSET: usize = 0x38;
const RESTART_OFFSET: usize = 0x100;
/// The thread is in a system call.
const FLAG_SYSCALL: u32 = 0x800;
/// The system call was interrupted and is made again.
const FLAG_RESTARTED: u32 = 0x400;

const _: () = assert!(core::mem::offset_of!(Block, flags) == FLAGS_OFFSET);
const _: () = assert!(core::mem::offset_of!(Block, restart) == RESTART_OFFSET);

thread_local! {
    /// The thread that runs, once the kernel has seen it.
    static CURRENT: Cell<Option<&'static Thread>> = const { Cell::new(None) };
}

#[cfg(test)]
mod tests;
