use super::Cache;
use crate::heap::{FREED, FRESH};
use crate::{test, test_that_fails};

fn cache() -> &'static Cache {
    // SAFETY: a cache lives until it is deleted, which these tests do last or never.
    unsafe { &*Cache::create("test", 100, 0) }
}

fn byte(object: *mut u8) -> u8 {
    // SAFETY: objects keep their memory while the cache lives.
    unsafe { object.wrapping_add(99).read() }
}

#[test]
fn objects_are_poisoned_when_they_come_and_when_they_go() {
    let cache = cache();
    let object = cache.allocate().unwrap();
    assert!((object as usize).is_multiple_of(64));
    assert_eq!(byte(object), FRESH);
    cache.free(object);
    assert_eq!(byte(object), FREED);
}

#[test]
fn an_object_that_is_left_is_reported_with_its_cache() {
    test(|| {
        let cache = Cache::create("leaky", 8, 0);
        // SAFETY: a cache that lives.
        unsafe { &*cache }.allocate().unwrap();
        // SAFETY: nobody uses it any more.
        unsafe { Cache::delete(cache) };
        assert!(crate::fault::reports()[0].to_string().contains("\"leaky\" ends with 1 objects"));
        assert!(super::all().is_empty());
    });
}

#[test]
fn an_object_is_freed_once() {
    test_that_fails("is no object in use", || {
        let cache = cache();
        let object = cache.allocate().unwrap();
        cache.free(object);
        cache.free(object);
    });
}

#[test]
fn a_late_write_to_an_object_is_found() {
    test_that_fails("was written to", || {
        let cache = cache();
        let object = cache.allocate().unwrap();
        cache.free(object);
        // SAFETY: the memory is still the cache's.
        unsafe { object.write(1) };
        for _ in 0..200 {
            cache.free(cache.allocate().unwrap());
        }
    });
}

#[test]
fn a_late_write_to_an_object_is_found_at_the_end() {
    test_that_fails("was written to", || {
        let cache = cache();
        let object = cache.allocate().unwrap();
        cache.free(object);
        // SAFETY: the memory is still the cache's.
        unsafe { object.write(1) };
    });
}
