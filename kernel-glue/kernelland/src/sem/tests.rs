use super::{NO_TIMEOUT, acquire, count, create, delete, release};
use crate::thread::{current, find};
use haiku_abi::{
    B_ABSOLUTE_TIMEOUT, B_BAD_SEM_ID, B_BAD_VALUE, B_CAN_INTERRUPT, B_INTERRUPTED, B_RELATIVE_TIMEOUT, B_RELEASE_ALL,
    B_RELEASE_IF_WAITING_ONLY, B_TIMED_OUT, B_WOULD_BLOCK, sem_id, status_t,
};
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::thread::{JoinHandle, scope, spawn};

/// Starts a thread that acquires, and waits until it waits.
fn waiter(sem: sem_id, wants: i32, flags: u32) -> (i32, JoinHandle<Result<(), status_t>>) {
    let (to, from) = channel();
    let thread = spawn(move || {
        to.send(current().id).unwrap();
        acquire(sem, wants, flags, NO_TIMEOUT)
    });
    let id = from.recv().unwrap();
    while find(id).unwrap().waits_for().is_none() {
        std::thread::yield_now();
    }
    (id, thread)
}

#[test]
fn calls_that_fail_say_why() {
    let sem = create(0, "empty", 0).unwrap();
    let rows = [
        ("no such one", acquire(1, 1, 0, NO_TIMEOUT), B_BAD_SEM_ID),
        ("a bad number", acquire(-1, 0, 0, NO_TIMEOUT), B_BAD_SEM_ID),
        ("nothing", acquire(sem, 0, 0, NO_TIMEOUT), B_BAD_VALUE),
        ("at once", acquire(sem, 1, B_RELATIVE_TIMEOUT, 0), B_WOULD_BLOCK),
        ("before now", acquire(sem, 1, B_RELATIVE_TIMEOUT, -5), B_WOULD_BLOCK),
        ("a while", acquire(sem, 1, B_RELATIVE_TIMEOUT, 1000), B_TIMED_OUT),
        ("before the epoch", acquire(sem, 1, B_ABSOLUTE_TIMEOUT, -1), B_TIMED_OUT),
        ("in the past", acquire(sem, 1, B_ABSOLUTE_TIMEOUT, 1), B_TIMED_OUT),
        ("give nothing", release(sem, 0, 0), B_BAD_VALUE),
        ("give to none", release(1, 1, 0), B_BAD_SEM_ID),
    ];
    for (name, got, want) in rows {
        assert_eq!(got, Err(want), "{name}");
    }
    assert_eq!(count(sem), Ok(0));
    assert_eq!(create(-1, "less than none", 0), Err(B_BAD_VALUE));
    delete(sem).unwrap();
    assert_eq!(delete(sem), Err(B_BAD_SEM_ID));
}

#[test]
fn deletion_wakes_those_who_wait() {
    let sem = create(0, "short-lived", 0).unwrap();
    let (_, thread) = waiter(sem, 1, 0);
    assert_eq!(count(sem), Ok(-1));
    delete(sem).unwrap();
    assert_eq!(thread.join().unwrap(), Err(B_BAD_SEM_ID));
}

#[test]
fn a_status_goes_to_those_who_wait_and_to_nobody_later() {
    let sem = create(0, "status", 0).unwrap();
    let threads = [waiter(sem, 1, 0), waiter(sem, 3, 0)];
    release(sem, -7, B_RELEASE_ALL).unwrap();
    for (_, thread) in threads {
        assert_eq!(thread.join().unwrap(), Err(-7));
    }
    release(sem, -7, B_RELEASE_ALL).unwrap();
    assert_eq!(acquire(sem, 1, B_RELATIVE_TIMEOUT, 1000), Err(B_TIMED_OUT));
    release(sem, 5, B_RELEASE_IF_WAITING_ONLY).unwrap();
    assert_eq!(count(sem), Ok(0));
    delete(sem).unwrap();
}

#[test]
fn who_wants_more_waits_until_there_is_enough_and_is_served_first() {
    let sem = create(1, "shop", 0).unwrap();
    let (_, large) = waiter(sem, 3, 0);
    let (_, small) = waiter(sem, 1, 0);
    assert_eq!(count(sem), Ok(-3));
    release(sem, 1, 0).unwrap();
    assert!(!large.is_finished() && !small.is_finished());
    release(sem, 1, 0).unwrap();
    assert_eq!(large.join().unwrap(), Ok(()));
    assert!(!small.is_finished());
    release(sem, 1, 0).unwrap();
    assert_eq!(small.join().unwrap(), Ok(()));
    assert_eq!(count(sem), Ok(0));
    delete(sem).unwrap();
}

#[test]
fn an_interrupt_ends_a_wait_that_allows_it_and_no_other() {
    let sem = create(0, "interrupted", 0).unwrap();
    let (id, thread) = waiter(sem, 1, B_CAN_INTERRUPT);
    find(id).unwrap().interrupt();
    assert_eq!(thread.join().unwrap(), Err(B_INTERRUPTED));
    let (id, thread) = waiter(sem, 1, 0);
    find(id).unwrap().interrupt();
    release(sem, 1, 0).unwrap();
    assert_eq!(thread.join().unwrap(), Ok(()));
    delete(sem).unwrap();
}

#[test]
fn no_wake_up_is_lost_between_threads_and_time_outs() {
    let sem = create(0, "busy", 0).unwrap();
    let taken = AtomicI32::new(0);
    let given = 3000;
    scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while taken.load(SeqCst) < given {
                    match acquire(sem, 1, B_RELATIVE_TIMEOUT, 50) {
                        Ok(()) => {
                            taken.fetch_add(1, SeqCst);
                        }
                        Err(status) => assert_eq!(status, B_TIMED_OUT),
                    }
                }
            });
        }
        (0..given).for_each(|_| release(sem, 1, 0).unwrap());
    });
    assert_eq!((taken.load(SeqCst), count(sem)), (given, Ok(0)));
    delete(sem).unwrap();
}

#[test]
fn only_a_wait_that_any_signal_may_end_is_interrupted() {
    crate::test(|| {
        let sem = super::create(0, "test", 0).unwrap();
        crate::thread::current().interrupt();
        let wait = |flags| super::acquire(sem, 1, flags | haiku_abi::B_RELATIVE_TIMEOUT, 1000);
        assert_eq!(wait(haiku_abi::B_KILL_CAN_INTERRUPT), Err(haiku_abi::B_TIMED_OUT));
        assert_eq!(wait(haiku_abi::B_CAN_INTERRUPT), Err(haiku_abi::B_INTERRUPTED));
    });
}
