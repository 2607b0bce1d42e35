//! Any bytes are a header or are refused, and what was read can be found again in the bytes.
#![no_main]

use frame::{EtherType, Frame, HEADER_BYTES, TAG_BYTES, Tag, WireError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Option<(u16, u16)>, Vec<u8>)| {
    let (stripped, head) = input;
    let stripped = stripped.map(|(tpid, tci)| Tag { tpid: EtherType(tpid), tci });
    match Frame::parse(&head, stripped) {
        Err(WireError::Truncated { need, have }) => {
            assert_eq!(have, head.len());
            assert!(have < need && need <= HEADER_BYTES + TAG_BYTES);
        }
        Err(other) => panic!("{other}"),
        Ok(frame) => {
            let mut octets = [frame.dst.0, frame.src.0].concat();
            if stripped.is_none() {
                octets.extend(frame.tag.iter().flat_map(|tag| tag.octets()));
            } else {
                assert_eq!(frame.tag, stripped);
            }
            octets.extend(frame.ether_type.0.to_be_bytes());
            assert!(head.starts_with(&octets));
        }
    }
});
