//! What is said of the memory that a bridge takes is enough, and not far more.

use bridge::{Bridge, Config};
use frame::{Instant, Mac, PortId};
use kernel_glue::neighbours;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the memory came from `System`, by `alloc` above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Returns what `make` makes, and how many bytes it had at once at most beyond what there was.
fn most<T>(make: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let made = make();
    (made, MOST.load(Ordering::Relaxed) - before)
}

#[track_caller]
fn is_bound(what: &str, counted: usize, said: usize) {
    assert!(counted <= said && said <= counted + counted / 2, "{what}: {counted} bytes, said to be {said} at most");
}

// One test: what others allocate meanwhile would count as well.
#[test]
fn bounds_are_close() {
    for addresses in [0, 2000, 100_000] {
        let config = || Config { max_addresses: addresses, ..Config::default() };
        let ((bridge, _worker), counted) = most(|| {
            let bridge = Arc::new(Bridge::new(config(), 1, [1, 2, 3, 4]));
            let worker = bridge.worker(0).unwrap();
            (bridge, worker)
        });
        is_bound(&format!("{addresses} addresses"), counted, Bridge::bytes(addresses, 1));
        let port = PortId::new(1).unwrap();
        bridge.publish(Config { ports: vec![(port, bridge::PortConfig::default())], ..config() });
        for station in 0..addresses {
            let [_, a, b, c] = station.to_be_bytes();
            bridge.insert_static(0, Mac([2, 0, 0, a, b, c]), port).unwrap();
        }
        let larger = Config { max_addresses: addresses + 300_000, ..(*bridge.config()).clone() };
        let said = Bridge::table_bytes(larger.max_addresses, addresses);
        let ((), counted) = most(|| bridge.publish(larger));
        is_bound(&format!("{addresses} addresses that move"), counted, said + 32 * 1024);
        assert!(bridge.entries(Instant::from_secs(1)).len() == addresses as usize);
    }
    let (_table, counted) = most(|| neighbours::table([1, 2]));
    is_bound("neighbours", counted, neighbours::BYTES);
}
