use super::Carrier;
use crate::linux::lab::in_namespace;
use std::process::Command;

#[test]
fn the_carrier_follows_orders() {
    in_namespace(|mut lab| {
        let (tap, _host) = lab.host("tap0", 1);
        for (order, want) in [(Carrier::Absent, "NO-CARRIER"), (Carrier::Present, "LOWER_UP")] {
            tap.set_carrier(order).unwrap();
            let shown = Command::new("ip").args(["link", "show", "tap0"]).output().unwrap().stdout;
            assert!(String::from_utf8(shown).unwrap().contains(want), "{order:?}");
        }
    });
}
