use super::{Deadline, Entry, Inside, current, find, find_by_name, join, resume, signal, spawn};
use crate::test_that_fails;
use haiku_abi::{B_BAD_THREAD_ID, status_t};
use std::ffi::c_void;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::thread::{scope, yield_now};

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

/// Runs until the number is no longer 0.
unsafe extern "C" fn stay(argument: *mut c_void) -> status_t {
    // SAFETY: the tests pass a static.
    let may_end = unsafe { &*argument.cast::<AtomicI32>() };
    while may_end.load(SeqCst) == 0 {
        yield_now();
    }
    9
}

#[test]
fn a_thread_is_made_suspended_and_runs_once() {
    static RAN: AtomicI32 = AtomicI32::new(0);
    let id = spawn("joined", 10, entry(&RAN), 0);
    assert_eq!(find_by_name("joined").map(|thread| thread.id), Some(id));
    assert_eq!(RAN.load(SeqCst), 0);
    assert_eq!(join(id), Ok(7));
    assert_eq!(RAN.load(SeqCst), 1);
    assert_eq!(join(id), Err(B_BAD_THREAD_ID));
    assert!(find_by_name("joined").is_none());
}

#[test]
fn a_thread_that_runs_can_be_resumed() {
    static MAY_END: AtomicI32 = AtomicI32::new(0);
    let argument = std::ptr::from_ref(&MAY_END).cast_mut().cast();
    let id = spawn("resumed twice", 10, Entry { function: stay, argument }, 0);
    assert_eq!([resume(id), resume(id)], [Ok(()), Ok(())]);
    MAY_END.store(1, SeqCst);
}

#[test]
fn everybody_who_waits_gets_the_status_and_nobody_later() {
    static MAY_END: AtomicI32 = AtomicI32::new(0);
    let argument = std::ptr::from_ref(&MAY_END).cast_mut().cast();
    let id = spawn("stays", 10, Entry { function: stay, argument }, 0);
    let thread = find(id).unwrap();
    scope(|scope| {
        let joiners = [(); 3].map(|()| scope.spawn(move || join(id)));
        while !matches!(&*super::locked(&thread.life), super::Life::Running(joiners) if joiners.len() == 3) {
            yield_now();
        }
        MAY_END.store(1, SeqCst);
        assert_eq!(joiners.map(|joiner| joiner.join().unwrap()), [Ok(9); 3]);
    });
    assert_eq!(join(id), Err(B_BAD_THREAD_ID));
}

#[test]
fn a_thread_that_has_ended_cannot_be_joined() {
    static RAN: AtomicI32 = AtomicI32::new(0);
    let id = spawn("ended", 10, entry(&RAN), 0);
    let thread = find(id).unwrap();
    assert_eq!(resume(id), Ok(()));
    while thread.is_alive() {
        yield_now();
    }
    assert_eq!(join(id), Err(B_BAD_THREAD_ID));
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
fn a_signal_only_wakes_a_thread_of_the_kernel() {
    static RAN: AtomicI32 = AtomicI32::new(0);
    let id = spawn("killed", 10, entry(&RAN), 0);
    let thread = find(id).unwrap();
    assert_eq!(signal(id), Ok(()));
    while thread.is_alive() {
        yield_now();
    }
    assert_eq!((RAN.load(SeqCst), signal(id)), (1, Err(B_BAD_THREAD_ID)));
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
    while find(id).is_some() {
        yield_now();
    }
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
