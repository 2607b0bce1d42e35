//! The DHCP client alone, on a cable to busybox's server: what each makes of the other's packets.

use frame::offload::Offload;
use frame::{Instant, Mac};
use ppp_shim::dhcp::{Client, Count, Event, PACKET_BYTES, Settings, To, Transmit};
use std::net::Ipv4Addr;
use std::time::Duration;
use tests::{BROADCAST, Host, Lab, Limit, Udhcpd, Wire, mac, parse_mac, within};

#[test]
fn the_client_and_the_server_understand_each_other() {
    let Some(lab) = Lab::with_programs("the_client_and_the_server_understand_each_other", &["busybox"]) else { return };
    let (ns, server_ns) = (lab.ns("client"), lab.ns("server"));
    let router = Host::by_veth(server_ns, &ns, "eth1", 1);
    let server = Udhcpd::start(&lab, &router, 6);
    let server_mac = parse_mac(&router.mac());
    let wire = Wire::tapping(&ns, "eth1");
    let settings = Settings { mac: Mac(mac(9)), client_id: None, hostname: Some("warrior".parse().expect("short")) };
    let mut client = Client::new(settings, 99);
    let (mut bound, mut renewed, mut released) = (None, 0, false);
    let (end, limit) = (Duration::from_secs(20), Limit::after(Duration::from_secs(20)));
    let now = || Instant::from_secs(1000).plus(end.saturating_sub(limit.left()));
    client.start(now());
    while !released && !limit.passed() {
        let mut room = [0; PACKET_BYTES];
        while let Some(Transmit { bytes, to }) = client.poll(now(), &mut room) {
            let to = match to {
                To::Broadcast => BROADCAST,
                To::Unicast(server) => {
                    assert_eq!(server, router.address);
                    server_mac
                }
            };
            wire.send(&[&to[..], &mac(9), &[8, 0], &room[..bytes]].concat());
            released = client.lease().is_none() && bound.is_some();
        }
        while let Some(event) = client.poll_event() {
            match event {
                Event::Probe(_) => client.accept(now()),
                Event::Bound(lease) => {
                    assert_eq!(
                        (lease.prefix_len, lease.router, lease.server),
                        (24, Some(router.address), router.address)
                    );
                    assert_eq!(lease.dns[..], [router.address]);
                    bound = Some(lease.address);
                }
                Event::Renewed(lease) => {
                    assert_eq!(Some(lease.address), bound);
                    renewed += 1;
                }
                Event::Lost(address) => assert_eq!((Some(address), renewed), (bound, 2)),
            }
        }
        if renewed == 2 && client.lease().is_some() {
            client.stop(now());
            continue;
        }
        if let Some(frame) = wire.receive(Limit::after(Duration::from_millis(20)))
            && frame[12..14] == [8, 0]
            && (frame[..6] == mac(9) || frame[..6] == BROADCAST)
        {
            client.receive(&frame[14..], &Offload::default(), now());
        }
    }
    assert!(released, "{bound:?}, renewed {renewed} times, {:?}\n{}", client.counters(), server.log());
    assert!(
        bound.is_some_and(|address| (Ipv4Addr::new(10, 0, 0, 100)..=Ipv4Addr::new(10, 0, 0, 110)).contains(&address))
    );
    let counted =
        [Count::Offers, Count::Acks, Count::Releases, Count::BadChecksum].map(|what| client.counters().get(what));
    assert_eq!(counted, [1, 3, 1, 0], "{:?}", client.counters());
    let expired = || {
        let leases = server.leases();
        leases
            .lines()
            .any(|line| line.contains("02:7e:00:00:00:09") && line.contains("warrior") && line.contains("expired"))
    };
    assert!(within(Duration::from_secs(2), expired), "given back: {}", server.leases());
}
