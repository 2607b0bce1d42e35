use super::{FREED, FRESH, allocate, free, live, size_of};
use crate::{inject, test, test_that_fails};

fn read(memory: *mut u8) -> u8 {
    // SAFETY: the tests read blocks that they have or had; freed ones rest before their memory goes back.
    unsafe { memory.read() }
}

fn write(memory: *mut u8) {
    // SAFETY: as above; writes beyond the end hit the guard.
    unsafe { memory.write(1) };
}

#[test]
fn memory_is_poisoned_when_it_comes_and_when_it_goes() {
    let block = allocate(100, 64, 42).unwrap();
    assert!((block as usize).is_multiple_of(64));
    assert_eq!((read(block), read(block.wrapping_add(99))), (FRESH, FRESH));
    assert_eq!(size_of(block), Some(100));
    assert!(live().iter().any(|known| known.address == block as usize && known.caller == 42));
    free(block);
    assert_eq!(read(block), FREED);
    assert_eq!(size_of(block), None);
    free(std::ptr::null_mut());
}

#[test]
fn a_block_is_freed_once() {
    test_that_fails("is no block, or freed already", || {
        let block = allocate(8, 1, 0).unwrap();
        free(block);
        free(block);
    });
}

#[test]
fn a_freed_block_does_not_become_another() {
    test_that_fails("realloc: ", || {
        let block = allocate(8, 1, 0).unwrap();
        free(block);
        // SAFETY: that of a block which is not one any more is what is tried here.
        unsafe { crate::symbols::realloc(block.cast(), 16) };
    });
}

#[test]
fn a_write_beyond_the_end_is_found() {
    test_that_fails("written beyond the end", || {
        let block = allocate(8, 1, 0).unwrap();
        write(block.wrapping_add(8));
        free(block);
    });
}

#[test]
fn a_late_write_is_found() {
    test_that_fails("freed memory was written to", || {
        let block = allocate(8, 1, 0).unwrap();
        free(block);
        write(block);
        for _ in 0..10_000 {
            free(allocate(8, 1, 0).unwrap());
        }
    });
}

#[test]
fn a_write_beyond_the_end_of_a_block_that_stays_is_found_at_the_end() {
    test_that_fails("written beyond the end", || write(allocate(8, 1, 0).unwrap().wrapping_add(8)));
}

#[test]
fn a_late_write_is_found_at_the_end() {
    test_that_fails("freed memory was written to", || {
        let block = allocate(8, 1, 0).unwrap();
        free(block);
        write(block);
    });
}

#[test]
fn a_late_write_beyond_the_end_is_found() {
    test_that_fails("written beyond the end", || {
        let block = allocate(8, 1, 0).unwrap();
        free(block);
        write(block.wrapping_add(8));
    });
}

#[test]
fn allocations_fail_as_they_are_told() {
    test(|| {
        let attempt = || allocate(8, 1, 0).is_some();
        inject::fail_one(2);
        assert_eq!([attempt(), attempt(), attempt()], [true, false, true]);
        inject::fail_from(2);
        assert_eq!([attempt(), attempt(), attempt()], [true, false, false]);
        inject::fail_from(0);
        assert_eq!([attempt(), attempt()], [true, true]);
        assert_eq!(inject::count(), 8);
    });
}
