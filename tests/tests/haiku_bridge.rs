//! The bridge in Haiku's kernel: the add-on's file in a kernel in user space, between nodes and network cards.

use haiku_abi::{O_NONBLOCK, O_RDWR};
use kernelland::user::Process;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tests::haiku::{Bridged, hears, reads, settled};
use tests::{Arp, EtherFrame, checksum, parse_mac, within};

const CARD: [u8; 6] = [0x52, 0x54, 0, 0, 0, 1];
const CARD2: [u8; 6] = [0x52, 0x54, 0, 0, 0, 2];
const VM: [u8; 6] = [0x52, 0x54, 0, 0, 0, 0x10];
const FAR: [u8; 6] = [0x52, 0x54, 0, 0, 0, 0x20];
const ALL: [u8; 6] = [0xff; 6];
const HOST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const VM_IP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 16);
const FAR_IP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 32);
const PATIENCE: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_millis(300);

/// An echo request, complete.
fn ping(to: [u8; 6], from: [u8; 6], (source, destination): (Ipv4Addr, Ipv4Addr), number: u16) -> Vec<u8> {
    let mut icmp = [&[8, 0, 0, 0, 0x12, 0x34][..], &number.to_be_bytes(), &[0x5a; 32]].concat();
    let sum = checksum(&icmp);
    icmp[2..4].copy_from_slice(&sum.to_be_bytes());
    let length = u16::try_from(20 + icmp.len()).unwrap();
    let mut ip = [&[0x45, 0][..], &length.to_be_bytes(), &[0, 1, 0, 0, 64, 1, 0, 0]].concat();
    ip.extend(source.octets());
    ip.extend(destination.octets());
    let sum = checksum(&ip);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    [&to[..], &from, &[8, 0], &ip, &icmp].concat()
}

/// Finds an ICMP message in a frame: from which station and address, and its type and code.
fn icmp(frame: &[u8]) -> Option<([u8; 6], Ipv4Addr, [u8; 2])> {
    let from = frame.get(6..12)?.try_into().ok()?;
    let ip = frame.get(14..).filter(|_| frame[12..14] == [8, 0])?;
    let source: [u8; 4] = ip.get(12..16)?.try_into().ok()?;
    (ip.get(9) == Some(&1)).then(|| (from, source.into(), [ip[20], ip[21]]))
}

fn arp_answer(frame: &[u8], of: Ipv4Addr) -> Option<[u8; 6]> {
    let arp = Arp::read(frame)?;
    (arp.sender == of && arp.operation == 2).then_some(arp.sender_mac)
}

#[test]
fn frames_pass_between_a_tap_and_a_card() {
    kernelland::test(|| {
        Bridged::run("frames_pass_between_a_tap_and_a_card", |lan| {
            let card = lan.member("wire/0", CARD);
            assert!(card.nic.is_promiscuous());
            for bytes in [46, 100, 1000, 1500] {
                for to in [ALL, FAR, [1, 0, 0x5e, 0, 0, 9]] {
                    let out = EtherFrame::new(to, VM, "out").payload_bytes(bytes).bytes();
                    lan.tap_sends(&out);
                    assert!(card.wire_hears(&out, PATIENCE), "{bytes} to {to:x?}\n{}", lan.kernel.syslog());
                }
                for to in [ALL, VM, CARD, [1, 0, 0x5e, 0, 0, 9]] {
                    let back = EtherFrame::new(to, FAR, "back").payload_bytes(bytes).bytes();
                    card.cable.send(&back).unwrap();
                    assert!(lan.tap_hears(&back, PATIENCE), "{bytes} to {to:x?}\n{}", lan.kernel.syslog());
                }
            }
            // What is known goes to its port alone, and what is on the same wire nowhere.
            let same = EtherFrame::new(FAR, [2, 0, 0, 0, 0, 9], "same").bytes();
            card.cable.send(&same).unwrap();
            assert!(!lan.tap_hears(&same, MOMENT));
            lan.comes_to_show("bridge0", "same-port 1");
        });
    });
}

#[test]
fn the_host_is_reached_by_the_bridge() {
    kernelland::test(|| {
        Bridged::run("the_host_is_reached_by_the_bridge", |lan| {
            let card = lan.member("wire/0", CARD);
            lan.ifconfig(&format!("bridge0 inet {HOST}/24"));
            let shown = lan.ifconfig("bridge0");
            let mac = shown.lines().find_map(|line| line.trim().strip_prefix("ether ")).unwrap();
            let mac = parse_mac(mac.trim());
            card.cable.send(&Arp::asks(FAR, FAR_IP, HOST).frame(ALL)).unwrap();
            assert_eq!(hears(&card.cable, PATIENCE, |frame| arp_answer(frame, HOST)), Some(mac));
            lan.tap_sends(&Arp::asks(VM, VM_IP, HOST).frame(ALL));
            assert_eq!(reads(&lan.tap, PATIENCE, |frame| arp_answer(frame, HOST)), Some(mac));
            card.cable.send(&ping(mac, FAR, (FAR_IP, HOST), 1)).unwrap();
            assert_eq!(hears(&card.cable, PATIENCE, icmp), Some((mac, HOST, [0, 0])));
            lan.tap_sends(&ping(mac, VM, (VM_IP, HOST), 1));
            assert_eq!(reads(&lan.tap, PATIENCE, icmp), Some((mac, HOST, [0, 0])));
        });
    });
}

#[test]
fn a_card_keeps_the_hosts_address() {
    kernelland::test(|| {
        Bridged::run("a_card_keeps_the_hosts_address", |lan| {
            let card = lan.addressed("wire/0", CARD, HOST);
            lan.ifconfig(&format!("bridge0 addm {}", card.nic.path()));
            assert!(lan.ifconfig("bridge0").contains("HOSTADDR"), "{}", lan.ifconfig("bridge0"));

            // From the wire, as if there were no bridge; and the program hears what is for all.
            let request = Arp::asks(FAR, FAR_IP, HOST).frame(ALL);
            card.cable.send(&request).unwrap();
            assert_eq!(hears(&card.cable, PATIENCE, |frame| arp_answer(frame, HOST)), Some(CARD));
            assert!(lan.tap_hears(&request, PATIENCE));
            card.cable.send(&ping(CARD, FAR, (FAR_IP, HOST), 1)).unwrap();
            assert_eq!(hears(&card.cable, PATIENCE, icmp), Some((CARD, HOST, [0, 0])));
            // What the host has from the wire and sends to it is nobody else's.
            assert_eq!(reads(&lan.tap, MOMENT, icmp), None);

            // From the program: the host answers, and the wire hears only what is for all.
            let request = Arp::asks(VM, VM_IP, HOST).frame(ALL);
            lan.tap_sends(&request);
            assert_eq!(
                reads(&lan.tap, PATIENCE, |frame| arp_answer(frame, HOST)),
                Some(CARD),
                "{}",
                lan.kernel.syslog()
            );
            assert!(card.wire_hears(&request, PATIENCE));
            for number in 0..20 {
                let request = ping(CARD, VM, (VM_IP, HOST), number);
                lan.tap_sends(&request);
                assert_eq!(reads(&lan.tap, PATIENCE, icmp), Some((CARD, HOST, [0, 0])), "{number}");
                assert!(!card.wire_hears(&request, Duration::from_millis(5)), "{number}");
            }

            // Between the two, past the host.
            let out = ping(FAR, VM, (VM_IP, FAR_IP), 2);
            lan.tap_sends(&out);
            assert!(card.wire_hears(&out, PATIENCE));
            let back = ping(VM, FAR, (FAR_IP, VM_IP), 2);
            card.cable.send(&back).unwrap();
            assert!(lan.tap_hears(&back, PATIENCE));
            let complaint = hears(&card.cable, MOMENT, |frame| icmp(frame).filter(|(_, _, kind)| kind[0] == 3));
            assert_eq!(complaint, None);
        });
    });
}

#[test]
fn nobody_is_told_that_others_are_unreachable() {
    kernelland::test(|| {
        Bridged::run("nobody_is_told_that_others_are_unreachable", |lan| {
            let (other, other_mac) = (Ipv4Addr::new(10, 0, 0, 77), [2, 0, 0, 0, 0, 0x77]);
            let card = lan.addressed("wire/0", CARD, HOST);
            let path = card.nic.path();
            let complaint = |to, patience| {
                // The host knows where to answer.
                card.cable.send(&Arp::asks(FAR, FAR_IP, HOST).frame(ALL)).unwrap();
                card.cable.send(&ping(to, FAR, (FAR_IP, other), 1)).unwrap();
                hears(&card.cable, patience, |frame| icmp(frame).filter(|(_, _, kind)| kind[0] == 3))
            };
            // What comes to its own station it complains of, as far as it does at all.
            let complains = complaint(CARD, PATIENCE).is_some();
            for flag in ["-hostaddr", "hostaddr"] {
                lan.ifconfig(&format!("bridge0 addm {path} {flag} {path}"));
                for state in ["up", "down"] {
                    lan.ifconfig(&format!("bridge0 {state}"));
                    assert_eq!(complaint(other_mac, MOMENT), None, "{flag} {state}");
                    let reaches_host = flag == "hostaddr" || state == "down";
                    let wanted = complains && reaches_host;
                    let patience = if wanted { PATIENCE } else { MOMENT };
                    assert_eq!(complaint(CARD, patience).is_some(), wanted, "{flag} {state}");
                }
                lan.ifconfig(&format!("bridge0 deletem {path}"));
            }
        });
    });
}

#[test]
fn tags_are_put_on_and_taken_off() {
    kernelland::test(|| {
        Bridged::run("tags_are_put_on_and_taken_off", |lan| {
            let card = lan.member("wire/0", CARD);
            lan.ifconfig(&format!("bridge0 vlanfilter ifuntagged tap0 10 iftagged {} 10", card.nic.path()));
            for bytes in [46, 1500] {
                lan.tap_sends(&EtherFrame::new(ALL, VM, "out").payload_bytes(bytes).bytes());
                let tagged = EtherFrame::new(ALL, VM, "out").vlan(10).payload_bytes(bytes).bytes();
                // A card that takes no more than 1514 bytes does not take it, and that is counted.
                assert_eq!(card.wire_hears(&tagged, if bytes == 46 { PATIENCE } else { MOMENT }), bytes == 46);
                card.cable
                    .send(&EtherFrame::new(VM, FAR, "back").vlan(10).payload_bytes(bytes.min(1496)).bytes())
                    .unwrap();
                let plain = EtherFrame::new(VM, FAR, "back").payload_bytes(bytes.min(1496)).bytes();
                assert!(lan.tap_hears(&plain, PATIENCE), "{}", lan.ifconfig("-v bridge0"));
            }
            lan.comes_to_show("bridge0", "too-big 1");
        });
    });
}

#[test]
fn a_program_that_sends_nothing_comes_and_goes_as_a_port() {
    kernelland::test(|| {
        Bridged::run("a_program_that_sends_nothing_comes_and_goes_as_a_port", |lan| {
            let round = |_| {
                lan.ifconfig("bridge0 deletem tap0");
                lan.ifconfig("bridge0 addm tap0");
            };
            (0..5).for_each(round);
            let before = settled(&lan.kernel);
            (0..100).for_each(round);
            assert_eq!(settled(&lan.kernel), before);
        });
    });
}

/// Ports that get the same frame share its bytes; one that gets another tag gets bytes of its own.
#[test]
fn a_tag_is_put_on_one_copy_alone() {
    kernelland::test(|| {
        Bridged::run("a_tag_is_put_on_one_copy_alone", |lan| {
            lan.ifconfig("tap1 create up");
            lan.ifconfig("bridge0 addm tap1");
            let second = Process::root().open("tap/1", O_RDWR | O_NONBLOCK).unwrap();
            lan.comes_to_show("tap1", "status: active");
            // The last port to be sent to gets the original.
            let card = lan.member("wire/0", CARD);
            let path = card.nic.path();
            lan.ifconfig(&format!("bridge0 vlanfilter ifuntagged tap0 10 ifuntagged tap1 10 iftagged {path} 10"));
            let plain = EtherFrame::new(ALL, VM, "shared").bytes();
            let tagged = EtherFrame::new(ALL, VM, "shared").vlan(10).bytes();
            lan.tap_sends(&plain);
            assert!(card.wire_hears(&tagged, PATIENCE));
            let heard = reads(&second, PATIENCE, |frame| Some(frame.to_vec()));
            assert_eq!(heard, Some(plain));
            lan.ifconfig("tap1 destroy");
        });
    });
}

#[test]
fn a_span_port_hears_everything_and_gives_nothing() {
    kernelland::test(|| {
        Bridged::run("a_span_port_hears_everything_and_gives_nothing", |lan| {
            let (card, span) = (lan.member("wire/0", CARD), lan.card("wire/1", CARD2));
            lan.ifconfig(&format!("bridge0 span {}", span.nic.path()));
            for (number, frame) in [(ALL, VM), (FAR, VM)].into_iter().enumerate() {
                let frame = EtherFrame::new(frame.0, frame.1, &format!("seen {number}")).bytes();
                lan.tap_sends(&frame);
                assert!(card.wire_hears(&frame, PATIENCE) && span.wire_hears(&frame, PATIENCE), "{number}");
            }
            let frame = EtherFrame::new(ALL, FAR, "mute").bytes();
            span.cable.send(&frame).unwrap();
            assert!(!lan.tap_hears(&frame, MOMENT) && !card.wire_hears(&frame, MOMENT));
        });
    });
}

#[test]
fn a_flood_by_one_port_leaves_the_others_their_share() {
    kernelland::test(|| {
        Bridged::run("a_flood_by_one_port_leaves_the_others_their_share", |lan| {
            let (card, flooded) = (lan.member("wire/0", CARD), lan.member("wire/1", CARD2));
            // The bridge learns where the program is.
            lan.tap_sends(&EtherFrame::new(ALL, VM, "here").bytes());
            assert!(flooded.wire_hears(&EtherFrame::new(ALL, VM, "here").bytes(), PATIENCE));
            let over = AtomicBool::new(false);
            std::thread::scope(|scope| {
                // One card is sent as much as it takes, to a program that does not read.
                scope.spawn(|| {
                    let noise = EtherFrame::new(VM, [2, 0, 0, 0, 0, 9], "noise").payload_bytes(1000).bytes();
                    while !over.load(Ordering::Relaxed) {
                        let _ = flooded.cable.send(&noise);
                    }
                });
                // What the program sends to the other comes, every frame of it.
                let lost = (0..500).find(|number| {
                    let frame = EtherFrame::new(FAR, VM, &format!("frame {number}")).bytes();
                    lan.tap_sends(&frame);
                    !card.wire_hears(&frame, PATIENCE)
                });
                over.store(true, Ordering::Relaxed);
                assert_eq!(lost, None, "{}", lan.ifconfig("-v bridge0"));
            });
            // The program that did not read lost noise, and the bridge nothing of others.
            println!("{}", lan.ifconfig("-v bridge0"));
            lan.comes_to_show("bridge0", "rx frames 501 ");
        });
    });
}

#[test]
fn frames_that_nobody_reads_hold_no_interface() {
    kernelland::test(|| {
        Bridged::run("frames_that_nobody_reads_hold_no_interface", |lan| {
            for (host, leaves) in [("-hostaddr", true), ("-hostaddr", false), ("hostaddr", true), ("hostaddr", false)] {
                let card =
                    if host == "hostaddr" { lan.addressed("wire/0", CARD, HOST) } else { lan.card("wire/0", CARD) };
                let path = card.nic.path();
                lan.ifconfig(&format!("bridge0 addm {path} {host} {path}"));
                if host == "-hostaddr" {
                    lan.ifconfig(&format!("bridge0 inet {HOST}/24"));
                }
                // Answers of the host's, which refer to its interface on their way, and frames of the card's wait in the
                // program's queue.
                lan.tap_sends(&Arp::asks(VM, VM_IP, HOST).frame(ALL));
                let station = reads(&lan.tap, PATIENCE, |frame| arp_answer(frame, HOST)).unwrap();
                for number in 0..10 {
                    lan.tap_sends(&ping(station, VM, (VM_IP, HOST), number));
                    card.cable.send(&EtherFrame::new(VM, FAR, "unread").bytes()).unwrap();
                }
                let queued = || {
                    let shown = lan.ifconfig("-v tap0");
                    let words = shown.split("queue: ").nth(1).and_then(|rest| rest.split(' ').next());
                    words.and_then(|count| count.parse::<u32>().ok()).unwrap_or(0)
                };
                assert!(within(PATIENCE, || queued() >= 20), "{}", lan.ifconfig("-v tap0"));
                if leaves {
                    lan.ifconfig(&format!("bridge0 deletem {path}"));
                }
                card.interface.delete().unwrap();
                // With the last reference the device goes, and its node is closed.
                let closed = || !lan.kernel.threads().contains(&format!("{path} consumer\", waits"));
                let _ = lan.root.ifconfig(&format!("bridge0 deletem {path}"));
                assert!(within(PATIENCE, closed), "{}", lan.kernel.threads());
                if host == "-hostaddr" {
                    lan.ifconfig(&format!("bridge0 -alias {HOST}"));
                }
                let read = (0..20).filter(|_| reads(&lan.tap, PATIENCE, |_| Some(())).is_some()).count();
                assert_eq!(read, 20);
            }
        });
    });
}

#[test]
fn a_known_neighbour_is_answered_for_where_it_is_asked_for() {
    kernelland::test(|| {
        Bridged::run("a_known_neighbour_is_answered_for_where_it_is_asked_for", |lan| {
            let card = lan.member("wire/0", CARD);
            lan.ifconfig("bridge0 suppress tap0");
            let asks = |target| Arp::asks(VM, VM_IP, target).frame(ALL);
            lan.tap_sends(&asks(FAR_IP));
            assert!(card.wire_hears(&asks(FAR_IP), PATIENCE), "nobody knows it");
            let answer = Arp { operation: 2, target_mac: VM, target: VM_IP, ..Arp::announces(FAR, FAR_IP) }.frame(VM);
            card.cable.send(&answer).unwrap();
            assert!(lan.tap_hears(&answer, PATIENCE));
            // From here on the bridge says it, to the port that asks.
            lan.tap_sends(&asks(FAR_IP));
            assert_eq!(reads(&lan.tap, PATIENCE, |frame| arp_answer(frame, FAR_IP)), Some(FAR));
            assert!(!card.wire_hears(&asks(FAR_IP), MOMENT));
            lan.comes_to_show("bridge0", "suppressed");
            lan.tap_sends(&asks(HOST));
            assert!(card.wire_hears(&asks(HOST), PATIENCE), "who is not known is asked for");
            lan.ifconfig("bridge0 flush");
            lan.tap_sends(&asks(FAR_IP));
            assert!(card.wire_hears(&asks(FAR_IP), PATIENCE), "what was flushed is forgotten");
            // Nobody is answered for at a port that is not told to.
            lan.ifconfig("bridge0 -suppress tap0");
            card.cable.send(&answer).unwrap();
            assert!(lan.tap_hears(&answer, PATIENCE));
            lan.tap_sends(&asks(FAR_IP));
            assert!(card.wire_hears(&asks(FAR_IP), PATIENCE));
        });
    });
}
