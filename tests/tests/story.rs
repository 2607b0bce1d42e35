//! The story that Trestle was asked for, from an empty host to an empty host.

use tests::{Daemon, Host, Lab, Switch, Tagging, Vm, Wire};

#[test]
fn a_virtual_machine_is_on_the_lan() {
    let Some(lab) = Lab::open("a_virtual_machine_is_on_the_lan") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let tap = Wire::tap(daemon.ns(), "tap0");
    let lan = Host::by_veth(lab.ns("lan"), daemon.ns(), "eth1", 2);
    let vm = Vm::start(tap, 3, Tagging::None);
    let before = daemon.ns().links();
    let descriptors = daemon.descriptors();

    assert_eq!(daemon.ok("bridge0 create"), "");
    assert_eq!(daemon.ok("bridge0 addm tap0 addm eth1 up"), "");
    assert!(vm.reaches(lan.address) && lan.reaches(vm.address));

    let table = daemon.ok("bridge0 addr");
    let line = |mac: &str| table.lines().find(|line| line.starts_with(mac)).unwrap_or_else(|| panic!("{mac}: {table}"));
    assert!(line(&vm.mac).starts_with(&format!("{} Vlan0 tap0 ", vm.mac)), "{table}");
    assert!(line(&lan.mac()).starts_with(&format!("{} Vlan0 eth1 ", lan.mac())), "{table}");

    daemon.ok("bridge0 deletem tap0");
    assert!(vm.is_cut_from(lan.address) && lan.is_cut_from(vm.address));
    daemon.ok("bridge0 addm tap0");
    assert!(vm.reaches(lan.address));

    daemon.ok("bridge0 inet 10.0.0.1/24");
    assert!(vm.reaches(Host::address(1)) && lan.reaches(Host::address(1)));
    let host = Host { ns: daemon.ns().clone(), interface: "bridge0".to_owned(), address: Host::address(1) };
    assert!(host.reaches(vm.address) && host.reaches(lan.address));

    assert_eq!(daemon.ok("bridge0 destroy"), "");
    assert!(vm.is_cut_from(lan.address));
    assert_eq!(daemon.ns().links(), before);
    daemon.settles_to(&descriptors);
}

#[test]
fn an_interface_is_promiscuous_exactly_while_it_is_a_member() {
    let Some(lab) = Lab::open("an_interface_is_promiscuous_exactly_while_it_is_a_member") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let _lan = Host::by_veth(lab.ns("lan"), daemon.ns(), "eth1", 2);
    let before = daemon.ns().link("eth1");
    assert_eq!(before.promiscuity, 0);
    daemon.ok("bridge0 create addm eth1 up");
    assert!(daemon.ns().link("eth1").promiscuity > 0);
    daemon.ok("bridge0 deletem eth1");
    assert_eq!(daemon.ns().link("eth1"), before);
}

#[test]
fn create_prints_the_name_it_chose() {
    let Some(lab) = Lab::open("create_prints_the_name_it_chose") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    assert_eq!(daemon.ok("bridge create"), "bridge0\n");
    assert_eq!(daemon.ok("bridge1 create"), "");
    assert_eq!(daemon.ok("bridge create"), "bridge2\n");
    assert_eq!(daemon.ok("vport create"), "vport0\n");
    daemon.ok("bridge0 destroy");
    assert_eq!(daemon.ok("bridge create"), "bridge0\n");
    let links = daemon.ns().links();
    assert_eq!(links.into_keys().collect::<Vec<_>>(), ["bridge0", "bridge1", "bridge2", "lo", "vport0"]);
}

#[test]
fn a_bridge_keeps_its_mac_address() {
    let Some(lab) = Lab::open("a_bridge_keeps_its_mac_address") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.ok("bridge0 create");
    let mac = daemon.ns().link("bridge0").mac;
    assert_eq!(daemon.report("bridge0").ether.to_string(), mac);
    daemon.ok("bridge0 destroy");
    daemon.ok("bridge0 create");
    assert_eq!(daemon.ns().link("bridge0").mac, mac);
    daemon.ok("bridge0 ether 02:00:00:00:00:99");
    assert_eq!(daemon.ns().link("bridge0").mac, "02:00:00:00:00:99");
}

/// Linux answers ARP on any interface for any of its addresses; one that is a member must not.
#[test]
fn arp_for_the_host_is_answered_with_the_address_of_the_bridge_alone() {
    let Some(lab) = Lab::open("arp_for_the_host_is_answered_with_the_address_of_the_bridge_alone") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let lan = Host::by_veth(lab.ns("lan"), daemon.ns(), "eth1", 2);
    let setting = |key: &str| daemon.ns().read(&format!("/proc/sys/net/ipv4/conf/eth1/{key}")).trim().to_owned();
    let before = [setting("arp_ignore"), setting("rp_filter")];
    daemon.ok("bridge0 create addm eth1 inet 10.0.0.1/24 up");
    let bridge = daemon.report("bridge0").ether.to_string();
    for _ in 0..5 {
        lan.ns.ip("neigh flush all");
        assert!(lan.reaches(Host::address(1)));
        let neighbour = lan.ns.ip("neigh show 10.0.0.1");
        assert!(neighbour.contains(&bridge), "{bridge}: {neighbour}");
    }
    daemon.ok("bridge0 deletem eth1");
    assert_eq!([setting("arp_ignore"), setting("rp_filter")], before);
}
