//! Bounds of a cache.

use super::{MAX_ENTRIES, Neighbours, Protocol};
use crate::{Config, Kernel};
use haiku_abi::NET_STACK_MODULE_NAME;
use std::net::Ipv4Addr;
use std::time::Duration;

static CACHE: Neighbours<Ipv4Addr> =
    Neighbours::new(c"test cache", Protocol { name: "test", ask: |_, _| {}, send: |_, _, _| {} });

#[test]
fn neighbours_are_learned_as_long_as_there_is_room() {
    crate::test(|| {
        let kernel = Kernel::boot(Config { time_limit: Some(Duration::from_secs(30)), ..Config::default() });
        kernel.start_network().unwrap();
        crate::modules::get(NET_STACK_MODULE_NAME.to_str().unwrap()).unwrap();
        if !crate::stack::is_started() {
            return;
        }
        CACHE.init(|| CACHE.on_timer());
        let address = |number: usize| Ipv4Addr::from(0x0a00_0001 + number as u32);
        (0..=MAX_ENTRIES).for_each(|number| CACHE.learn(address(number), [2, 0, 0, 0, 0, 1]));
        assert_eq!((CACHE.knows(address(MAX_ENTRIES - 1)), CACHE.knows(address(MAX_ENTRIES))), (true, false));
        CACHE.remove(address(7));
        CACHE.learn(address(MAX_ENTRIES), [2, 0, 0, 0, 0, 1]);
        assert!(CACHE.knows(address(MAX_ENTRIES)));
        CACHE.uninit();
    });
}
