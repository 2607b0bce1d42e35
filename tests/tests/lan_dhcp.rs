//! An address of the LAN for who is behind a tunnel: `ifconfig tun0 dhcp`, with busybox's server.

use std::net::Ipv4Addr;
use std::time::Duration;
use tests::{DhcpRequest, Lab, Lan, Limit, Udhcpd, Wire, comes_to_reach, within};

const SOON: Duration = Duration::from_secs(20);

fn open(name: &str) -> Option<Lab> {
    Lab::with_programs(name, &["openvpn", "busybox", "nsenter"])
}

#[test]
fn a_peer_gets_an_address_of_the_lan_and_keeps_it() {
    let Some(lab) = open("a_peer_gets_an_address_of_the_lan_and_keeps_it") else { return };
    let lan = Lan::new(&lab);
    let (router, host) = (lan.host(1), lan.host(2));
    let server = Udhcpd::start(&lab, &router, 10);
    lan.member("tun0", "dhcp");
    let peer = lan.stranger(50);
    let _programs = peer.starts("tun0");
    let leased = || lan.link("tun0")["lease"]["address"].as_str().map(str::to_owned);
    assert!(within(SOON, || leased().is_some()), "{}{:#}", server.log(), lan.link("tun0"));
    let address = leased().expect("just now");
    assert!(address.starts_with("10.0.0.10"), "{address}");
    let link = lan.link("tun0");
    let lease = &link["lease"];
    assert_eq!(
        (&lease["prefix"], &lease["server"], &lease["gateway"]),
        (&24.into(), &"10.0.0.1".into(), &"10.0.0.1".into())
    );
    assert!(lease["expires_s"].as_u64().is_some_and(|left| left <= 10), "{link:#}");
    let stands_for = link["stands_for"].as_array().cloned().unwrap_or_default();
    assert!(stands_for.iter().any(|one| one == &address), "{link:#}");

    peer.has(&address);
    assert!(comes_to_reach(&host, &[address.parse().expect("an address")]), "{:#}", lan.link("tun0"));
    assert!(comes_to_reach(&peer.host, &[host.address.into()]));

    // Ten seconds: a renewal every five at the latest.
    let acks = server.times("sending ACK");
    assert!(within(SOON, || server.times("sending ACK") >= acks + 3), "{}", server.log());
    assert_eq!(leased(), Some(address.clone()), "still the same");
    assert!(host.reaches(address.parse::<Ipv4Addr>().expect("an address")));

    let ear = Wire::tapping(&router.ns, "eth0");
    lan.daemon().ok("tun0 -dhcp");
    let limit = Limit::after(Duration::from_secs(3));
    let released = std::iter::from_fn(|| ear.receive(limit))
        .find_map(|frame| DhcpRequest::read(&frame).filter(|said| said.kind == 7));
    let client = address.parse::<Ipv4Addr>().expect("an address");
    assert_eq!(released, Some(DhcpRequest { kind: 7, client }), "given back: {}", server.log());
    assert_eq!(leased(), None);
    let stands_for = lan.link("tun0")["stands_for"].to_string();
    assert!(!stands_for.contains(&address), "{stands_for}");
    host.ns.ip("neigh flush all");
    assert!(host.is_cut_from(address.parse::<Ipv4Addr>().expect("an address")));
}

/// Somebody takes the address between the server's look for it and the link's.
#[test]
fn an_address_that_somebody_has_is_declined() {
    let Some(lab) = open("an_address_that_somebody_has_is_declined") else { return };
    let lan = Lan::new(&lab);
    let (router, thief) = (lan.host(1), lan.host(3));
    let server = Udhcpd::start(&lab, &router, 600);
    let ear = Wire::tapping(&router.ns, "eth0");
    lan.member("tun0", "dhcp");
    let peer = lan.stranger(50);
    let _programs = peer.starts("tun0");
    let mut offered = None;
    within(SOON, || {
        offered =
            server.log().split("sending OFFER to ").nth(1).and_then(|rest| rest.lines().next().map(str::to_owned));
        offered.is_some()
    });
    let stolen = offered.unwrap_or_else(|| panic!("no offer: {}", server.log()));
    thief.ns.ip(&format!("address add {stolen}/24 dev eth0"));

    let leased = || lan.link("tun0")["lease"]["address"].as_str().map(str::to_owned);
    let limit = Limit::after(SOON);
    let said = std::iter::from_fn(|| ear.receive(limit)).filter_map(|frame| DhcpRequest::read(&frame));
    let declined = said.into_iter().any(|said| said.kind == 4);
    assert!(declined, "{stolen}: {}{:#}", server.log(), lan.link("tun0"));
    assert_eq!(leased(), None);
    assert!(within(SOON, || leased().is_some()), "another: {}{:#}", server.log(), lan.link("tun0"));
    assert_ne!(leased(), Some(stolen));
}
