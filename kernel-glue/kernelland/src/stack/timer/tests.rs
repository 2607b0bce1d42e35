//! Timers of the stack's own.

use super::Timer;
use crate::{Config, Kernel};
use haiku_abi::NET_STACK_MODULE_NAME;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

static TIMER: Timer = Timer::new();
static BEGUN: AtomicU32 = AtomicU32::new(0);
static OVER: AtomicU32 = AtomicU32::new(0);

#[test]
fn a_timer_that_ends_waits_for_its_hook() {
    crate::test(|| {
        let kernel = Kernel::boot(Config { time_limit: Some(Duration::from_secs(30)), ..Config::default() });
        kernel.start_network().unwrap();
        crate::modules::get(NET_STACK_MODULE_NAME.to_str().unwrap()).unwrap();
        if crate::stack::is_started() {
            TIMER.init(|| {
                BEGUN.fetch_add(1, SeqCst);
                std::thread::sleep(Duration::from_millis(200));
                OVER.fetch_add(1, SeqCst);
            });
            TIMER.set(0);
            while BEGUN.load(SeqCst) == 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
            TIMER.end();
            assert_eq!(OVER.load(SeqCst), 1);
        }
    });
}
