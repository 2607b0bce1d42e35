use super::{Deadline, Entry, Inside, current, find, find_by_name, join, kill, resume, spawn};
use crate::test_that_fails;
use haiku_abi::{B_BAD_THREAD_ID, B_BAD_VALUE, status_t};
use std::ffi::c_void;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

unsafe extern "C" fn run(argument: *mut c_void) -> status_t {
    // SAFETY: the tests pass a static.
    let ran = unsafe { &*argument.cast::<AtomicI32>() };
    ran.fetch_add(1, SeqCst);
    if gs_slot() == std::ptr::from_ref(&current().block) as usize { 7 } else { 8 }
}

/// Reads `%gs:0`, as `thread_get_current_thread` does.
fn gs_slot() -> usize {
    let slot;
    // SAFETY: the running thread was adopted, so its %gs points to a slot.
    unsafe { core::arch::asm!("mov {}, gs:[0]", out(reg) slot) };
    slot
}

fn entry(ran: &'static AtomicI32) -> Entry {
    Entry { function: run, argument: std::ptr::from_ref(ran).cast_mut().cast() }
}

#[test]
fn a_thread_is_made_suspended_runs_once_and_is_joined_once() {
    static RAN: AtomicI32 = AtomicI32::new(0);
    let id = spawn("joined", 10, entry(&RAN), 0);
    assert_eq!(find_by_name("joined").map(|thread| thread.id), Some(id));
    assert_eq!(RAN.load(SeqCst), 0);
    assert_eq!(resume(id), Ok(()));
    assert_eq!(resume(id), Err(B_BAD_VALUE));
    assert_eq!(join(id), Ok(7));
    assert_eq!(RAN.load(SeqCst), 1);
    assert_eq!(join(id), Err(B_BAD_THREAD_ID));
    assert!(find_by_name("joined").is_none());
}

#[test]
fn joining_resumes() {
    static RAN: AtomicI32 = AtomicI32::new(0);
    assert_eq!(join(spawn("resumed", 10, entry(&RAN), 0)), Ok(7));
}

#[test]
fn joins_that_cannot_end_are_refused() {
    assert_eq!(join(current().id), Err(super::spawn::EDEADLK));
    assert_eq!(join(1), Err(B_BAD_THREAD_ID));
    assert_eq!(resume(1), Err(B_BAD_THREAD_ID));
}

#[test]
fn a_suspended_thread_can_be_killed() {
    static RAN: AtomicI32 = AtomicI32::new(0);
    let id = spawn("killed", 10, entry(&RAN), 0);
    assert_eq!(kill(id), Ok(()));
    assert_eq!(join(id), Err(B_BAD_THREAD_ID));
    assert_eq!(RAN.load(SeqCst), 0);
}

#[test]
fn a_foreign_thread_is_adopted_until_it_ends() {
    let id = std::thread::spawn(|| {
        let thread = current();
        assert_eq!(gs_slot(), std::ptr::from_ref(&thread.block) as usize);
        assert!(thread.is_alive());
        thread.id
    });
    let id = id.join().unwrap();
    // The destructors of a Linux thread may run a moment longer than its join.
    (0..1000).for_each(|_| std::thread::yield_now());
    assert!(find(id).is_none_or(|thread| !thread.is_alive()));
}

#[test]
fn a_system_call_shows_in_the_record() {
    let thread = current();
    thread.set_in_system_call(Inside::SystemCall);
    assert_eq!(thread.block.flags.load(SeqCst) & 0xc00, 0x800);
    thread.set_in_system_call(Inside::Kernel);
    assert_eq!(thread.block.flags.load(SeqCst) & 0xc00, 0);
}

#[test]
fn a_deadline_far_away_does_not_overflow() {
    assert_eq!(Deadline::of(haiku_abi::B_RELATIVE_TIMEOUT, i64::MAX), Deadline::Never);
    assert_eq!(Deadline::of(haiku_abi::B_RELATIVE_TIMEOUT, i64::MAX - 1), Deadline::At(i64::MAX));
}

#[test]
fn a_stack_that_is_too_deep_is_found_at_the_next_call() {
    test_that_fails("bytes deep", || {
        static RAN: AtomicI32 = AtomicI32::new(0);
        let argument = std::ptr::from_ref(&RAN).cast_mut().cast();
        let _ = join(spawn("deep", 10, Entry { function: deep, argument }, 0));
    });
}

unsafe extern "C" fn deep(_argument: *mut c_void) -> status_t {
    let large = std::hint::black_box([1u8; 17 * 1024]);
    // SAFETY: takes no memory.
    let block = unsafe { crate::symbols::malloc(1) };
    // SAFETY: the block from above.
    unsafe { crate::symbols::free(block) };
    i32::from(large[5])
}
