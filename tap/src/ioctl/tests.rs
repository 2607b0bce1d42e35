extern crate std;

use super::*;
use crate::Carrier;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const TAP7: DeviceName = DeviceName { kind: Kind::Tap, unit: 7 };
const MAC: Mac = Mac([2, 3, 4, 5, 6, 7]);

type Row = (&'static str, u32, u64, Vec<u8>, Result<Request, Unsupported>);

/// The memory of a `struct ifreq` of Linux: a name, and what follows it.
fn ifreq(name: &str, rest: &[u8]) -> Vec<u8> {
    let mut memory = vec![0; 40];
    memory[..name.len()].copy_from_slice(name.as_bytes());
    memory[16..16 + rest.len()].copy_from_slice(rest);
    memory
}

fn int(value: i32) -> Vec<u8> {
    value.to_ne_bytes().to_vec()
}

/// Numbers as the C preprocessor gives them, with the headers of Linux 6.1.
#[test]
fn linux_numbers() {
    #[rustfmt::skip]
    let rows = [
        (0x4004_54c8, "TUNSETNOCSUM"),    (0x4004_54c9, "TUNSETDEBUG"),        (0x4004_54ca, "TUNSETIFF"),
        (0x4004_54cb, "TUNSETPERSIST"),   (0x4004_54cc, "TUNSETOWNER"),        (0x4004_54cd, "TUNSETLINK"),
        (0x4004_54ce, "TUNSETGROUP"),     (0x8004_54cf, "TUNGETFEATURES"),     (0x4004_54d0, "TUNSETOFFLOAD"),
        (0x4004_54d1, "TUNSETTXFILTER"),  (0x8004_54d2, "TUNGETIFF"),          (0x8004_54d3, "TUNGETSNDBUF"),
        (0x4004_54d4, "TUNSETSNDBUF"),    (0x4010_54d5, "TUNATTACHFILTER"),    (0x4010_54d6, "TUNDETACHFILTER"),
        (0x8004_54d7, "TUNGETVNETHDRSZ"), (0x4004_54d8, "TUNSETVNETHDRSZ"),    (0x4004_54d9, "TUNSETQUEUE"),
        (0x4004_54da, "TUNSETIFINDEX"),   (0x8010_54db, "TUNGETFILTER"),       (0x4004_54dc, "TUNSETVNETLE"),
        (0x8004_54dd, "TUNGETVNETLE"),    (0x4004_54de, "TUNSETVNETBE"),       (0x8004_54df, "TUNGETVNETBE"),
        (0x8004_54e0, "TUNSETSTEERINGEBPF"), (0x8004_54e1, "TUNSETFILTEREBPF"), (0x4004_54e2, "TUNSETCARRIER"),
        (0x0000_54e3, "TUNGETDEVNETNS"),
    ];
    for (number, text) in rows {
        assert_eq!(name(Dialect::Linux, number), Some(text));
    }
}

/// Numbers that programs for these systems have in their sources.
#[test]
fn other_numbers() {
    use Dialect::{FreeBsd, Haiku, OpenBsd};
    #[rustfmt::skip]
    let rows = [
        (FreeBsd, 0x8004_745a, "TUNSDEBUG",   Shape { read: 4,  write: 0 }),
        (FreeBsd, 0x4004_7459, "TUNGDEBUG",   Shape { read: 0,  write: 4 }),
        (FreeBsd, 0x8008_745b, "TUNSIFINFO",  Shape { read: 8,  write: 0 }),
        (FreeBsd, 0x8004_745d, "TUNSLMODE",   Shape { read: 4,  write: 0 }),
        (FreeBsd, 0x8004_745e, "TUNSIFMODE",  Shape { read: 4,  write: 0 }),
        (FreeBsd, 0x2000_745f, "TUNSIFPID",   Shape { read: 0,  write: 0 }),
        (FreeBsd, 0x8004_7460, "TUNSIFHEAD",  Shape { read: 4,  write: 0 }),
        (FreeBsd, 0x4020_745d, "TUNGIFNAME",  Shape { read: 0,  write: 32 }),
        (FreeBsd, 0x8004_7462, "TUNSTRANSIENT", Shape { read: 4, write: 0 }),
        (FreeBsd, 0x8004_745b, "TAPSVNETHDR", Shape { read: 4,  write: 0 }),
        (FreeBsd, 0x4004_745e, "TAPGVNETHDR", Shape { read: 0,  write: 4 }),
        (FreeBsd, 0xc020_6921, "SIOCGIFADDR", Shape { read: 32, write: 32 }),
        (FreeBsd, 0x8020_690c, "SIOCSIFADDR", Shape { read: 32, write: 0 }),
        (FreeBsd, 0x8004_667e, "FIONBIO",     Shape { read: 4,  write: 0 }),
        (OpenBsd, 0x800c_745b, "TUNSIFINFO",  Shape { read: 12, write: 0 }),
        (OpenBsd, 0x400c_745c, "TUNGIFINFO",  Shape { read: 0,  write: 12 }),
        (OpenBsd, 0x8004_745d, "TUNSIFMODE",  Shape { read: 4,  write: 0 }),
        (OpenBsd, 0x8004_745e, "TUNSDEBUG",   Shape { read: 4,  write: 0 }),
        (OpenBsd, 0x8004_74c4, "TUNSCAP",     Shape { read: 4,  write: 0 }),
        (OpenBsd, 0x2000_74c4, "TUNDCAP",     Shape { read: 0,  write: 0 }),
        (Haiku,   3,           "B_SET_NONBLOCKING_IO", Shape { read: 0, write: 0 }),
        (Haiku,   4,           "B_SET_BLOCKING_IO",    Shape { read: 0, write: 0 }),
        (Haiku,   0xbe00_0000, "FIONBIO",     Shape { read: 4,  write: 0 }),
        (Haiku,   8922,        "SIOCGIFMTU",  Shape { read: 88, write: 88 }),
        (Haiku,   9999,        "ETHER_GETADDR", Shape { read: 0, write: 6 }),
    ];
    for (dialect, number, text, want) in rows {
        assert_eq!(
            (name(dialect, number), shape(dialect, number)),
            (Some(text), Some(want)),
            "{dialect:?} {number:#x}"
        );
    }
    for dialect in ALL {
        assert_eq!(shape(dialect, 0x1234_5678), None);
        assert_eq!(decode(dialect, 0x1234_5678, 0, &[]), Err(Unsupported::Unknown(0x1234_5678)));
    }
}

#[test]
fn each_number_is_once_in_its_table() {
    for rows in [linux::ROWS, freebsd::ROWS, openbsd::ROWS, haiku::ROWS] {
        let mut numbers: Vec<_> = rows.iter().map(|row| row.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), rows.len());
    }
}

#[test]
fn linux_attachments() {
    let attach = |kind, wanted, flags| Ok(Request::Attach(Attach { kind, wanted, flags }));
    let (info, no_info) = (AttachFlags::PACKET_INFO, AttachFlags::empty());
    let named = |kind, unit| Wanted::Named(DeviceName { kind, unit });
    #[rustfmt::skip]
    let rows = [
        ("OpenVPN, tun",   "",       0x3001u16, attach(Kind::Tun, Wanted::Any, AttachFlags::ONE_QUEUE)),
        ("OpenVPN, tap",   "tap7",   0x3002, attach(Kind::Tap, named(Kind::Tap, 7), AttachFlags::ONE_QUEUE)),
        ("wireguard-go",   "tun0",   0x5001, attach(Kind::Tun, named(Kind::Tun, 0), AttachFlags::VNET)),
        ("of 2022",        "tun0",   0x0001, attach(Kind::Tun, named(Kind::Tun, 0), info)),
        ("boringtun",      "tun%d",  0x1101, attach(Kind::Tun, Wanted::Any, AttachFlags::MULTI_QUEUE)),
        ("exclusive",      "tap%d",  0x9002, attach(Kind::Tap, Wanted::Any, AttachFlags::EXCLUSIVE)),
        ("no carrier",     "tap%d",  0x1042, attach(Kind::Tap, Wanted::Any, AttachFlags::NO_CARRIER)),
        ("of the other",   "tap7",   0x1001, attach(Kind::Tun, named(Kind::Tap, 7), no_info)),
        ("another name",   "wg0",    0x1001, attach(Kind::Tun, Wanted::Foreign, no_info)),
        ("the other's any", "tap%d", 0x1001, attach(Kind::Tun, Wanted::Foreign, no_info)),
        ("a slash",        "tun/0",  0x1001, attach(Kind::Tun, Wanted::Foreign, no_info)),
        ("neither kind",   "tun0",   0x1000, Err(Unsupported::Value(0x1000))),
        ("both kinds",     "tun0",   0x1003, Err(Unsupported::Value(0x1003))),
    ];
    for (case, text, bits, want) in rows {
        assert_eq!(decode(Dialect::Linux, TUNSETIFF, 0, &ifreq(text, &bits.to_ne_bytes())), want, "{case}");
    }
}

#[test]
fn linux_requests() {
    let refused = |request: Result<Request, Unsupported>| matches!(request, Err(Unsupported::Refused(_)));
    let linux = |number, value, memory: &[u8]| decode(Dialect::Linux, number, value, memory);
    #[rustfmt::skip]
    let rows: &[Row] = &[
        ("persist",        0x4004_54cb, 1,          vec![],    Ok(Request::Lifetime(Lifetime::Persistent))),
        ("transient",      0x4004_54cb, 0,          vec![],    Ok(Request::Lifetime(Lifetime::Transient))),
        ("owner",          0x4004_54cc, 1000,       vec![],    Ok(Request::Owner(1000))),
        ("no owner",       0x4004_54cc, u64::MAX,   vec![],    Err(Unsupported::Value(u64::MAX))),
        ("group",          0x4004_54ce, 100,        vec![],    Ok(Request::Group(100))),
        ("no offload",     0x4004_54d0, 0,          vec![],    Ok(Request::Offload(Offloads::empty()))),
        ("checksums",      0x4004_54d0, 1,          vec![],    Ok(Request::Offload(Offloads::CSUM))),
        ("all of them",    0x4004_54d0, 0x7f,       vec![],    Ok(Request::Offload(Offloads::all()))),
        ("TSO alone",      0x4004_54d0, 2,          vec![],    Err(Unsupported::Value(2))),
        ("unknown bit",    0x4004_54d0, 0x81,       vec![],    Err(Unsupported::Value(0x81))),
        ("send buffer",    0x4004_54d4, 0,          int(4096), Ok(Request::SendBuffer(4096))),
        ("no buffer",      0x4004_54d4, 0,          int(0),    Err(Unsupported::Value(0))),
        ("vnet 12",        0x4004_54d8, 0,          int(12),   Ok(Request::VnetLength(VnetBytes::Twelve))),
        ("vnet 20",        0x4004_54d8, 0,          int(20),   Err(Unsupported::Value(20))),
        ("vnet negative",  0x4004_54d8, 0,          int(-1),   Err(Unsupported::Value(-1i64 as u64))),
        ("queue off",      0x4004_54d9, 0, ifreq("", &0x400u16.to_ne_bytes()), Ok(Request::Queue(Part::Aside))),
        ("queue on",       0x4004_54d9, 0, ifreq("", &0x200u16.to_ne_bytes()), Ok(Request::Queue(Part::In))),
        ("queue both",     0x4004_54d9, 0, ifreq("", &0x600u16.to_ne_bytes()), Err(Unsupported::Value(0x600))),
        ("carrier",        0x4004_54e2, 0,          int(1),    Ok(Request::Carrier(Carrier::Up))),
        ("no carrier",     0x4004_54e2, 0,          int(0),    Ok(Request::Carrier(Carrier::Down))),
        ("MTU",            0x8922,      0, ifreq("tap7", &1400i32.to_ne_bytes()), Ok(Request::SetMtu(1400))),
        ("address",        0x8924,      0, ifreq("tap7", &[&1u16.to_ne_bytes()[..], &MAC.0].concat()), Ok(Request::SetMac(MAC))),
        ("other family",   0x8924,      0, ifreq("tap7", &2u16.to_ne_bytes()), Err(Unsupported::Value(2))),
        ("nonblocking",    0x5421,      0,          int(1),    Ok(Request::Mode(Mode::NonBlocking))),
        ("no signals",     0x5452,      0,          int(0),    Ok(Request::Nothing)),
        ("short memory",   0x4004_54d8, 0,          vec![1],   Err(Unsupported::Short(1))),
    ];
    for (case, number, value, memory, want) in rows {
        assert_eq!(&linux(*number, *value, memory), want, "{case}");
    }
    for number in [0x4004_54cd, 0x4004_54d1, 0x4010_54d5, 0x4004_54da, 0x8004_54e0, 0x54e3, 0x541b] {
        assert!(refused(linux(number, 0, &[0; 40])), "{number:#x}");
    }
}

#[test]
fn linux_answers() {
    let attached = Answer::Attached(TAP7, AttachFlags::VNET | AttachFlags::PERSISTENT);
    let mut memory = ifreq("tap%d", &0x5002u16.to_ne_bytes());
    assert_eq!(encode(Dialect::Linux, TUNSETIFF, &attached, &mut memory), 40);
    assert_eq!(memory, ifreq("tap7", &0x5002u16.to_ne_bytes()), "the flags stay");
    assert_eq!(encode(Dialect::Linux, 0x8004_54d2, &attached, &mut memory), 40);
    assert_eq!(memory, ifreq("tap7", &0x5802u16.to_ne_bytes()));

    let mut memory = ifreq("tap7", &[]);
    assert_eq!(encode(Dialect::Linux, 0x8927, &Answer::Hardware(Some(MAC)), &mut memory), 40);
    assert_eq!(memory, ifreq("tap7", &[&1u16.to_ne_bytes()[..], &MAC.0].concat()));
    assert_eq!(encode(Dialect::Linux, 0x8921, &Answer::Number(1500), &mut memory), 40);
    assert_eq!(memory[16..20], int(1500));

    let mut number = [0; 4];
    let features = Answer::Features(AttachFlags::MULTI_QUEUE | AttachFlags::ONE_QUEUE);
    assert_eq!(encode(Dialect::Linux, 0x8004_54cf, &features, &mut number), 4);
    assert_eq!(number, 0x3103u32.to_ne_bytes());
    assert_eq!(encode(Dialect::Linux, 0x8004_54dd, &Answer::Number(0), &mut number), 4);
    assert_eq!(i32::from_ne_bytes(number) == 1, cfg!(target_endian = "little"));

    assert_eq!(encode(Dialect::Linux, 0x4004_54cb, &Answer::Done, &mut []), 0, "nothing goes back");
    assert_eq!(encode(Dialect::Linux, TUNSETIFF, &attached, &mut [0; 39]), 0, "no room");
    assert_eq!(encode(Dialect::Linux, TUNSETIFF, &Answer::Done, &mut [0; 40]), 0, "another's answer");
}

#[test]
fn names_are_written_whole() {
    for (unit, want) in [(0, "tun0"), (10, "tun10"), (32767, "tun32767")] {
        let mut memory = ifreq("a longer name..", &[]);
        let answer = Answer::Name(DeviceName { kind: Kind::Tun, unit });
        assert_eq!(encode(Dialect::Linux, 0x8910, &answer, &mut memory), 40);
        assert_eq!(memory, ifreq(want, &[]));
    }
}

#[test]
fn bsd_requests_and_answers() {
    let free = |number, memory: &[u8]| decode(Dialect::FreeBsd, number, 0, memory);
    assert_eq!(free(0x8004_7460, &int(1)), Ok(Request::AddressFamily(Some(Families::FreeBsd))));
    assert_eq!(free(0x8004_745e, &int(0x8010)), Ok(Request::Addressing(Addressing::PointToPoint)));
    assert_eq!(free(0x8004_745e, &int(0x8002)), Ok(Request::Addressing(Addressing::Broadcast)));
    assert_eq!(free(0x8004_745e, &int(1)), Err(Unsupported::Value(1)));
    assert_eq!(free(0x8004_745d, &int(0)), Ok(Request::Nothing));
    assert!(matches!(free(0x8004_745d, &int(1)), Err(Unsupported::Refused(_))));
    assert_eq!(free(0x8004_745b, &int(0)), Ok(Request::Vnet(None)));
    assert_eq!(free(0x8004_745b, &int(12)), Ok(Request::Vnet(Some(VnetBytes::Twelve))));
    assert_eq!(free(0x8004_745b, &int(-1)), Err(Unsupported::Value(-1i64 as u64)));
    assert_eq!(free(0x8020_690c, &[&MAC.0[..], &[0; 26]].concat()), Ok(Request::SetMac(MAC)));
    assert_eq!(free(0x8004_7462, &int(1)), Ok(Request::Lifetime(Lifetime::Transient)));

    let info = Answer::Info(1400, Kind::Tap);
    let mut memory = [0xff; 8];
    assert_eq!(encode(Dialect::FreeBsd, 0x4008_745c, &info, &mut memory), 8);
    let [a, b] = 1400u16.to_ne_bytes();
    assert_eq!(memory, [0, 0, 0, 0, a, b, 6, 0]);
    assert_eq!(free(0x8008_745b, &memory), Ok(Request::SetInfo { mtu_bytes: 1400, kind: Some(Kind::Tap) }));

    let mut memory = [0xff; 12];
    assert_eq!(encode(Dialect::OpenBsd, 0x400c_745c, &Answer::Info(9000, Kind::Tun), &mut memory), 12);
    let want = Ok(Request::SetInfo { mtu_bytes: 9000, kind: Some(Kind::Tun) });
    assert_eq!(decode(Dialect::OpenBsd, 0x800c_745b, 0, &memory), want);
    assert_eq!(memory[4..6], 0x83u16.to_ne_bytes());

    let mut memory = [9; 32];
    assert_eq!(encode(Dialect::OpenBsd, 0xc020_6921, &Answer::Hardware(Some(MAC)), &mut memory), 32);
    assert_eq!(memory[..7], [2, 3, 4, 5, 6, 7, 9], "the octets alone");
}

#[test]
fn haiku_requests_and_answers() {
    let haiku = |number, memory: &[u8]| decode(Dialect::Haiku, number, 0, memory);
    assert_eq!(haiku(3, &[]), Ok(Request::Mode(Mode::NonBlocking)));
    assert_eq!(haiku(4, &[]), Ok(Request::Mode(Mode::Blocking)));
    let mut memory = [0; 88];
    assert_eq!(encode(Dialect::Haiku, 8922, &Answer::Number(1500), &mut memory), 88);
    assert_eq!(haiku(8923, &memory), Ok(Request::SetMtu(1500)));
    let mut truth = [7];
    assert_eq!(encode(Dialect::Haiku, 5, &Answer::Number(1), &mut truth), 1);
    assert_eq!(truth, [1]);
}

const TUNSETIFF: u32 = 0x4004_54ca;
const ALL: [Dialect; 4] = [Dialect::Linux, Dialect::FreeBsd, Dialect::OpenBsd, Dialect::Haiku];

fn numbers() -> Vec<u32> {
    [linux::ROWS, freebsd::ROWS, openbsd::ROWS, haiku::ROWS]
        .iter()
        .flat_map(|rows| rows.iter())
        .map(|r| r.number)
        .collect()
}

fn answers() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::Done),
        any::<u16>().prop_map(|bits| Answer::Attached(TAP7, AttachFlags::from_bits_truncate(bits))),
        any::<u16>().prop_map(|bits| Answer::Features(AttachFlags::from_bits_truncate(bits))),
        any::<u32>().prop_map(Answer::Number),
        any::<Option<[u8; 6]>>().prop_map(|mac| Answer::Hardware(mac.map(Mac))),
        any::<u16>().prop_map(|unit| Answer::Name(DeviceName { kind: Kind::Tun, unit })),
        any::<u32>().prop_map(|mtu| Answer::Info(mtu, Kind::Tun)),
    ]
}

proptest! {
    #[test]
    fn no_bytes_panic(
        number in prop_oneof![9 => proptest::sample::select(numbers()), 1 => any::<u32>()],
        value in any::<u64>(),
        mut memory in proptest::collection::vec(any::<u8>(), 0..100),
        answer in answers(),
    ) {
        for dialect in ALL {
            let _ = decode(dialect, number, value, &memory);
            let written = encode(dialect, number, &answer, &mut memory);
            prop_assert!(written <= shape(dialect, number).map_or(0, |shape| shape.write));
        }
    }
}
