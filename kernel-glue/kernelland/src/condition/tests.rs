use super::{Entry, Variable, Whom};
use haiku_abi::{
    B_CAN_INTERRUPT, B_ERROR, B_INFINITE_TIMEOUT, B_INTERRUPTED, B_OK, B_RELATIVE_TIMEOUT, B_TIMED_OUT, B_WOULD_BLOCK,
};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread::{scope, yield_now};

/// Memory as a stack leaves it.
fn variable() -> Variable {
    let garbage = MaybeUninit::<[u64; 6]>::new([0xcccc_cccc_cccc_cccc; 6]);
    // SAFETY: every pattern of bytes is a value of these atomics.
    let variable: Variable = unsafe { std::mem::transmute(garbage) };
    variable.init(std::ptr::null(), c"test".as_ptr());
    variable
}

fn entry() -> Entry {
    let garbage = MaybeUninit::<[u64; 5]>::new([0xcccc_cccc_cccc_cccc; 5]);
    // SAFETY: as above.
    let entry: Entry = unsafe { std::mem::transmute(garbage) };
    entry.init();
    entry
}

#[test]
fn what_comes_between_adding_and_waiting_is_not_lost() {
    let (variable, entry) = (variable(), entry());
    variable.add(&entry);
    assert_eq!(variable.entries.load(SeqCst), 1);
    assert_eq!(variable.notify(Whom::All, B_ERROR), 1);
    assert_eq!(variable.entries.load(SeqCst), 0);
    assert_eq!(entry.wait(0, B_INFINITE_TIMEOUT), B_ERROR);
    assert_eq!(variable.notify(Whom::All, B_OK), 0);
}

#[test]
fn waits_end_in_time() {
    let (variable, entry) = (variable(), entry());
    for (timeout, want) in [(0, B_WOULD_BLOCK), (-1, B_WOULD_BLOCK), (2000, B_TIMED_OUT)] {
        variable.add(&entry);
        assert_eq!(entry.wait(B_RELATIVE_TIMEOUT, timeout), want);
        assert_eq!(variable.entries.load(SeqCst), 0);
    }
}

#[test]
fn an_entry_that_ends_is_not_notified() {
    let (variable, entry) = (variable(), entry());
    variable.add(&entry);
    entry.remove();
    assert_eq!(variable.notify(Whom::All, B_OK), 0);
}

#[test]
fn one_is_told_or_all_are() {
    let variable = variable();
    scope(|scope| {
        let wait = || {
            let entry = entry();
            variable.add(&entry);
            entry.wait(0, B_INFINITE_TIMEOUT)
        };
        let threads = [(); 3].map(|()| scope.spawn(wait));
        while variable.entries.load(SeqCst) < 3 {
            yield_now();
        }
        assert_eq!(variable.notify(Whom::One, B_OK), 1);
        assert_eq!(variable.notify(Whom::All, B_ERROR), 2);
        let mut statuses = threads.map(|thread| thread.join().unwrap());
        statuses.sort_unstable();
        assert_eq!(statuses, [B_ERROR, B_ERROR, B_OK]);
    });
}

#[test]
fn a_wait_can_be_interrupted() {
    let variable = variable();
    let (to, from) = std::sync::mpsc::channel();
    scope(|scope| {
        let thread = scope.spawn(|| {
            let entry = entry();
            variable.add(&entry);
            to.send(crate::thread::current()).unwrap();
            entry.wait(B_CAN_INTERRUPT, B_INFINITE_TIMEOUT)
        });
        from.recv().unwrap().interrupt();
        assert_eq!(thread.join().unwrap(), B_INTERRUPTED);
    });
    assert_eq!(variable.entries.load(SeqCst), 0);
}

#[test]
fn no_notification_is_lost_between_threads() {
    let variable = variable();
    let turn = AtomicU32::new(0);
    let rounds = 2000;
    let play = |mine: u32| {
        for round in 0..rounds {
            loop {
                let entry = entry();
                variable.add(&entry);
                if turn.load(SeqCst) == 2 * round + mine {
                    entry.remove();
                    break;
                }
                assert_eq!(entry.wait(0, B_INFINITE_TIMEOUT), B_OK);
            }
            turn.fetch_add(1, SeqCst);
            variable.notify(Whom::All, B_OK);
        }
    };
    scope(|scope| {
        scope.spawn(|| play(0));
        scope.spawn(|| play(1));
    });
    assert_eq!(turn.load(SeqCst), 2 * rounds);
}
