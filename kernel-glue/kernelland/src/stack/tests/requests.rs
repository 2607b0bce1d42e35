//! Requests about interfaces, addresses and routes, as programs make them.

use super::fake::fake;
use super::{boot, end, fake_up, status};
use crate::user::{Interface, Process, Socket, Status};
use haiku_abi::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

fn inet_socket() -> Socket {
    Process::root().socket(AF_INET, SOCK_DGRAM, 0).unwrap()
}

/// A request with a name, and bytes after it, that long.
fn request(name: &str, argument: &[u8], length: usize) -> Vec<u8> {
    let mut request = vec![0; length.max(88)];
    request[..name.len()].copy_from_slice(name.as_bytes());
    request[32..32 + argument.len()].copy_from_slice(argument);
    request.truncate(length);
    request
}

fn ask(socket: &Socket, op: u32, name: &str, argument: &[u8]) -> Result<Vec<u8>, Status> {
    let mut request = request(name, argument, 88);
    socket.ioctl_bytes(op, &mut request).map(|()| request)
}

fn number(reply: &[u8]) -> i32 {
    i32::from_ne_bytes(reply[32..36].try_into().unwrap())
}

/// The bytes of a socket address.
fn address(of: IpAddr) -> Vec<u8> {
    let mut bytes = match of {
        IpAddr::V4(address) => [&[32, AF_INET as u8, 0, 0][..], &address.octets()].concat(),
        IpAddr::V6(address) => [&[28, AF_INET6 as u8, 0, 0, 0, 0, 0, 0][..], &address.octets()].concat(),
    };
    bytes.resize(32, 0);
    bytes
}

fn v4(text: &str) -> IpAddr {
    IpAddr::V4(text.parse().unwrap())
}

/// A request about an alias: name, index, address, destination, mask.
fn alias(name: &str, index: i32, addresses: [Option<IpAddr>; 3]) -> Vec<u8> {
    let mut request = request(name, &index.to_ne_bytes(), 432);
    for (at, of) in [40, 168, 296].into_iter().zip(addresses) {
        if let Some(of) = of {
            request[at..at + 32].copy_from_slice(&address(of));
        }
    }
    request
}

/// What an alias's reply says: address, destination and mask of IPv4.
fn alias_reply(reply: &[u8]) -> [Option<Ipv4Addr>; 3] {
    [40, 168, 296].map(|at| {
        let octets: [u8; 4] = reply[at + 4..at + 8].try_into().unwrap();
        (reply[at + 1] == AF_INET as u8).then(|| octets.into())
    })
}

#[test]
fn interfaces_are_found_by_name_and_number_with_the_lengths_that_count() {
    crate::test(|| {
        let (kernel, _) = boot();
        let one = fake_up("fake1", Ipv4Addr::new(10, 9, 0, 2), 24);
        let two = Interface::named(Process::root(), "fake2");
        two.create().unwrap();
        let socket = inet_socket();
        let index = |name: &str| ask(&socket, SIOCGIFINDEX, name, &[]).map(|reply| number(&reply));
        let (first, second) = (index("fake1").unwrap(), index("fake2").unwrap());
        assert_eq!((second - first, status(index("fake3"))), (1, B_BAD_VALUE));
        // A name alone is enough to ask by it, and answered by a whole request.
        let mut whole = request("fake1", &[], 88);
        socket.ioctl_bytes(SIOCGIFINDEX, &mut whole[..32]).unwrap();
        assert_eq!(number(&whole), first);
        assert_eq!(status(socket.ioctl_bytes(SIOCGIFINDEX, &mut [0; 31])), B_BAD_VALUE);
        let name = |index: i32| ask(&socket, SIOCGIFNAME, "", &index.to_ne_bytes());
        assert_eq!(name(second).unwrap()[..6], *b"fake2\0");
        assert_eq!(name(0).unwrap()[..6], *b"fake1\0", "none is the first");
        assert_eq!(status(name(999)), B_BAD_VALUE);
        let mut count = [0_u8; 16];
        socket.ioctl_bytes(SIOCGIFCOUNT, &mut count).unwrap();
        assert_eq!(count[8], 2);
        // All of them, each by name and address.
        let mut list = [0_u8; 200];
        let conf = |room: i32, list: &mut [u8]| {
            let mut conf = [0_u8; 16];
            conf[..4].copy_from_slice(&room.to_ne_bytes());
            conf[8..].copy_from_slice(&list.as_mut_ptr().expose_provenance().to_ne_bytes());
            socket.ioctl_bytes(SIOCGIFCONF, &mut conf).map(|()| conf[0])
        };
        assert_eq!(conf(200, &mut list), Ok(176));
        assert_eq!(list[32..40], address(v4("10.9.0.2"))[..8]);
        assert_eq!((&list[88..94], &list[120..122]), (&b"fake2\0"[..], &[2, 0][..]));
        assert_eq!(status(conf(175, &mut list)), ENOBUFS);
        drop(socket);
        one.down().unwrap();
        one.delete().unwrap();
        two.delete().unwrap();
        end(kernel);
    });
}

#[test]
fn flags_mtu_metric_and_media_are_kept() {
    crate::test(|| {
        let (kernel, _) = boot();
        let interface = Interface::named(Process::root(), "fake1");
        interface.create().unwrap();
        let socket = inet_socket();
        let device = IFF_BROADCAST | IFF_LINK;
        // What the stack keeps cannot be set.
        ask(&socket, SIOCSIFFLAGS, "fake1", &(IFF_PROMISC | IFF_LINK | IFF_BROADCAST).to_ne_bytes()).unwrap();
        assert_eq!(interface.flags(), Ok(device | IFF_PROMISC));
        let mut short = request("fake1", &IFF_UP.to_ne_bytes(), 36);
        assert_eq!(status(socket.ioctl_bytes(SIOCSIFFLAGS, &mut short)), B_BAD_VALUE, "exactly a whole request");
        ask(&socket, SIOCSIFMTU, "fake1", &1400_i32.to_ne_bytes()).unwrap();
        assert_eq!(number(&ask(&socket, SIOCGIFMTU, "fake1", &[]).unwrap()), 1400);
        assert_eq!(fake("fake1").log(), ["init", "mtu 1400"]);
        ask(&socket, SIOCSIFMETRIC, "fake1", &7_i32.to_ne_bytes()).unwrap();
        assert_eq!(number(&ask(&socket, SIOCGIFMETRIC, "fake1", &[]).unwrap()), 7);
        assert_eq!(number(&ask(&socket, SIOCGIFTYPE, "fake1", &[]).unwrap()), 0);
        let media = number(&ask(&socket, SIOCGIFMEDIA, "fake1", &[]).unwrap());
        assert_eq!(media.cast_unsigned(), IFM_ETHER | IFM_ACTIVE);
        // Without a hook for it the driver is asked.
        ask(&socket, SIOCSIFMEDIA, "fake1", &1_i32.to_ne_bytes()).unwrap();
        assert_eq!(fake("fake1").log().last().unwrap(), &format!("control {SIOCSIFMEDIA} 88"));
        drop(socket);
        interface.delete().unwrap();
        end(kernel);
    });
}

#[test]
fn what_the_stack_does_not_know_goes_to_the_device_as_it_came() {
    crate::test(|| {
        let (kernel, _) = boot();
        let interface = Interface::named(Process::root(), "fake1");
        interface.create().unwrap();
        let fake = fake("fake1");
        for (family, kind) in [(AF_INET, SOCK_DGRAM), (AF_INET6, SOCK_DGRAM)] {
            let socket = Process::root().socket(family, kind, 0).unwrap();
            for length in [32, 56, 200] {
                let mut request = request("fake1", &[], length);
                socket.ioctl_bytes(SIOCSDRVSPEC, &mut request).unwrap();
                assert_eq!(fake.log().last().unwrap(), &format!("control {SIOCSDRVSPEC} {length}"));
            }
            let mut request = request("fake1", &[], 56);
            socket.ioctl_bytes(SIOCGDRVSPEC, &mut request).unwrap();
            assert_eq!(request[32..36], *b"drv\0");
            let mut other = [0; 88];
            assert_eq!(status(socket.ioctl_bytes(SIOCSDRVSPEC, &mut other)), B_BAD_VALUE, "no such interface");
        }
        let link = Process::root().socket(AF_LINK, SOCK_DGRAM, 0).unwrap();
        assert_eq!(status(ask(&link, SIOCSDRVSPEC, "fake1", &[])), B_BAD_VALUE, "not by the family of links");
        drop(link);
        interface.delete().unwrap();
        end(kernel);
    });
}

#[test]
fn addresses_come_with_masks_and_broadcast_addresses_of_their_own() {
    crate::test(|| {
        let (kernel, _) = boot();
        let interface = Interface::named(Process::root(), "fake1");
        interface.create().unwrap();
        let socket = inet_socket();
        let set = |index, addresses| socket.ioctl_bytes(B_SOCKET_SET_ALIAS, &mut alias("fake1", index, addresses));
        let get = |index| {
            let mut request = alias("fake1", index, [None; 3]);
            socket.ioctl_bytes(B_SOCKET_GET_ALIAS, &mut request).map(|()| alias_reply(&request))
        };
        let all = |texts: [&str; 3]| Ok(texts.map(|text| text.parse().ok()));
        // The interface came with an empty address, which is the one that is set.
        assert_eq!(get(0), Ok([None; 3]));
        set(-1, [Some(v4("10.9.0.2")), None, None]).unwrap();
        assert_eq!(get(0), all(["10.9.0.2", "10.255.255.255", "255.0.0.0"]));
        set(-1, [Some(v4("10.9.0.2")), None, Some(v4("255.255.255.0"))]).unwrap();
        assert_eq!(get(-1), all(["10.9.0.2", "10.9.0.255", "255.255.255.0"]));
        set(0, [Some(v4("10.9.0.2")), Some(v4("10.9.0.7")), Some(v4("255.255.255.0"))]).unwrap();
        assert_eq!(get(-1), all(["10.9.0.2", "10.9.0.7", "255.255.255.0"]));
        // An address sets mask and broadcast address anew.
        ask(&socket, SIOCSIFADDR, "fake1", &address(v4("192.168.1.9"))).unwrap();
        assert_eq!(get(-1), all(["192.168.1.9", "192.168.1.255", "255.255.255.0"]));
        let reply = ask(&socket, SIOCGIFNETMASK, "fake1", &[]).unwrap();
        assert_eq!(reply[32..40], address(v4("255.255.255.0"))[..8]);
        // A second one is added, and goes by itself.
        socket
            .ioctl_bytes(SIOCAIFADDR, &mut alias("fake1", 0, [Some(v4("10.1.1.1")), None, Some(v4("255.255.0.0"))]))
            .unwrap();
        assert_eq!(get(1), all(["10.1.1.1", "", "255.255.0.0"]));
        assert_eq!(number(&ask(&socket, B_SOCKET_COUNT_ALIASES, "fake1", &[]).unwrap()), 2);
        assert_eq!(status(ask(&socket, SIOCDIFADDR, "fake1", &address(v4("10.1.1.2")))), B_BAD_VALUE);
        ask(&socket, SIOCDIFADDR, "fake1", &address(v4("10.1.1.1"))).unwrap();
        assert_eq!(number(&ask(&socket, B_SOCKET_COUNT_ALIASES, "fake1", &[]).unwrap()), 1);
        assert_eq!((status(get(1)), status(set(1, [None; 3]))), (B_BAD_VALUE, B_BAD_VALUE));
        // Of another family than the socket's.
        let six = IpAddr::V6(Ipv6Addr::LOCALHOST);
        let mut alien = alias("fake1", 0, [Some(six), None, None]);
        assert_eq!(status(socket.ioctl_bytes(SIOCAIFADDR, &mut alien)), B_BAD_VALUE);
        assert_eq!(status(socket.ioctl_bytes(SIOCAIFADDR, &mut alien[..431])), B_BAD_VALUE);
        drop(socket);
        // What was set has routes, which only an interface that goes down gives up.
        interface.up().unwrap();
        interface.down().unwrap();
        interface.delete().unwrap();
        end(kernel);
    });
}

/// All routes of a socket's family: flags, destination and mask.
fn routes(socket: &Socket) -> Vec<(u32, String)> {
    let mut conf = [0_u8; 16];
    socket.ioctl_bytes(SIOCGRTSIZE, &mut conf).unwrap();
    let size = i32::from_ne_bytes(conf[8..12].try_into().unwrap()) as usize;
    let mut table = vec![0_u8; size];
    conf[..4].copy_from_slice(&(size as i32).to_ne_bytes());
    conf[8..].copy_from_slice(&table.as_mut_ptr().expose_provenance().to_ne_bytes());
    socket.ioctl_bytes(SIOCGRTTABLE, &mut conf).unwrap();
    let (mut routes, mut at) = (Vec::new(), 0);
    while at < size {
        let word = |offset: usize| usize::from_ne_bytes(table[at + offset..at + offset + 8].try_into().unwrap());
        let flags = u32::from_ne_bytes(table[at + 64..at + 68].try_into().unwrap());
        let mut next = at + 72;
        let mut texts = Vec::new();
        for offset in [32, 40, 48] {
            if word(offset) == 0 {
                texts.push("-".to_owned());
                continue;
            }
            let bytes = &table[next..next + usize::from(table[next])];
            texts.push(match i32::from(bytes[1]) {
                AF_INET => Ipv4Addr::from(<[u8; 4]>::try_from(&bytes[4..8]).unwrap()).to_string(),
                _ => Ipv6Addr::from(<[u8; 16]>::try_from(&bytes[8..24]).unwrap()).to_string(),
            });
            next += bytes.len();
        }
        routes.push((flags, texts.join(" ")));
        at = next;
    }
    routes
}

fn route(socket: &Socket, op: u32, flags: u32, addresses: [Option<IpAddr>; 3]) -> Result<(), Status> {
    let addresses = addresses.map(|of| of.map(address));
    let mut entry = Vec::new();
    for at in &addresses {
        let at = at.as_ref().map_or(0, |bytes| bytes.as_ptr().expose_provenance());
        entry.extend(at.to_ne_bytes());
    }
    entry.extend([0; 8]);
    entry.extend(flags.to_ne_bytes());
    ask(socket, op, "fake1", &entry).map(|_| ())
}

#[test]
fn routes_stand_in_the_order_in_which_they_are_tried() {
    crate::test(|| {
        let (kernel, _) = boot();
        let interface = fake_up("fake1", Ipv4Addr::new(10, 9, 0, 2), 24);
        let socket = inet_socket();
        let local = (RTF_LOCAL | RTF_HOST, "10.9.0.2 - -".to_owned());
        let net = (0, "10.9.0.0 255.255.255.0 -".to_owned());
        assert_eq!(routes(&socket), [local.clone(), net.clone()]);
        route(&socket, SIOCADDRT, RTF_DEFAULT | RTF_GATEWAY, [None, None, Some(v4("10.9.0.1"))]).unwrap();
        route(&socket, SIOCADDRT, RTF_STATIC, [Some(v4("10.8.7.6")), Some(v4("255.255.0.0")), None]).unwrap();
        route(&socket, SIOCADDRT, RTF_HOST, [Some(v4("10.7.0.1")), None, None]).unwrap();
        let all = [
            local.clone(),
            (RTF_HOST, "10.7.0.1 - -".to_owned()),
            net.clone(),
            (RTF_STATIC, "10.8.0.0 255.255.0.0 -".to_owned()),
            (RTF_DEFAULT | RTF_GATEWAY, "0.0.0.0 0.0.0.0 10.9.0.1".to_owned()),
        ];
        assert_eq!(routes(&socket), all);
        let again = route(&socket, SIOCADDRT, RTF_HOST, [Some(v4("10.7.0.1")), None, None]);
        assert_eq!(status(again), B_FILE_EXISTS);
        let both = route(&socket, SIOCADDRT, RTF_HOST, [Some(v4("10.7.0.2")), Some(v4("255.0.0.0")), None]);
        assert_eq!(status(both), B_BAD_VALUE);
        let holes = route(&socket, SIOCADDRT, 0, [Some(v4("10.7.0.2")), Some(v4("255.0.255.0")), None]);
        assert_eq!(status(holes), B_BAD_VALUE);
        route(&socket, SIOCDELRT, RTF_HOST, [Some(v4("10.7.0.1")), None, None]).unwrap();
        let gone = route(&socket, SIOCDELRT, RTF_HOST, [Some(v4("10.7.0.1")), None, None]);
        assert_eq!(status(gone), B_ENTRY_NOT_FOUND);
        // Which one is taken.
        let to = address(v4("10.8.1.1"));
        let mut entry = [0_u8; 200];
        entry[..8].copy_from_slice(&to.as_ptr().expose_provenance().to_ne_bytes());
        socket.ioctl_bytes(SIOCGETRT, &mut entry).unwrap();
        assert_eq!(entry[32..36], RTF_STATIC.to_ne_bytes());
        assert_eq!(entry[40..48], address(v4("10.8.0.0"))[..8]);
        // An address that is added while the interface is up has no routes.
        socket
            .ioctl_bytes(SIOCAIFADDR, &mut alias("fake1", 0, [Some(v4("10.1.1.1")), None, Some(v4("255.255.0.0"))]))
            .unwrap();
        assert_eq!(routes(&socket).len(), 4);
        interface.down().unwrap();
        assert!(routes(&socket).is_empty());
        interface.up().unwrap();
        let second = [(RTF_LOCAL | RTF_HOST, "10.1.1.1 - -".to_owned()), (0, "10.1.0.0 255.255.0.0 -".to_owned())];
        assert_eq!(routes(&socket), [local, second[0].clone(), net, second[1].clone()]);
        drop(socket);
        interface.down().unwrap();
        interface.delete().unwrap();
        end(kernel);
    });
}

#[test]
fn a_default_route_of_ipv6_shadows_what_comes_after_it() {
    crate::test(|| {
        let (kernel, _) = boot();
        let interface = Interface::named(Process::root(), "fake1");
        interface.create().unwrap();
        let six = |text: &str| Some(IpAddr::V6(text.parse().unwrap()));
        interface.set_address(six("fd00:9::2").unwrap(), 64).unwrap();
        interface.up().unwrap();
        let socket = Process::root().socket(AF_INET6, SOCK_DGRAM, 0).unwrap();
        route(&socket, SIOCADDRT, RTF_HOST, [six("fd00:1::1"), None, None]).unwrap();
        route(&socket, SIOCADDRT, RTF_DEFAULT | RTF_GATEWAY, [None, None, six("fd00:9::1")]).unwrap();
        route(&socket, SIOCADDRT, RTF_HOST, [six("fd00:1::2"), None, None]).unwrap();
        route(&socket, SIOCADDRT, 0, [six("fd00:2::"), six("ffff:ffff:ffff::"), None]).unwrap();
        let listed: Vec<_> = routes(&socket).into_iter().map(|(_, text)| text).collect();
        assert_eq!(
            listed,
            [
                "fd00:9::2 - -",
                "fd00:1::1 - -",
                ":: :: fd00:9::1",
                "fd00:1::2 - -",
                "fd00:2:: ffff:ffff:ffff:: -",
                "fd00:9:: ffff:ffff:ffff:ffff:: -",
            ]
        );
        drop(socket);
        interface.down().unwrap();
        interface.delete().unwrap();
        end(kernel);
    });
}

#[test]
fn an_interface_that_goes_up_twice_goes_down_once_and_a_change_of_nothing_does_nothing() {
    crate::test(|| {
        let (kernel, _) = boot();
        let interface = fake_up("fake1", Ipv4Addr::new(10, 9, 0, 2), 24);
        interface.up().unwrap();
        interface.up().unwrap();
        assert_eq!(fake("fake1").log(), ["init", "up"]);
        interface.down().unwrap();
        interface.down().unwrap();
        assert_eq!(fake("fake1").log(), ["init", "up", "down"]);
        interface.up().unwrap();
        // Whoever deletes it takes it down.
        interface.delete().unwrap();
        assert_eq!(fake("fake1").log(), ["init", "up", "down", "up", "down", "uninit"]);
        end(kernel);
    });
}

/// So who has no socket finds no IPv6, unless some program had one.
#[test]
fn a_family_is_known_from_its_first_socket_on() {
    crate::test(|| {
        let (kernel, tables) = boot();
        // SAFETY: the module is in use.
        let is_known = |family| !unsafe { tables.stack.get_domain.unwrap()(family) }.is_null();
        assert!(!is_known(AF_INET6) && !is_known(AF_LINK));
        drop(inet_socket());
        assert!(is_known(AF_INET) && !is_known(AF_INET6));
        drop(Process::root().socket(AF_INET6, SOCK_DGRAM, 0).unwrap());
        assert!(is_known(AF_INET6), "what a socket has loaded stays");
        drop(Process::root().socket(AF_LINK, SOCK_DGRAM, 0).unwrap());
        assert!(is_known(AF_LINK));
        end(kernel);
    });
}

#[test]
fn a_family_is_known_while_its_module_is_in_use() {
    crate::test(|| {
        let (kernel, tables) = boot();
        // SAFETY: the module is in use.
        let is_known = || !unsafe { tables.stack.get_domain.unwrap()(AF_INET6) }.is_null();
        let name = c"network/protocols/ipv6/v1";
        let mut info = std::ptr::null_mut();
        // SAFETY: the name is a string, the place is ours.
        assert_eq!(unsafe { crate::symbols::get_module(name.as_ptr(), &mut info) }, B_OK);
        assert!(is_known());
        // SAFETY: the name is a string, the reference is ours.
        unsafe { crate::symbols::put_module(name.as_ptr()) };
        assert!(!is_known());
        end(kernel);
    });
}
