use super::{hold_spawns_of, spawn};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread::{scope, yield_now};

#[test]
fn a_call_is_held_until_the_gate_opens() {
    let returned = AtomicU32::new(0);
    let held = hold_spawns_of("held");
    scope(|scope| {
        for name in ["held", "another"] {
            let returned = &returned;
            scope.spawn(move || {
                spawn(name);
                returned.fetch_add(1, SeqCst);
            });
        }
        while returned.load(SeqCst) == 0 {
            yield_now();
        }
        (0..1000).for_each(|_| yield_now());
        assert_eq!(returned.load(SeqCst), 1);
        drop(held);
    });
    spawn("held");
}
