//! What is in each message: RFC 2131 §4.3.6, table 4, and §4.4.1, table 5.

use super::*;

#[test]
fn fields_of_each_message() {
    const NONE: Ipv4Addr = Ipv4Addr::UNSPECIFIED;
    let (all, server) = (To::Broadcast, To::Unicast(SERVER));
    let expire: fn(&mut Desk) = |desk| desk.wait(3600);
    let decline: fn(&mut Desk) = |desk| {
        desk.client.decline(desk.now);
        desk.drain();
    };
    let stop: fn(&mut Desk) = |desk| {
        desk.client.stop(desk.now);
        desk.drain();
    };
    type Row = (&'static str, &'static str, fn(&mut Desk), u8, To, Ipv4Addr, Option<Ipv4Addr>, Option<Ipv4Addr>);
    #[rustfmt::skip]
    let rows: &[Row] = &[
        // message               from         by                                type to      ciaddr   requested-ip   server-ip
        ("discover",             "stopped",   Desk::start,                      1,   all,    NONE,    None,          None),
        ("discover again",       "rebinding", expire,                           1,   all,    NONE,    Some(ADDRESS), None),
        ("request, selecting",   "selecting", |d| { d.hears(d.offer()); },      3,   all,    NONE,    Some(ADDRESS), Some(SERVER)),
        ("request, renewing",    "bound",     |d| d.wait(1800),                 3,   server, ADDRESS, None,          None),
        ("request, rebinding",   "renewing",  |d| { d.wait(1350); d.heard.drain(..d.heard.len() - 1); }, 3, all, ADDRESS, None, None),
        ("decline",              "probing",   decline,                          4,   all,    NONE,    Some(ADDRESS), Some(SERVER)),
        ("decline, while bound", "bound",     decline,                          4,   all,    NONE,    Some(ADDRESS), Some(SERVER)),
        ("release",              "bound",     stop,                             7,   server, ADDRESS, None,          Some(SERVER)),
        ("release, unaccepted",  "probing",   stop,                             7,   server, ADDRESS, None,          Some(SERVER)),
    ];
    for &(name, from, by, kind, to, client, requested, server) in rows {
        let mut desk = Desk::at(from);
        by(&mut desk);
        let heard = desk.heard.iter().find(|heard| heard.kind == kind).unwrap_or_else(|| panic!("{name}: not sent"));
        let have = (heard.to, heard.client, heard.source, heard.requested, heard.server);
        assert_eq!(have, (to, client, client, requested, server), "{name}");
        let answered = kind == 1 || kind == 3;
        let wanted: Option<&[u8]> = answered.then_some(&[1, 3, 6, 51, 58, 59]);
        assert_eq!(heard.options.get(&55).map(|list| &list[..]), wanted, "{name}: the parameters that it asks for");
        assert_eq!(heard.options.contains_key(&57), answered, "{name}: the largest message that it takes");
        assert_eq!(heard.options.contains_key(&56), !answered, "{name}: why");
    }
}

#[test]
fn a_request_is_of_the_transaction_and_the_seconds_of_its_discover() {
    let mut desk = Desk::at("selecting");
    desk.wait(20);
    let discover = desk.heard.last().unwrap().clone();
    assert!((10..=14).contains(&discover.secs), "sent again after 4 and 8 seconds, not after {}", discover.secs);
    desk.hears(desk.offer());
    desk.wait(10);
    let requests: Vec<_> = desk.heard.iter().filter(|heard| heard.kind == 3).collect();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!((request.transaction, request.secs), (discover.transaction, discover.secs));
    }
}

#[test]
fn each_process_is_another_transaction_and_so_is_each_seed() {
    let mut desk = Desk::at("bound");
    desk.wait(10_000);
    let mut transactions: Vec<_> = desk.heard.iter().map(|heard| heard.transaction).collect();
    transactions.dedup();
    assert!(transactions.len() >= 4, "renewals, rebindings and a discovery: {transactions:x?}");
    assert!(transactions.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)));
    assert_ne!(Desk::new(1).client.transaction, Desk::new(2).client.transaction);
}

#[test]
fn a_name_and_an_identifier_are_told_where_they_may_be() {
    let settings = Settings {
        mac: MAC,
        client_id: Some(heapless::Vec::from_slice(&[255; 32]).unwrap()),
        hostname: Some("x".repeat(63).parse().unwrap()),
    };
    let mut desk = Desk::at("stopped");
    desk.client = Client::new(settings, 3);
    desk.start();
    desk.hears(desk.offer());
    desk.hears(desk.ack());
    desk.client.decline(desk.now);
    desk.drain();
    let [discover, request, decline] = &desk.heard[..] else { panic!("{:?}", desk.heard) };
    for heard in [discover, request, decline] {
        assert_eq!(heard.options[&61], [255; 32], "the same in all (RFC 2131 §4.2): {heard:?}");
    }
    assert_eq!(discover.options[&12], "x".repeat(63).as_bytes());
    assert_eq!(request.options[&12], "x".repeat(63).as_bytes());
    assert!(!decline.options.contains_key(&12));
}
