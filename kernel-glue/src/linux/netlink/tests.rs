use super::change::Up;
use super::*;
use crate::linux::namespace::Namespace;
use crate::linux::skip::skip;
use frame::Mac;
use std::net::IpAddr;

/// Runs a test in a namespace of its own, or says that it cannot.
fn isolated(name: &'static str, test: impl FnOnce(Namespace) + Send + 'static) {
    match Namespace::new(name) {
        Ok(outer) => {
            let inner = Namespace::new("inner").unwrap();
            outer.run(move || test(inner)).expect("the test passes");
        }
        Err(error) => skip(name, format_args!("needs root (network namespaces): {error}")),
    }
}

fn find(netlink: &mut Netlink, name: &str) -> Link {
    netlink.links().unwrap().into_iter().find(|link| link.name == name).unwrap()
}

#[test]
fn what_is_set_is_shown() {
    isolated("what_is_set_is_shown", |other| {
        let mut netlink = Netlink::open().unwrap();
        let monitor = LinkMonitor::open().unwrap();
        assert_eq!(monitor.drain(), monitor::Changed::No);
        netlink.create_veth("eth1", "far0", &other).unwrap();
        assert_eq!(monitor.drain(), monitor::Changed::Yes);
        let link = find(&mut netlink, "eth1");
        assert_eq!((link.kind, link.driver.as_str(), link.up), (LinkKind::Ethernet, "veth", false));
        netlink.set_mtu(link.index, 9000).unwrap();
        netlink.set_mac(link.index, Mac([2, 0, 0, 0, 0, 7])).unwrap();
        netlink.set_alias(link.index, "to the LAN").unwrap();
        netlink.set_flags_up(link.index, Up::Yes).unwrap();
        netlink.add_address(link.index, "10.0.0.1".parse().unwrap(), 24, None).unwrap();
        let again = netlink.add_address(link.index, "10.0.0.1".parse().unwrap(), 24, None).unwrap_err();
        assert_eq!(again.raw_os_error(), Some(libc::EEXIST));
        let link = find(&mut netlink, "eth1");
        assert_eq!((link.mtu_bytes, link.mac, link.up), (9000, Mac([2, 0, 0, 0, 0, 7]), true));
        let ip = "10.0.0.1".parse().unwrap();
        let ours = HostAddress { index: link.index, ip, prefix: 24, broadcast: None, destination: None };
        assert!(netlink.addresses().unwrap().contains(&ours));
        netlink.delete_address(link.index, "10.0.0.1".parse().unwrap(), 24).unwrap();
        assert!(!netlink.addresses().unwrap().contains(&ours));
        let broadcast = "10.0.0.3".parse().ok();
        netlink.add_address(link.index, ip, 24, broadcast).unwrap();
        assert!(netlink.addresses().unwrap().contains(&HostAddress { broadcast, ..ours }));
        netlink.delete_address(link.index, ip, 24).unwrap();
        // The kernel notices a moment later that there is nobody at the other end.
        let again = netlink.link(link.index).unwrap();
        assert_eq!(again, Link { running: again.running, ..link.clone() });
        assert_eq!(netlink.link(1 << 20).unwrap_err().raw_os_error(), Some(libc::ENODEV));
        let too_big = netlink.set_mtu(link.index, 1 << 20).unwrap_err();
        assert_eq!(too_big.raw_os_error(), Some(libc::EINVAL));
        netlink.move_to(link.index, &other).unwrap();
        assert!(!netlink.links().unwrap().iter().any(|link| link.name == "eth1"));
    });
}

#[test]
fn an_address_on_ethernet_may_have_a_destination() {
    isolated("an_address_on_ethernet_may_have_a_destination", |other| {
        let mut netlink = Netlink::open().unwrap();
        netlink.create_veth("eth1", "far0", &other).unwrap();
        let index = find(&mut netlink, "eth1").index;
        netlink.set_flags_up(index, Up::Yes).unwrap();
        let pairs = [("10.8.0.2", "10.8.0.1", 32), ("fd00::2", "fd00::1", 128)];
        let pairs = pairs.map(|(near, far, bits)| (near.parse().unwrap(), far.parse().unwrap(), bits));
        for (near, far, _) in pairs {
            netlink.add_point_to_point(index, near, far).unwrap();
            let again = netlink.add_point_to_point(index, near, far).unwrap_err();
            assert_eq!(again.raw_os_error(), Some(libc::EEXIST), "{near}");
        }
        assert_eq!(pairs_of(&mut netlink, index), pairs);
        let routes = std::fs::read_to_string("/proc/thread-self/net/route").unwrap();
        // 10.8.0.1, without a gateway, up and to a host, in the byte order of the machine.
        let host = format!("eth1\t{:08X}\t00000000\t0005\t", u32::from_ne_bytes([10, 8, 0, 1]));
        assert!(routes.contains(&host), "{routes}");
        for (near, far, _) in pairs {
            let elsewhere = netlink.delete_address(index, near, 24).unwrap_err();
            assert_eq!(elsewhere.raw_os_error(), Some(libc::EADDRNOTAVAIL), "{near}");
            netlink.delete_point_to_point(index, near, far).unwrap();
        }
        assert_eq!(pairs_of(&mut netlink, index), []);
    });
}

/// Returns address, destination and prefix length of what has a destination.
fn pairs_of(netlink: &mut Netlink, index: u32) -> Vec<(IpAddr, IpAddr, u8)> {
    let all = netlink.addresses().unwrap().into_iter().filter(|one| one.index == index);
    all.filter_map(|one| Some((one.ip, one.destination?, one.prefix))).collect()
}

#[test]
fn the_loopback_is_told_apart() {
    isolated("the_loopback_is_told_apart", |_| {
        let lo = find(&mut Netlink::open().unwrap(), "lo");
        assert_eq!(lo.kind, LinkKind::Loopback);
    });
}
