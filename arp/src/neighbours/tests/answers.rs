use super::*;
use Received::{Answered, Conflict, Learned};

fn ignored(why: Ignored) -> Received {
    Received::Ignored(why)
}

#[test]
fn on_a_wire_to_the_host_everything_but_the_hosts_own_is_answered() {
    for (name, frame, received) in [
        ("a request for the peer", asks(HOST, "10.8.0.2", "10.8.0.1"), Answered),
        ("for anybody else", asks(HOST, "10.8.0.2", "192.0.2.1"), Answered),
        ("for the host itself", asks(HOST, "10.8.0.9", "10.8.0.2"), ignored(Ignored::NotOurs)),
        ("a probe", asks(HOST, "0.0.0.0", "10.8.0.1"), ignored(Ignored::Probe)),
        ("an announcement", asks(HOST, "10.8.0.7", "10.8.0.7"), ignored(Ignored::Announcement)),
        ("for a group", asks(HOST, "10.8.0.2", "224.0.0.1"), ignored(Ignored::NotOurs)),
        ("for everybody", asks(HOST, "10.8.0.2", "255.255.255.255"), ignored(Ignored::NotOurs)),
        ("an answer nobody asked for", answers(HOST, "10.8.0.2", PEER, "10.8.0.1"), ignored(Ignored::Unsolicited)),
        ("an answer to another", answers(HOST, "10.8.0.2", OTHER, "10.8.0.1"), ignored(Ignored::NotOurs)),
        ("the host's address by another", asks(OTHER, "10.8.0.2", "10.8.0.1"), ignored(Ignored::Spoofed)),
        ("its own question", asks(PEER, "10.8.0.1", "10.8.0.2"), ignored(Ignored::Echo)),
        ("a solicitation for the peer", solicits(HOST, "fd00::2", "fd00::1"), Answered),
        ("for a link-local one", solicits(HOST, "fe80::2", "fe80::1"), Answered),
        ("for the host itself", solicits(HOST, "fe80::2", "fd00::2"), ignored(Ignored::NotOurs)),
        ("duplicate detection", solicits(HOST, "::", "fd00::1"), ignored(Ignored::DuplicateDetection)),
        ("the host's address by another", solicits(OTHER, "fd00::2", "fd00::1"), ignored(Ignored::Spoofed)),
        ("its own solicitation", solicits(PEER, "fd00::1", "fd00::2"), ignored(Ignored::Echo)),
    ] {
        let mut link = on_wire();
        assert_eq!(tell(&mut link, &frame, secs(1)), received, "{name}");
        assert_eq!(sent(&mut link, secs(1)).len(), usize::from(received == Answered), "{name}");
        assert_eq!(link.len(), usize::from(received == Answered), "{name}: who asks is learned, nobody else");
        if let Received::Ignored(why) = received {
            assert_eq!(link.counters().ignored(why), 1, "{name}");
        }
    }
}

#[test]
fn an_answer_names_the_peer_and_goes_to_who_asked() {
    let mut link = on_wire();
    tell(&mut link, &asks(HOST, "10.8.0.2", "10.8.0.1"), secs(1));
    let (operation, sender_mac, target_mac) = (Operation::Reply, PEER, HOST);
    let (sender, target) = (v4("10.8.0.1"), v4("10.8.0.2"));
    assert_eq!(sent(&mut link, secs(1)), [(HOST, Message::Arp { operation, sender_mac, sender, target_mac, target })]);

    tell(&mut link, &solicits(HOST, "fd00::2", "fd00::1"), secs(1));
    let flags = AdvertisementFlags::SOLICITED | AdvertisementFlags::OVERRIDE;
    let (source, destination, target, target_mac) = (v6("fd00::1"), v6("fd00::2"), v6("fd00::1"), Some(PEER));
    assert_eq!(
        sent(&mut link, secs(1)),
        [(HOST, Message::Advertisement { source, destination, target, flags, target_mac })]
    );
    assert_eq!((link.counters().get(Count::AnsweredArp), link.counters().get(Count::AnsweredNd)), (1, 1));
}

#[test]
fn among_others_only_what_is_listed_is_answered_and_it_is_defended() {
    let unsolicited = AdvertisementFlags::OVERRIDE;
    for (name, frame, received, messages) in [
        ("listed", asks(OTHER, "192.0.2.9", "192.0.2.5"), Answered, 1),
        ("of a network listed", asks(OTHER, "192.0.2.9", "192.0.2.130"), Answered, 1),
        ("its broadcast address", asks(OTHER, "192.0.2.9", "192.0.2.191"), ignored(Ignored::NotOurs), 0),
        ("not listed", asks(OTHER, "192.0.2.9", "192.0.2.6"), ignored(Ignored::NotOurs), 0),
        ("claimed", asks(OTHER, "192.0.2.5", "192.0.2.6"), Conflict, 1),
        ("announced", asks(OTHER, "192.0.2.130", "192.0.2.130"), Conflict, 1),
        ("claimed by an answer", answers(OTHER, "192.0.2.5", HOST, "192.0.2.6"), Conflict, 1),
        ("probed for", asks(OTHER, "0.0.0.0", "192.0.2.5"), ignored(Ignored::Probe), 1),
        ("another probed for", asks(OTHER, "0.0.0.0", "192.0.2.6"), ignored(Ignored::Probe), 0),
        ("listed, IPv6", solicits(OTHER, "2001:db8::9", "2001:db8::5"), Answered, 1),
        ("not listed, IPv6", solicits(OTHER, "2001:db8::9", "2001:db8::6"), ignored(Ignored::NotOurs), 0),
        ("claimed, IPv6", advertises(OTHER, "2001:db8::5", "ff02::1", unsolicited), Conflict, 1),
        ("not known", advertises(OTHER, "2001:db8::6", "ff02::1", unsolicited), ignored(Ignored::Announcement), 0),
        ("probed for, IPv6", solicits(OTHER, "::", "2001:db8::5"), ignored(Ignored::DuplicateDetection), 1),
    ] {
        let mut link = on_lan(&["192.0.2.5", "192.0.2.128/26", "2001:db8::5"]);
        assert_eq!(tell(&mut link, &frame, secs(1)), received, "{name}");
        assert_eq!(sent(&mut link, secs(1)).len(), messages, "{name}");
        assert_eq!(link.counters().get(Count::Conflicts), u64::from(received == Conflict), "{name}");
    }
}

#[test]
fn a_known_neighbour_that_announces_another_mac_is_believed() {
    let mut link = on_lan(&["192.0.2.5"]);
    tell(&mut link, &asks(OTHER, "192.0.2.9", "192.0.2.5"), secs(1));
    drain(&mut link, secs(1));
    assert_eq!(tell(&mut link, &asks(HOST, "192.0.2.9", "192.0.2.9"), secs(2)), Learned);
    assert_eq!(link.resolve(ip("192.0.2.9"), ip("192.0.2.5"), secs(3)), Resolution::Known(HOST));
    assert_eq!(link.counters().get(Count::Moved), 1);
}
