extern crate std;
use super::*;
use proptest::prelude::*;
use std::vec::Vec;

const DST: [u8; 6] = [2, 0, 0, 0, 0, 1];
const SRC: [u8; 6] = [2, 0, 0, 0, 0, 2];

fn bytes(after_addresses: &[u8]) -> Vec<u8> {
    [&DST[..], &SRC, after_addresses].concat()
}

#[test]
fn header_table() {
    let tag = |tpid: u16, tci| Some(Tag { tpid: EtherType(tpid), tci });
    type Row = (&'static str, &'static [u8], Option<Tag>, Option<Tag>, u16);
    #[rustfmt::skip]
    let rows: &[Row] = &[
        // name                 octets                                   stripped            tag                  type
        ("untagged",            &[8, 0, 0x45],                           None,               None,                0x0800),
        ("802.3 length",        &[0, 38, 0x42, 0x42],                    None,               None,                38),
        ("customer tag",        &[0x81, 0, 0x20, 10, 8, 6],              None,               tag(0x8100, 0x200a), 0x0806),
        ("service tag",         &[0x88, 0xa8, 0, 5, 0x81, 0, 0, 7, 8, 0], None,              tag(0x88a8, 5),      0x8100),
        ("old service tag",     &[0x91, 0, 0, 5, 8, 0],                  None,               None,                0x9100),
        ("stripped tag",        &[8, 0, 0x45],                           tag(0x8100, 9),     tag(0x8100, 9),      0x0800),
        ("stripped, one left",  &[0x81, 0, 0, 7, 8, 0],                  tag(0x88a8, 9),     tag(0x88a8, 9),      0x8100),
    ];
    for &(name, octets, stripped, tag, ether_type) in rows {
        let frame = Frame::parse(&bytes(octets), stripped).unwrap();
        let want = Frame { dst: Mac(DST), src: Mac(SRC), tag, ether_type: EtherType(ether_type) };
        assert_eq!(frame, want, "{name}");
    }
}

#[test]
fn truncated() {
    for have in 0..HEADER_BYTES {
        let got = Frame::parse(&bytes(&[8, 0])[..have], None);
        assert_eq!(got, Err(WireError::Truncated { need: 14, have }));
    }
    for have in 14..18 {
        let got = Frame::parse(&bytes(&[0x81, 0, 0, 1, 8, 0])[..have], None);
        assert_eq!(got, Err(WireError::Truncated { need: 18, have }));
    }
}

proptest! {
    /// An independent parser reads the same header out of the same bytes.
    #[test]
    fn agrees_with_etherparse(dst: [u8; 6], src: [u8; 6], tci in proptest::option::of(any::<u16>()), kind in 0x0600u16..) {
        prop_assume!(!EtherType(kind).is_tag());
        let mut octets = [&dst[..], &src].concat();
        if let Some(tci) = tci {
            octets.extend_from_slice(&Tag { tpid: EtherType::VLAN, tci }.octets());
        }
        octets.extend_from_slice(&kind.to_be_bytes());
        octets.extend_from_slice(&[0; 46]);
        let (outer, rest) = etherparse::Ethernet2Header::from_slice(&octets).unwrap();
        let frame = Frame::parse(&octets, None).unwrap();
        prop_assert_eq!(frame.dst.0, outer.destination);
        prop_assert_eq!(frame.src.0, outer.source);
        match frame.tag {
            None => prop_assert_eq!(frame.ether_type.0, outer.ether_type.0),
            Some(tag) => {
                let (inner, _) = etherparse::SingleVlanHeader::from_slice(rest).unwrap();
                prop_assert_eq!(tag.vid_field(), inner.vlan_id.value());
                prop_assert_eq!(tag.tci >> 13, u16::from(inner.pcp.value()));
                prop_assert_eq!(frame.ether_type.0, inner.ether_type.0);
            }
        }
    }
}
