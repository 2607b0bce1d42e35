//! Network cards that become ports of a bridge at work, and leave it, in Haiku's kernel.

use std::time::Duration;
use tests::haiku::{Bridged, Card};
use tests::{EtherFrame, within};

const CARD: [u8; 6] = [0x52, 0x54, 0, 0, 0, 1];
const CARD2: [u8; 6] = [0x52, 0x54, 0, 0, 0, 2];
const VM: [u8; 6] = [0x52, 0x54, 0, 0, 0, 0x10];
const FAR: [u8; 6] = [0x52, 0x54, 0, 0, 0, 0x20];
const ALL: [u8; 6] = [0xff; 6];
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs a test in a kernel of its own, with the bridge in it, and in the end looks for faults.
fn bridged(test: &str, body: impl FnOnce(&Bridged)) {
    let Some(bridged) = Bridged::new(test) else { return };
    body(&bridged);
    bridged.ends();
}

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
        bridged("a_card_whose_port_is_made_again_carries_frames", |lan| {
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
        bridged("a_card_that_takes_the_port_of_another_carries_frames", |lan| {
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
        bridged("a_card_that_a_refused_line_took_away_carries_frames_again", |lan| {
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
