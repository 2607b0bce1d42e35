//! Every state, and what each message of a server does there: RFC 2131 §4.4, figure 5.

use super::*;
use Received::{Refused, Taken};

#[test]
fn every_state_and_message() {
    type Message = (&'static str, fn(&Desk) -> Said);
    const UNASKED: Received = Refused(Count::Unasked);
    #[rustfmt::skip]
    let rows: &[(&str, [(Received, &str); 3])] = &[
        // state        offer                     ack                  nak
        ("stopped",    [(UNASKED, "stopped"),    (UNASKED, "stopped"),   (UNASKED, "stopped")]),
        ("init",       [(UNASKED, "init"),       (UNASKED, "init"),      (UNASKED, "init")]),
        ("selecting",  [(Taken,   "requesting"), (UNASKED, "selecting"), (UNASKED, "selecting")]),
        ("requesting", [(UNASKED, "requesting"), (Taken,   "probing"),   (Taken,   "selecting")]),
        ("probing",    [(UNASKED, "probing"),    (UNASKED, "probing"),   (UNASKED, "probing")]),
        ("bound",      [(UNASKED, "bound"),      (UNASKED, "bound"),     (UNASKED, "bound")]),
        ("renewing",   [(UNASKED, "renewing"),   (Taken,   "bound"),     (Taken,   "selecting")]),
        ("rebinding",  [(UNASKED, "rebinding"),  (Taken,   "bound"),     (Taken,   "selecting")]),
    ];
    for &(state, columns) in rows {
        let messages: [Message; 3] = [("offer", Desk::offer), ("ack", Desk::ack), ("nak", Desk::nak)];
        for ((received, then), (name, say)) in columns.into_iter().zip(messages) {
            let at = || if state == "init" { declined() } else { Desk::at(state) };
            let mut desk = at();
            assert_eq!((desk.hears(say(&desk)), desk.state()), (received, then), "{state}, {name}");

            let mut desk = at();
            let said = Said { transaction: desk.client.transaction ^ 1, ..say(&desk) };
            assert_eq!((desk.hears(said), desk.state()), (UNASKED, state), "{state}, {name} to another's request");

            let mut desk = at();
            let said = Said { mac: Mac([2, 0, 0, 0, 0, 9]), ..say(&desk) };
            assert_eq!((desk.hears(said), desk.state()), (Received::Elsewhere, state), "{state}, {name} to another");
        }
    }
}

/// One that waits to begin again.
fn declined() -> Desk {
    let mut desk = Desk::at("probing");
    desk.client.decline(desk.now);
    desk.drain();
    desk.events.clear();
    desk
}

#[test]
fn every_state_and_command() {
    type Row = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static [Event]);
    #[rustfmt::skip]
    let rows: &[Row] = &[
        // state       start         accept        decline       stop       and tells, when it is stopped or declined
        ("stopped",    "selecting",  "stopped",    "stopped",    "stopped", &[]),
        ("init",       "init",       "init",       "init",       "stopped", &[]),
        ("selecting",  "selecting",  "selecting",  "selecting",  "stopped", &[]),
        ("requesting", "requesting", "requesting", "requesting", "stopped", &[]),
        ("probing",    "probing",    "bound",      "init",       "stopped", &[Event::Lost(ADDRESS)]),
        ("bound",      "bound",      "bound",      "init",       "stopped", &[Event::Lost(ADDRESS)]),
        ("renewing",   "renewing",   "renewing",   "init",       "stopped", &[Event::Lost(ADDRESS)]),
        ("rebinding",  "rebinding",  "rebinding",  "init",       "stopped", &[Event::Lost(ADDRESS)]),
    ];
    for &(state, start, accept, decline, stop, tells) in rows {
        let after = |command: fn(&mut Client, Instant)| {
            let mut desk = if state == "init" { declined() } else { Desk::at(state) };
            command(&mut desk.client, desk.now);
            desk.drain();
            (desk.state(), desk.events)
        };
        assert_eq!(after(Client::start).0, start, "{state}, start");
        assert_eq!(after(Client::accept).0, accept, "{state}, accept");
        assert_eq!(after(Client::decline), (decline, tells.to_vec()), "{state}, decline");
        assert_eq!(after(Client::stop), (stop, tells.to_vec()), "{state}, stop");
    }
}

#[test]
fn what_is_stopped_before_it_has_an_address_says_nothing_more() {
    let mut desk = Desk::new(1);
    desk.client.start(desk.now);
    desk.wait(0);
    desk.hears(desk.offer());
    desk.heard.clear();
    desk.client.stop(desk.now);
    desk.wait(100_000);
    assert!(desk.heard.is_empty(), "{:?}", desk.heard);
}

#[test]
fn a_nak_of_another_server_counts_only_when_any_server_was_asked() {
    for (state, received) in
        [("requesting", Refused(Count::BadServer)), ("renewing", Refused(Count::BadServer)), ("rebinding", Taken)]
    {
        let mut desk = Desk::at(state);
        let nak = desk.nak().with(54, &OTHER_SERVER.octets());
        assert_eq!(desk.hears(nak), received, "{state}");
    }
}

#[test]
fn another_server_may_extend_the_lease_and_is_asked_from_then() {
    let mut desk = Desk::at("rebinding");
    desk.hears(desk.ack().with(54, &OTHER_SERVER.octets()));
    assert_eq!(desk.client.lease().unwrap().server, OTHER_SERVER);
    desk.wait(1800);
    assert_eq!(desk.heard.last().unwrap().to, To::Unicast(OTHER_SERVER));
}

#[test]
fn who_begins_anew_has_nothing_and_tells_nobody() {
    for state in ["stopped", "selecting", "requesting", "probing", "bound", "renewing", "rebinding"] {
        let mut desk = Desk::at(state);
        desk.client.restart(MAC);
        assert_eq!((desk.client.lease(), desk.client.poll_at()), (None, None), "{state}");
        assert_eq!(desk.client.poll_event(), None, "{state}");
        assert_eq!(desk.client.counters().nonzero().count(), 0, "{state}");
        desk.start();
        assert_eq!((desk.hears(desk.offer()), desk.state()), (Taken, "requesting"), "{state}");
        let station = Mac([2, 0, 0, 0, 0, 9]);
        desk.client.restart(station);
        desk.client.start(desk.now);
        let mut packet = [0; PACKET_BYTES];
        assert!(desk.client.poll(desk.now, &mut packet).is_some(), "{state}");
        assert_eq!(packet[20 + 8 + 28..][..6], station.0, "{state}: it asks as the other station");
    }
}
