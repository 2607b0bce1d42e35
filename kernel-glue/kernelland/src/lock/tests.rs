use super::{Flavour, Mutex, RecursiveLock, RwLock, set_flavour};
use crate::thread::{Deadline, current};
use crate::{test, test_that_fails};
use haiku_abi::{B_ERROR, B_TIMED_OUT, B_WOULD_BLOCK, mutex, recursive_lock, rw_lock};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};
use std::thread::{scope, yield_now};

/// A structure of C's that threads share.
struct Shared<T>(UnsafeCell<T>);

// SAFETY: the tests touch it through the locks' functions alone, which use atomics.
unsafe impl<T> Sync for Shared<T> {}

fn garbage<T>() -> Shared<T> {
    let mut value = std::mem::MaybeUninit::<T>::uninit();
    // SAFETY: room for the value.
    unsafe { value.as_mut_ptr().cast::<u8>().write_bytes(0xcc, size_of::<T>()) };
    // SAFETY: C's structures of integers and pointers may have any content.
    Shared(UnsafeCell::new(unsafe { value.assume_init() }))
}

impl Shared<mutex> {
    fn view(&self) -> Mutex<'_> {
        // SAFETY: a mutex, as long as the borrow lasts.
        unsafe { Mutex::at(self.0.get()) }
    }
}

impl Shared<recursive_lock> {
    fn view(&self) -> RecursiveLock<'_> {
        // SAFETY: a lock, as long as the borrow lasts.
        unsafe { RecursiveLock::at(self.0.get()) }
    }
}

impl Shared<rw_lock> {
    fn view(&self) -> RwLock<'_> {
        // SAFETY: a lock, as long as the borrow lasts.
        unsafe { RwLock::at(self.0.get()) }
    }

    /// What C code does inline.
    fn read_lock(&self) {
        if self.count().fetch_add(1, SeqCst) >= 0x10000 {
            self.view().read_wait().unwrap();
        }
    }

    fn read_unlock(&self) {
        if self.count().fetch_sub(1, SeqCst) >= 0x10000 {
            self.view().read_leave();
        }
    }

    fn count(&self) -> &AtomicI32 {
        let at = self.0.get().cast::<u8>().wrapping_add(core::mem::offset_of!(rw_lock, count));
        // SAFETY: the member of this type.
        unsafe { AtomicI32::from_ptr(at.cast()) }
    }
}

/// Says in both flavours what holds of mutexes: the caller is in a process of its own.
fn mutexes_exclude(flavour: Flavour) {
    // In a release nobody gives up: who does counts itself out after an unlocker may have seen it, as in Haiku, and the mutex that the
    // unlocker then hands over is found by nobody, or by two.
    let gives_up = flavour == Flavour::Kdebug;
    assert!(set_flavour(flavour));
    let lock = garbage::<mutex>();
    lock.view().init(c"test".as_ptr(), 0);
    let (inside, rounds) = (AtomicU32::new(0), AtomicU32::new(0));
    scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..1500 {
                    let deadline = if gives_up && round % 3 == 0 { Deadline::after(20) } else { Deadline::Never };
                    match lock.view().lock(deadline) {
                        Ok(()) => {
                            assert_eq!(inside.fetch_add(1, SeqCst), 0);
                            rounds.fetch_add(1, SeqCst);
                            if round % 50 == 0 {
                                yield_now();
                            }
                            inside.fetch_sub(1, SeqCst);
                            lock.view().unlock();
                        }
                        Err(status) => assert_eq!(status, B_TIMED_OUT),
                    }
                }
            });
        }
    });
    assert!(rounds.load(SeqCst) >= 4000);
    lock.view().try_lock().unwrap();
    assert_eq!(lock.view().try_lock(), Err(B_WOULD_BLOCK));
    lock.view().unlock();
    lock.view().destroy();
}

#[test]
fn mutexes_exclude_in_a_release() {
    test(|| mutexes_exclude(Flavour::Release));
}

#[test]
fn mutexes_exclude_with_kdebug() {
    test(|| mutexes_exclude(Flavour::Kdebug));
}

#[test]
fn an_unlocker_that_comes_before_the_waiter_is_remembered() {
    test(|| {
        assert!(set_flavour(Flavour::Release));
        let lock = garbage::<mutex>();
        lock.view().init(c"test".as_ptr(), 0);
        lock.view().lock(Deadline::Never).unwrap();
        // Another one has counted itself and not come to wait yet.
        let other = |by| lock.view().word.fetch_add(by, SeqCst);
        other(-1);
        lock.view().unlock();
        assert_eq!(lock.view().wait(Deadline::after(1_000_000)), Ok(()));
        lock.view().unlock();
        assert_eq!(lock.view().word.load(SeqCst), 0);
    });
}

#[test]
fn destruction_ends_the_waits_for_a_mutex() {
    test(|| {
        assert!(set_flavour(Flavour::Kdebug));
        let lock = garbage::<mutex>();
        lock.view().init(c"test".as_ptr(), haiku_abi::MUTEX_FLAG_CLONE_NAME);
        lock.view().lock(Deadline::Never).unwrap();
        scope(|scope| {
            let waiter = scope.spawn(|| lock.view().lock(Deadline::Never));
            while super::queue::Queues::lock(lock.view().address()).first(lock.view().address()).is_none() {
                yield_now();
            }
            lock.view().destroy();
            assert_eq!(waiter.join().unwrap(), Err(B_ERROR));
        });
    });
}

#[test]
fn kdebug_finds_a_mutex_that_is_locked_twice() {
    test_that_fails("is locked twice", || {
        assert!(set_flavour(Flavour::Kdebug));
        let lock = garbage::<mutex>();
        lock.view().init(c"test".as_ptr(), 0);
        lock.view().lock(Deadline::Never).unwrap();
        let _ = lock.view().lock(Deadline::Never);
    });
}

#[test]
fn a_destroyed_mutex_is_a_fault_in_a_release() {
    test_that_fails("a destroyed mutex", || {
        assert!(set_flavour(Flavour::Release));
        let lock = garbage::<mutex>();
        lock.view().init(c"test".as_ptr(), 0);
        lock.view().destroy();
        let _ = lock.view().lock(Deadline::Never);
    });
}

#[test]
fn a_destroyed_mutex_is_a_fault_with_kdebug() {
    test_that_fails("is not initialised, or destroyed", || {
        assert!(set_flavour(Flavour::Kdebug));
        let lock = garbage::<mutex>();
        lock.view().init(c"test".as_ptr(), 0);
        lock.view().destroy();
        let _ = lock.view().lock(Deadline::Never);
    });
}

#[test]
fn its_holder_may_lock_again() {
    let lock = garbage::<recursive_lock>();
    lock.view().init(c"test".as_ptr(), 0);
    assert_eq!(lock.view().recursion(), -1);
    lock.view().lock();
    lock.view().lock();
    lock.view().try_lock().unwrap();
    assert_eq!(lock.view().recursion(), 3);
    scope(|scope| {
        scope.spawn(|| {
            assert!(lock.view().try_lock().is_err());
            assert_eq!(lock.view().recursion(), -1);
        });
    });
    (0..3).for_each(|_| lock.view().unlock());
    scope(|scope| {
        scope.spawn(|| {
            lock.view().try_lock().unwrap();
            lock.view().unlock();
        });
    });
    lock.view().destroy();
}

#[test]
fn writers_are_alone_and_readers_are_not() {
    let lock = garbage::<rw_lock>();
    lock.view().init(c"test".as_ptr());
    let (readers, writers, writes) = (AtomicI32::new(0), AtomicI32::new(0), AtomicU32::new(0));
    scope(|scope| {
        for thread in 0..4 {
            let (lock, readers, writers, writes) = (&lock, &readers, &writers, &writes);
            scope.spawn(move || {
                for round in 0..2000 {
                    if (round + thread) % 4 == 0 {
                        lock.view().write_lock().unwrap();
                        lock.view().write_lock().unwrap();
                        assert_eq!((writers.fetch_add(1, SeqCst), readers.load(SeqCst)), (0, 0));
                        writes.fetch_add(1, SeqCst);
                        writers.fetch_sub(1, SeqCst);
                        lock.view().write_unlock();
                        lock.view().write_unlock();
                    } else {
                        lock.read_lock();
                        readers.fetch_add(1, SeqCst);
                        assert_eq!(writers.load(SeqCst), 0);
                        readers.fetch_sub(1, SeqCst);
                        lock.read_unlock();
                    }
                }
            });
        }
    });
    assert_eq!((writes.load(SeqCst), lock.count().load(SeqCst)), (2000, 0));
    lock.view().destroy();
}

#[test]
fn two_orders_of_locks_are_reported_with_both_places() {
    test(|| {
        let (a, b) = (garbage::<recursive_lock>(), garbage::<recursive_lock>());
        a.view().init(c"first".as_ptr(), 0);
        b.view().init(c"second".as_ptr(), 0);
        for [outer, inner] in [[&a, &b], [&a, &b], [&b, &a]] {
            outer.view().lock();
            inner.view().lock();
            inner.view().unlock();
            outer.view().unlock();
        }
        let reports = crate::fault::reports();
        assert_eq!(reports.len(), 1);
        let text = reports[0].to_string();
        assert!(text.contains("takes \"first\"") && text.contains("takes \"second\""), "{text}");
    });
}

#[test]
fn taking_a_lock_with_interrupts_off_is_reported_even_if_it_is_free() {
    test(|| {
        let (recursive, rw) = (garbage::<recursive_lock>(), garbage::<rw_lock>());
        recursive.view().init(c"recursive".as_ptr(), 0);
        rw.view().init(c"rw".as_ptr());
        current().interrupts_off.store(true, SeqCst);
        recursive.view().lock();
        recursive.view().lock();
        rw.view().write_lock().unwrap();
        current().interrupts_off.store(false, SeqCst);
        assert_eq!(crate::fault::reports().len(), 3, "{:?}", crate::fault::reports());
    });
}

#[test]
fn two_that_deadlock_when_they_first_meet_are_reported() {
    test(|| {
        let locks = [c"first", c"second"].map(|name| {
            let lock: &'static _ = Box::leak(Box::new(garbage::<recursive_lock>()));
            lock.view().init(name.as_ptr(), 0);
            lock
        });
        let both_hold_one: &'static _ = Box::leak(Box::new(std::sync::Barrier::new(2)));
        for [outer, inner] in [[locks[0], locks[1]], [locks[1], locks[0]]] {
            std::thread::spawn(move || {
                outer.view().lock();
                both_hold_one.wait();
                inner.view().lock();
            });
        }
        // They wait for ever, until the process ends.
        while crate::fault::reports().is_empty() {
            yield_now();
        }
        assert!(crate::fault::reports()[0].to_string().contains("locks in two orders"));
    });
}

#[test]
fn a_call_that_comes_back_with_a_lock_or_without_interrupts_is_reported() {
    test(|| {
        let lock = garbage::<recursive_lock>();
        lock.view().init(c"forgotten".as_ptr(), 0);
        let program = crate::user::Process::root();
        program.call(|| program.call(|| lock.view().lock()));
        program.call(|| lock.view().unlock());
        program.call(|| current().interrupts_off.store(true, SeqCst));
        let reports: Vec<_> = crate::fault::reports().iter().map(ToString::to_string).collect();
        assert_eq!(reports.len(), 2, "{reports:?}");
        assert!(reports[0].contains("returns to its program and holds \"forgotten\""), "{}", reports[0]);
        assert!(reports[1].contains("returns to its program with interrupts off"), "{}", reports[1]);
    });
}

#[test]
fn waiting_under_a_lock_that_forbids_it_is_reported() {
    test(|| {
        super::forbid_blocking("quick");
        let lock = garbage::<recursive_lock>();
        lock.view().init(c"quick".as_ptr(), 0);
        let sem = crate::sem::create(1, "test", 0).unwrap();
        lock.view().lock();
        assert_eq!(crate::sem::acquire(sem, 2, haiku_abi::B_RELATIVE_TIMEOUT, 0), Err(B_WOULD_BLOCK));
        assert!(crate::fault::reports().is_empty());
        // It would have had to wait if another one had been faster.
        crate::sem::acquire(sem, 1, 0, 0).unwrap();
        lock.view().unlock();
        let text = crate::fault::reports()[0].to_string();
        assert!(text.contains("\"quick\""), "{text}");
        assert!(current().waits_for().is_none());
    });
}
