use super::*;

/// An IPv4 packet between two hosts, from their ports.
fn v4(src: u8, dst: u8, ports: [u8; 4], fragment: u8) -> Vec<u8> {
    let header = [0x45, 0, 0, 28, 0, 0, fragment, 0, 64, 17, 0, 0, 10, 0, 0, src, 10, 0, 0, dst];
    [&header[..], &ports, &[0, 8, 0, 0]].concat()
}

fn v6(src: u8, dst: u8) -> Vec<u8> {
    let mut packet = vec![0; 48];
    (packet[0], packet[6], packet[23], packet[39]) = (0x60, 6, src, dst);
    packet
}

#[test]
fn packets_of_a_connection_share_a_number() {
    let one = v4(1, 2, [0, 80, 4, 0], 0);
    let behind = |types: &[u8], packet: &[u8]| [&[2; 12][..], types, packet].concat();
    #[rustfmt::skip]
    let rows = [
        ("back",          Kind::Tun, v4(2, 1, [4, 0, 0, 80], 0),                 true),
        ("don't fragment", Kind::Tun, v4(1, 2, [0, 80, 4, 0], 0x40),             true),
        ("in a frame",    Kind::Tap, behind(&[8, 0], &one),                      true),
        ("tagged",        Kind::Tap, behind(&[0x81, 0, 0, 5, 8, 0], &one),       true),
        ("another port",  Kind::Tun, v4(1, 2, [0, 80, 4, 1], 0),                 false),
        ("another host",  Kind::Tun, v4(1, 3, [0, 80, 4, 0], 0),                 false),
        ("IPv6",          Kind::Tun, v6(1, 2),                                   false),
        ("no IP",         Kind::Tap, behind(&[0x88, 0xb5], &one),                false),
    ];
    for (name, kind, packet, same) in rows {
        assert_eq!(flow(kind, &packet) == flow(Kind::Tun, &one), same, "{name}");
        for bytes in 0..packet.len() {
            let _ = flow(kind, &packet[..bytes]);
        }
    }
    assert_eq!(flow(Kind::Tun, &v6(1, 2)), flow(Kind::Tun, &v6(2, 1)));
}

#[test]
fn fragments_go_the_way_of_the_first() {
    let fragments = [[0, 80, 4, 0], [9, 9, 9, 9]].map(|start| flow(Kind::Tun, &v4(1, 2, start, 0x20)));
    assert_eq!(fragments[0], fragments[1]);
}

#[test]
fn connections_are_spread() {
    let mut readers = [0; 4];
    for port in 0..=255 {
        readers[flow(Kind::Tun, &v4(1, 2, [0, 80, 4, port], 0)) as usize % 4] += 1;
    }
    assert!(readers.iter().all(|&flows| flows > 32), "{readers:?}");
}
