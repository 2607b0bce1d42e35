use super::*;
use crate::linux::lab::{Lab, in_namespace};
use crate::linux::{TapDevice, random};

#[test]
fn an_interface_is_described_and_changed() {
    in_namespace(|mut lab| {
        let tap = TapDevice::create(Lab::name("tap7"), 1).unwrap();
        let interface = lab.interface("tap7");
        let mac = random::stable_mac(tap.name());
        lab.netlink.set_mac(interface, mac).unwrap();
        lab.netlink.set_mtu(interface, 9000).unwrap();
        lab.netlink.set_alias(interface, "to the lab").unwrap();
        lab.netlink.set_state(interface, AdminState::Up).unwrap();

        let link = lab.netlink.link(Lab::name("tap7")).unwrap().unwrap();
        assert!(link.is_ethernet());
        assert!(link.flags.contains(LinkFlags::UP | LinkFlags::BROADCAST | LinkFlags::RUNNING), "{:?}", link.flags);
        assert_eq!((link.index, link.mtu_bytes, link.mac), (interface.index, 9000, Some(mac)));
        assert_eq!((link.kind.as_deref(), link.alias.as_deref()), (Some("tun"), Some("to the lab")));
        assert_eq!(lab.netlink.links().unwrap().last(), Some(&link));

        lab.netlink.set_state(interface, AdminState::Down).unwrap();
        lab.netlink.set_alias(interface, "").unwrap();
        lab.netlink.rename(interface, Lab::name("lab0")).unwrap();
        let link = lab.netlink.link(Lab::name("lab0")).unwrap().unwrap();
        assert_eq!((link.index, link.alias), (interface.index, None));
        assert!(!link.flags.contains(LinkFlags::UP));

        drop(tap);
        assert_eq!(lab.netlink.link(Lab::name("lab0")), Ok(None), "gone with its descriptor");
    });
}

#[test]
fn addresses_come_and_go() {
    in_namespace(|mut lab| {
        let _tap = TapDevice::create(Lab::name("tap7"), 1).unwrap();
        let interface = lab.up("tap7");
        let _ = std::fs::write("/proc/sys/net/ipv6/conf/tap7/disable_ipv6", "0");
        let wanted = [
            InterfaceAddress::new("192.0.2.1".parse().unwrap(), 24),
            InterfaceAddress::new("2001:db8::1".parse().unwrap(), 64),
        ];
        for address in &wanted {
            lab.netlink.add_address(interface, address).unwrap();
        }
        let twice = lab.netlink.add_address(interface, &wanted[0]).unwrap_err();
        assert_eq!(twice.to_string(), "tap7: add address 192.0.2.1: File exists (os error 17)");

        let link_local = |address: &InterfaceAddress| address.ip.to_string().starts_with("fe80");
        let mut got = lab.netlink.addresses().unwrap();
        got.retain(|address| address.index == interface.index && !link_local(address));
        assert_eq!(
            got.iter().map(|address| (address.ip, address.prefix_bits)).collect::<Vec<_>>(),
            [(wanted[0].ip, 24), (wanted[1].ip, 64)]
        );
        assert_eq!(got[0].broadcast, Some("192.0.2.255".parse().unwrap()));

        for address in &wanted {
            lab.netlink.remove_address(interface, address).unwrap();
        }
        let mut got = lab.netlink.addresses().unwrap();
        got.retain(|address| address.index == interface.index && !link_local(address));
        assert_eq!(got, []);
    });
}

#[test]
fn refusals_name_the_interface() {
    in_namespace(|mut lab| {
        assert_eq!(lab.netlink.link(Lab::name("eth9")), Ok(None));
        let gone = Interface { name: Lab::name("eth9"), index: 4711 };
        let error = lab.netlink.set_mtu(gone, 1500).unwrap_err();
        assert!(error.is_no_such_device());
        assert_eq!(error.to_string(), "eth9: set mtu 1500: No such device (os error 19)");
    });
}

#[test]
fn the_monitor_tells_what_happens() {
    in_namespace(|mut lab| {
        let mut monitor = Monitor::open().unwrap();
        assert_eq!(monitor.poll_event(), Ok(None));
        let tap = TapDevice::create(Lab::name("tap7"), 1).unwrap();
        let interface = lab.up("tap7");
        lab.netlink.set_state(interface, AdminState::Down).unwrap();
        lab.netlink.rename(interface, Lab::name("lab0")).unwrap();
        drop(tap);
        let mut names = Vec::new();
        let mut removed = None;
        while let Some(event) = monitor.poll_event().unwrap() {
            match event {
                LinkEvent::Changed(link) => names.push((link.name, link.flags.contains(LinkFlags::UP))),
                LinkEvent::Removed { index, name } => removed = Some((index, name)),
                LinkEvent::Resync => panic!("nothing was lost"),
            }
        }
        let seen = |name: &str, up: bool| names.iter().position(|seen| *seen == (name.to_owned(), up));
        assert!(seen("tap7", true) < seen("lab0", false), "{names:?}");
        assert_eq!(removed, Some((interface.index, "lab0".to_owned())));
    });
}

#[test]
fn lost_events_ask_for_a_resync() {
    in_namespace(|_| {
        let mut monitor = Monitor::open().unwrap();
        // Each creation and removal tells some 1,500 bytes twice; the socket holds some 200 KiB.
        for _ in 0..200 {
            drop(TapDevice::create(Lab::name("tap7"), 1).unwrap());
        }
        let mut resync = false;
        while let Some(event) = monitor.poll_event().unwrap() {
            resync |= event == LinkEvent::Resync;
        }
        assert!(resync);
    });
}
