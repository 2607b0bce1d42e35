extern crate std;
use super::super::Gso;
use super::super::captures::linux;
use super::*;
use std::vec;
use std::vec::Vec;

mod hostile;
mod packets;
mod properties;

use packets::Packet;

/// Cuts a frame into buffers full of old octets.
fn cut(frame: &[u8], state: &Offload) -> Result<Vec<Vec<u8>>, OffloadError> {
    let mut segments = Segments::new(frame, state)?;
    let mut cut = Vec::new();
    let mut out = vec![0xaa; segments.largest() + 7];
    while let Some(bytes) = segments.next_into(&mut out) {
        assert!(out[bytes..].iter().all(|&octet| octet == 0xaa), "written past the segment");
        cut.push(out[..bytes].to_vec());
        out.fill(0xaa);
    }
    assert_eq!(segments.count(), 0);
    Ok(cut)
}

#[test]
fn as_linux_does() {
    let mut seen = 0;
    for capture in linux().into_iter().filter(|capture| capture.state.is_gso()) {
        assert!(capture.out.len() > 1, "{}", capture.name);
        assert_eq!(cut(&capture.frame, &capture.state), Ok(capture.out), "{}", capture.name);
        seen += 1;
    }
    assert_eq!(seen, 13);
}

#[test]
fn the_header_size_is_not_trusted() {
    for capture in linux().into_iter().filter(|capture| capture.state.is_gso()) {
        for header_bytes in [0, 1, 54, u16::MAX] {
            let state = Offload { header_bytes, ..capture.state };
            assert_eq!(cut(&capture.frame, &state).as_ref(), Ok(&capture.out), "{}: {header_bytes}", capture.name);
        }
    }
}

#[test]
fn a_frame_without_the_half_done_checksum_is_cut_alike() {
    for capture in linux().into_iter().filter(|capture| capture.state.is_gso()) {
        let state = Offload { needs_checksum: false, data_valid: true, csum_start: 0, csum_offset: 0, ..capture.state };
        let want =
            if capture.name == "tcp4 options" { Err(OffloadError::Unsupported(Gso::TcpV4)) } else { Ok(capture.out) };
        assert_eq!(cut(&capture.frame, &state), want, "{}", capture.name);
    }
}

#[test]
fn padding_is_not_payload() {
    for capture in linux().into_iter().filter(|capture| capture.state.is_gso()) {
        let padded = [&capture.frame[..], &[0x55; 9]].concat();
        assert_eq!(cut(&padded, &capture.state), Ok(capture.out), "{}", capture.name);
    }
}

#[test]
fn cut_counts() {
    #[rustfmt::skip]
    let rows: &[(&str, usize, u16, usize, usize)] = &[
        // name                 payload segment segments largest payload
        ("no payload",          0,      1460,   1,       0),
        ("less than one",       1459,   1460,   1,       1459),
        ("exactly one",         1460,   1460,   1,       1460),
        ("one octet more",      1461,   1460,   2,       1460),
        ("exactly three",       4380,   1460,   3,       1460),
        ("one octet each",      2048,   1,      2048,    1),
        ("the most TCP sends",  65400,  48,     1363,    48),
    ];
    for &(name, payload, segment_bytes, count, largest) in rows {
        let (frame, state) = Packet { payload, segment_bytes, ..Packet::TCP4 }.build();
        let segments = Segments::new(&frame, &state).unwrap();
        assert_eq!((segments.count(), segments.largest()), (count, 54 + largest), "{name}");
        assert_eq!(cut(&frame, &state).unwrap().len(), count, "{name}");
    }
}

#[test]
fn a_short_buffer_loses_nothing() {
    let (frame, state) = Packet { payload: 250, segment_bytes: 100, ..Packet::TCP4 }.build();
    let want = cut(&frame, &state).unwrap();
    let mut segments = Segments::new(&frame, &state).unwrap();
    for segment in &want {
        assert_eq!(segments.largest(), segment.len());
        let before = segments.count();
        assert_eq!(segments.next_into(&mut vec![0; segment.len() - 1]), None);
        assert_eq!(segments.count(), before);
        let mut out = vec![0; segment.len()];
        assert_eq!(segments.next_into(&mut out), Some(segment.len()));
        assert_eq!(&out, segment);
    }
    assert_eq!((segments.count(), segments.next_into(&mut [0; 200])), (0, None));
}

#[test]
fn flags_table() {
    const ALL: u8 = 0xff;
    #[rustfmt::skip]
    let rows: &[(&str, u8, usize, &[u8])] = &[
        // name              flags       payload each segment's
        ("ack",              0x10,       300,    &[0x10, 0x10, 0x10]),
        ("push",             0x18,       300,    &[0x10, 0x10, 0x18]),
        ("fin",              0x11,       300,    &[0x10, 0x10, 0x11]),
        ("window reduced",   0x90,       300,    &[0x90, 0x10, 0x10]),
        ("echo stays",       0x50,       300,    &[0x50, 0x50, 0x50]),
        ("all",              ALL,        300,    &[0xf6, 0x76, 0x7f]),
        ("all, two",         ALL,        200,    &[0xf6, 0x7f]),
        ("all, one",         ALL,        100,    &[0xff]),
        ("all, no payload",  ALL,        0,      &[0xff]),
    ];
    for &(name, flags, payload, want) in rows {
        for ecn in [true, false] {
            let (frame, state) = Packet { flags, payload, segment_bytes: 100, ..Packet::TCP4 }.build();
            let segments = cut(&frame, &Offload { ecn, ..state }).unwrap();
            let got: Vec<u8> = segments.iter().map(|segment| segment[47]).collect();
            assert_eq!(got, want, "{name}, ecn {ecn}");
        }
    }
}

#[test]
fn a_datagram_whose_sum_is_zero_says_ones() {
    // A payload word that holds its datagram's checksum brings the sum to all ones.
    for packet in [Packet::UDP4, Packet::UDP6] {
        let packet = Packet { payload: 20, segment_bytes: 10, ..packet };
        let (mut frame, state) = packet.build();
        let payload = frame.len() - 20;
        let field = usize::from(state.csum_start) + 6;
        for (index, at) in [payload, payload + 10].into_iter().enumerate() {
            frame[at..at + 2].fill(0);
            let segments = cut(&frame, &state).unwrap();
            let checksum = [segments[index][field], segments[index][field + 1]];
            frame[at..at + 2].copy_from_slice(&checksum);
        }
        let segments = cut(&frame, &state).unwrap();
        for segment in &segments {
            assert_eq!(segment[field..field + 2], [0xff, 0xff]);
        }
        packets::verify(&packet, &frame, &segments);
    }
}

/// Something done to a frame and its state.
type Edit = fn(&mut Vec<u8>, &mut Offload);

#[test]
fn refusal_table() {
    use OffloadError::*;
    let place = |start, offset| ChecksumPlace { start, offset };
    #[rustfmt::skip]
    let rows: &[(&str, Packet, Edit, OffloadError)] = &[
        // name                   packet        edit                                            error
        ("not to be cut",         Packet::TCP4, |_, s| s.gso = Gso::None,                       Unsupported(Gso::None)),
        ("UDP fragments",         Packet::UDP4, |_, s| s.gso = Gso::UdpFragment,                Unsupported(Gso::UdpFragment)),
        ("version 6 as 4",        Packet::TCP6, |_, s| s.gso = Gso::TcpV4,                      Unsupported(Gso::TcpV4)),
        ("version 4 as 6",        Packet::TCP4, |_, s| s.gso = Gso::TcpV6,                      Unsupported(Gso::TcpV6)),
        ("UDP as TCP",            Packet::UDP4, |_, s| s.gso = Gso::TcpV4,                      Unsupported(Gso::TcpV4)),
        ("TCP as UDP",            Packet::TCP6, |_, s| s.gso = Gso::UdpSegment,                 Unsupported(Gso::UdpSegment)),
        ("ARP",                   Packet::TCP4, |f, _| f[13] = 6,                               Unsupported(Gso::TcpV4)),
        ("GRE tunnel",            Packet::TCP4, |f, _| f[23] = 47,                              Unsupported(Gso::TcpV4)),
        ("IPv6 in IPv4",          Packet::TCP4, |f, _| f[23] = 41,                              Unsupported(Gso::TcpV4)),
        ("IPv4 in IPv6",          Packet::TCP6, |f, _| f[20] = 4,                               Unsupported(Gso::TcpV6)),
        ("VXLAN's inner sum",     Packet::UDP4, |_, s| s.csum_start = 84,                       place(84, 6)),
        ("first fragment",        Packet::TCP4, |f, _| f[20] = 0x20,                            Unsupported(Gso::TcpV4)),
        ("later fragment",        Packet::TCP4, |f, _| f[21] = 1,                               Unsupported(Gso::TcpV4)),
        ("IPv6 fragment header",  Packet::TCP6, |f, _| f[20] = 44,                              Unsupported(Gso::TcpV6)),
        ("authentication header", Packet::TCP6, |f, _| f[20] = 51,                              Unsupported(Gso::TcpV6)),
        ("jumbogram",             Packet { extensions: &[0], ..Packet::TCP6 },
                                                |f, _| f[18..20].fill(0),                       Unsupported(Gso::TcpV6)),
        ("nine extensions",       Packet { extensions: &[60; 9], ..Packet::TCP6 },
                                                |_, _| {},                                      Unsupported(Gso::TcpV6)),
        ("routed, no half sum",   Packet { extensions: &[43], ..Packet::TCP6 },
                                                |f, s| { f[57] = 1; s.needs_checksum = false }, Unsupported(Gso::TcpV6)),
        ("version nibble",        Packet::TCP4, |f, _| f[14] = 0x65,                            Header(14)),
        ("version nibble of 6",   Packet::TCP6, |f, _| f[14] = 0x40,                            Header(14)),
        ("short IPv4 header",     Packet::TCP4, |f, _| f[14] = 0x44,                            Header(14)),
        ("short TCP header",      Packet::TCP4, |f, _| f[46] = 0x40,                            Header(34)),
        ("TCP header too long",   Packet { payload: 0, ..Packet::TCP4 },
                                                |f, _| f[46] = 0x60,                            Truncated { need: 58, have: 54 }),
        ("five tags",             Packet { tags: &[0x8100; 5], ..Packet::TCP4 },
                                                |_, _| {},                                      Header(34)),
        ("runt",                  Packet::TCP4, |f, _| f.truncate(13),                          Truncated { need: 14, have: 13 }),
        ("packet past the frame", Packet::TCP4, |f, _| f.truncate(1053),                        Truncated { need: 1054, have: 1053 }),
        ("total length of 41",    Packet::TCP4, |f, _| f[16..18].copy_from_slice(&[0, 39]),     Truncated { need: 54, have: 53 }),
        ("extension past it",     Packet { extensions: &[60], ..Packet::TCP6 },
                                                |f, _| f[55] = 255,                             Truncated { need: 2122, have: 1082 }),
        ("sum elsewhere",         Packet::TCP4, |_, s| s.csum_start = 33,                       place(33, 16)),
        ("sum at UDP's place",    Packet::TCP4, |_, s| s.csum_offset = 6,                       place(34, 6)),
        ("segments of nothing",   Packet::TCP4, |_, s| s.segment_bytes = 0,                     SegmentBytes(0)),
        ("too many segments",     Packet { payload: 2049, ..Packet::TCP4 },
                                                |_, s| s.segment_bytes = 1,                     SegmentBytes(1)),
        ("segment past 64 KiB",   Packet { payload: 70_000, ..Packet::TCP4 },
                                                |_, s| s.segment_bytes = 65_496,                SegmentBytes(65_496)),
        ("IPv6 past 64 KiB",      Packet { payload: 70_000, ..Packet::TCP6 },
                                                |_, s| s.segment_bytes = 65_516,                SegmentBytes(65_516)),
    ];
    for (name, packet, edit, want) in rows {
        let (mut frame, mut state) = packet.build();
        edit(&mut frame, &mut state);
        assert_eq!(cut(&frame, &state), Err(*want), "{name}");
    }
}

#[test]
fn longer_than_a_length_field_can_say() {
    for (packet, most) in [(Packet::TCP4, 65_495), (Packet::TCP6, 65_515)] {
        let packet = Packet { payload: 200_000, segment_bytes: most, ..packet };
        let (frame, state) = packet.build();
        let segments = cut(&frame, &state).unwrap();
        assert_eq!(segments.len(), 4);
        packets::verify(&packet, &frame, &segments);
    }
}

#[test]
fn the_final_destination_behind_a_route_is_the_senders_word() {
    // The header names a waypoint; the sender summed the pseudo header with the destination behind it.
    let packet = Packet { extensions: &[43], payload: 250, segment_bytes: 100, ..Packet::TCP6 };
    let (mut frame, state) = packet.build();
    let destination: [u8; 16] = frame[38..54].try_into().unwrap();
    frame[57] = 1;
    frame[38..54].fill(0x77);
    let mut segments = cut(&frame, &state).unwrap();
    for segment in &mut segments {
        segment[57] = 0;
        segment[38..54].copy_from_slice(&destination);
    }
    frame[57] = 0;
    frame[38..54].copy_from_slice(&destination);
    packets::verify(&packet, &frame, &segments);
}

#[test]
fn errors_name_the_offending_value() {
    use std::string::ToString;
    #[rustfmt::skip]
    let rows = [
        (OffloadError::Unsupported(Gso::UdpFragment),                  "segmentation type 3 does not suit the packet"),
        (OffloadError::Truncated { need: 54, have: 20 },               "packet needs 54 bytes, frame has 20"),
        (OffloadError::Header(14),                                     "header at byte 14 is malformed"),
        (OffloadError::ChecksumPlace { start: 3, offset: 16 },         "no checksum belongs at byte 3 + 16"),
        (OffloadError::SegmentBytes(0),                                "cannot cut into segments of 0 bytes"),
    ];
    for (error, want) in rows {
        assert_eq!(error.to_string(), want);
    }
}
