extern crate std;
use super::*;
use proptest::prelude::*;
use std::vec::Vec;

fn v4(protocol: u8, fragment: u16, from: (u8, u16), to: (u8, u16)) -> Vec<u8> {
    let mut packet = std::vec![0; 28];
    packet[0] = 0x45;
    packet[6..8].copy_from_slice(&fragment.to_be_bytes());
    packet[9] = protocol;
    packet[12..16].copy_from_slice(&[10, 0, 0, from.0]);
    packet[16..20].copy_from_slice(&[10, 0, 0, to.0]);
    packet[20..22].copy_from_slice(&from.1.to_be_bytes());
    packet[22..24].copy_from_slice(&to.1.to_be_bytes());
    packet
}

fn framed(tags: usize, packet: &[u8]) -> Vec<u8> {
    let mut frame = std::vec![2; 12];
    for _ in 0..tags {
        frame.extend([0x81, 0, 0, 7]);
    }
    frame.extend([0x08, 0x00]);
    frame.extend(packet);
    frame
}

#[test]
fn what_belongs_together_stays_together() {
    let there = v4(TCP, 0, (1, 1000), (2, 80));
    let back = v4(TCP, 0, (2, 80), (1, 1000));
    let hash = flow(Kind::Tun, &there);
    assert_eq!(flow(Kind::Tun, &back), hash, "both directions");
    for tags in 0..=2 {
        assert_eq!(flow(Kind::Tap, &framed(tags, &there)), hash, "{tags} tags");
    }
    assert_ne!(flow(Kind::Tun, &v4(TCP, 0, (1, 1001), (2, 80))), hash, "another port");
    let first = v4(UDP, 0x2000, (1, 53), (2, 53));
    let second = v4(UDP, 0x00b9, (1, 9), (2, 9));
    assert_eq!(flow(Kind::Tun, &first), flow(Kind::Tun, &second), "fragments");
    assert_eq!(flow(Kind::Tun, &v4(1, 0, (1, 5), (2, 6))), flow(Kind::Tun, &v4(1, 0, (1, 7), (2, 8))), "no ports");
}

#[test]
fn connections_spread_over_queues() {
    let mut queues = [0; 8];
    for port in 1024..3072 {
        let hash = flow(Kind::Tun, &v4(TCP, 0, (1, port), (2, 443)));
        queues[(hash >> 29) as usize] += 1;
    }
    assert!(queues.iter().all(|count| (192..320).contains(count)), "{queues:?} of 256 each");
}

proptest! {
    #[test]
    fn any_bytes_have_a_flow(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = flow(Kind::Tun, &bytes);
        let _ = flow(Kind::Tap, &bytes);
    }
}
