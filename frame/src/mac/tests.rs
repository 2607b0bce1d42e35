extern crate std;
use super::*;
use std::string::ToString;

#[test]
fn parses_what_ether_aton_parses() {
    #[rustfmt::skip]
    let rows: &[(&str, Option<[u8; 6]>)] = &[
        ("00:01:02:03:04:05",    Some([0, 1, 2, 3, 4, 5])),
        ("0:1:2:3:4:5",          Some([0, 1, 2, 3, 4, 5])),
        ("FF:ff:Ff:fF:0a:A0",    Some([0xff, 0xff, 0xff, 0xff, 0x0a, 0xa0])),
        ("",                     None),
        ("00:01:02:03:04",       None),
        ("00:01:02:03:04:05:06", None),
        ("00:01:02:03:04:005",   None),
        ("00:01:02:03:04:",      None),
        ("00-01-02-03-04-05",    None),
        ("00:01:02:03:04:0g",    None),
        ("+1:01:02:03:04:05",    None),
    ];
    for &(text, want) in rows {
        assert_eq!(text.parse::<Mac>().ok(), want.map(Mac), "{text:?}");
    }
}

#[test]
fn classes() {
    let host = Mac([2, 0, 0, 0, 0, 1]);
    assert!(!host.is_group() && !host.is_link_local() && !host.is_broadcast());
    assert!(Mac::BROADCAST.is_group() && Mac::BROADCAST.is_broadcast());
    assert!(Mac::BRIDGE_GROUP.is_group() && Mac::BRIDGE_GROUP.is_link_local());
    assert!(Mac([1, 0x80, 0xc2, 0, 0, 0x0f]).is_link_local());
    assert!(!Mac([1, 0x80, 0xc2, 0, 0, 0x10]).is_link_local());
    assert!(!Mac([0, 0x80, 0xc2, 0, 0, 0]).is_link_local());
}

#[test]
fn prints_and_packs_both_ways() {
    let mac = Mac([0xde, 0xad, 0, 1, 2, 0xff]);
    assert_eq!(mac.to_string(), "de:ad:00:01:02:ff");
    assert_eq!(mac.to_u64(), 0xdead_0001_02ff);
    assert_eq!(Mac::from_u64(mac.to_u64()), mac);
}
