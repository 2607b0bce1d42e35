//! Network cards as members of a bridge at work, in Haiku's kernel: they come, go down, come back, are pulled out, and leave.

use kernelland::wire::Link;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tests::haiku::{Bridged, Card};
use tests::{EtherFrame, within};

const CARD: [u8; 6] = [0x52, 0x54, 0, 0, 0, 1];
const CARD2: [u8; 6] = [0x52, 0x54, 0, 0, 0, 2];
const VM: [u8; 6] = [0x52, 0x54, 0, 0, 0, 0x10];
const FAR: [u8; 6] = [0x52, 0x54, 0, 0, 0, 0x20];
const ALL: [u8; 6] = [0xff; 6];
const HOST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const PATIENCE: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_millis(300);

/// Sends a frame both ways between a card's wire and the program.
#[track_caller]
fn carries(lan: &Bridged, card: &Card, when: &str) {
    let back = EtherFrame::new(ALL, FAR, when).bytes();
    let comes = || {
        card.cable.send(&back).unwrap();
        lan.tap_hears(&back, Duration::from_millis(100))
    };
    assert!(within(PATIENCE, comes), "{when}\n{}", lan.kernel.syslog());
    let out = EtherFrame::new(ALL, VM, when).bytes();
    lan.tap_sends(&out);
    assert!(card.wire_hears(&out, PATIENCE), "{when}\n{}", lan.kernel.syslog());
}

#[test]
fn a_card_whose_port_is_made_again_carries_frames() {
    kernelland::test(|| {
        Bridged::run("a_card_whose_port_is_made_again_carries_frames", |lan| {
            let card = lan.member("wire/0", CARD);
            let path = card.nic.path();
            carries(lan, &card, "at first");
            for flag in ["hostaddr", "-hostaddr"] {
                lan.ifconfig(&format!("bridge0 {flag} {path}"));
                carries(lan, &card, flag);
            }
        });
    });
}

#[test]
fn a_card_that_takes_the_port_of_another_carries_frames() {
    kernelland::test(|| {
        Bridged::run("a_card_that_takes_the_port_of_another_carries_frames", |lan| {
            let (one, two) = (lan.member("wire/0", CARD), lan.card("wire/1", CARD2));
            carries(lan, &one, "the one");
            lan.ifconfig(&format!("bridge0 deletem {} addm {}", one.nic.path(), two.nic.path()));
            carries(lan, &two, "the other");
            let frame = EtherFrame::new(ALL, FAR, "left").bytes();
            one.cable.send(&frame).unwrap();
            assert!(!lan.tap_hears(&frame, Duration::from_millis(300)));
        });
    });
}

#[test]
fn a_card_that_a_refused_line_took_away_carries_frames_again() {
    kernelland::test(|| {
        Bridged::run("a_card_that_a_refused_line_took_away_carries_frames_again", |lan| {
            let (card, other) = (lan.member("wire/0", CARD), lan.card("wire/1", CARD2));
            carries(lan, &card, "at first");
            // The rules let it pass, and the other's driver refuses it: by then the card has left.
            let line = format!("bridge0 deletem {} mtu 9000 addm {}", card.nic.path(), other.nic.path());
            let refused = lan.root.ifconfig(&line).unwrap_err();
            assert!(refused.contains("its driver takes others"), "{refused}");
            carries(lan, &card, "again");
        });
    });
}

#[test]
fn a_card_is_in_one_bridge_and_only_cards_are() {
    kernelland::test(|| {
        Bridged::run("a_card_is_in_one_bridge_and_only_cards_are", |lan| {
            let (one, two) = (lan.member("wire/0", CARD), lan.card("wire/1", CARD2));
            lan.ifconfig("bridge1 create");
            lan.ifconfig("tap1 create");
            lan.ifconfig(&format!("bridge1 addm {} addm tap1 up", two.nic.path()));
            for (words, why) in [
                (format!("bridge1 addm {}", one.nic.path()), "bridge0"),
                ("bridge0 addm bridge1".to_owned(), "bridge"),
                ("bridge0 addm /dev/net/none".to_owned(), "/dev/net/none"),
            ] {
                let refused = lan.root.ifconfig(&words).unwrap_err();
                assert!(refused.contains(why), "{words}: {refused}");
            }
            // Each has its own frames.
            let frame = EtherFrame::new(ALL, FAR, "two").bytes();
            two.cable.send(&frame).unwrap();
            assert!(!lan.tap_hears(&frame, MOMENT) && !one.wire_hears(&frame, MOMENT));
            let frame = EtherFrame::new(ALL, FAR, "one").bytes();
            one.cable.send(&frame).unwrap();
            assert!(lan.tap_hears(&frame, PATIENCE) && !two.wire_hears(&frame, MOMENT));
            lan.ifconfig(&format!("bridge0 deletem {}", one.nic.path()));
            assert!(within(PATIENCE, || !one.nic.is_promiscuous()));
            lan.ifconfig(&format!("bridge1 addm {}", one.nic.path()));
            assert!(one.nic.is_promiscuous());
            lan.ifconfig("bridge1 destroy");
            lan.ifconfig("tap1 destroy");
            assert!(within(PATIENCE, || !one.nic.is_promiscuous()));
        });
    });
}

#[test]
fn a_card_that_goes_down_is_forgotten_and_comes_back() {
    kernelland::test(|| {
        Bridged::run("a_card_that_goes_down_is_forgotten_and_comes_back", |lan| {
            let card = lan.member("wire/0", CARD);
            let frame = EtherFrame::new(ALL, FAR, "learn me").bytes();
            let comes = || {
                within(PATIENCE, || {
                    card.cable.send(&frame).unwrap();
                    lan.tap_hears(&frame, Duration::from_millis(50))
                })
            };
            assert!(comes());
            assert!(lan.ifconfig("bridge0 addr").contains("52:54:00:00:00:20"));
            card.interface.down().unwrap();
            assert!(within(PATIENCE, || !lan.ifconfig("bridge0 addr").contains("52:54:00:00:00:20")));
            card.interface.up().unwrap();
            assert!(comes(), "{}", lan.kernel.syslog());
            assert!(card.nic.is_promiscuous());
            card.nic.set_link(Link::Down);
            assert!(within(PATIENCE, || !lan.ifconfig("bridge0 addr").contains("52:54:00:00:00:20")));
            card.nic.set_link(Link::Up);
            assert!(comes(), "{}", lan.kernel.syslog());
        });
    });
}

#[test]
fn a_card_that_is_pulled_out_under_load_is_let_go() {
    kernelland::test(|| {
        Bridged::run("a_card_that_is_pulled_out_under_load_is_let_go", |lan| {
            for host in ["-hostaddr", "hostaddr"] {
                for round in 0..3 {
                    let card = lan.addressed("wire/0", CARD, HOST);
                    let path = card.nic.path();
                    lan.ifconfig(&format!("bridge0 addm {path} {host} {path}"));
                    pulled_out_under_load(lan, card);
                    // It is no port any more, or one without an interface; both ways another card takes its place.
                    let again = lan.card("wire/0", CARD);
                    let _ = lan.root.ifconfig(&format!("bridge0 deletem {path}"));
                    lan.ifconfig(&format!("bridge0 addm {path}"));
                    let frame = EtherFrame::new(ALL, FAR, &format!("again {round}")).bytes();
                    let comes = || {
                        again.cable.send(&frame).unwrap();
                        lan.tap_hears(&frame, Duration::from_millis(100))
                    };
                    assert!(within(PATIENCE, comes), "{host} {round}\n{}", lan.kernel.syslog());
                    lan.ifconfig(&format!("bridge0 deletem {path}"));
                    again.interface.delete().unwrap();
                }
            }
        });
    });
}

/// Pulls a card out while it is sent frames and the program sends some to it.
fn pulled_out_under_load(lan: &Bridged, Card { nic, cable, interface }: Card) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for to in [ALL, VM, CARD].into_iter().cycle() {
                let frame = EtherFrame::new(to, FAR, "load").payload_bytes(500).bytes();
                if cable.send(&frame).is_err() || over.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        scope.spawn(|| {
            for to in [ALL, FAR, CARD].into_iter().cycle() {
                let _ = lan.tap.write(&EtherFrame::new(to, VM, "load").bytes());
                if over.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        assert!(lan.tap_hears(&EtherFrame::new(VM, FAR, "load").bytes(), PATIENCE));
        nic.unplug();
        let gone = within(PATIENCE, || interface.flags().is_err());
        over.store(true, Ordering::Relaxed);
        // Who sends into a wire that nobody reads waits for room, until it has no other end.
        drop(nic);
        assert!(gone, "{}", lan.kernel.threads());
    });
}
