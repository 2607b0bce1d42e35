use super::*;
use crate::linux::buffer::Burst;
use frame::offload::{Gso, Offload};
use frame::{EtherType, Tag};

const ADDRESSES: [u8; 12] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
const C10: Tag = Tag { tpid: EtherType::VLAN, tci: 0xa00a };
const S20: Tag = Tag { tpid: EtherType::QINQ, tci: 20 };

/// Virtio-net header, addresses, tags, an IPv4 EtherType and a payload.
fn stored(offload: Offload, tags: &[Tag]) -> Vec<u8> {
    let mut bytes = offload.to_vnet().to_vec();
    bytes.extend(ADDRESSES);
    bytes.extend(tags.iter().flat_map(|tag| tag.octets()));
    bytes.extend([0x08, 0x00, 0x45, 1, 2, 3]);
    bytes
}

fn state(tags: u16) -> Offload {
    let (needs_checksum, gso) = (true, Gso::TcpV4);
    let (header_bytes, csum_start) = (54 + 4 * tags, 34 + 4 * tags);
    Offload {
        needs_checksum,
        gso,
        header_bytes,
        csum_start,
        csum_offset: 16,
        segment_bytes: 1448,
        ..Offload::default()
    }
}

fn leaving(stored: &[u8], stripped: Option<Tag>, edit: TagEdit) -> Vec<u8> {
    let mut burst = Burst::new();
    burst.push(stored, stripped);
    let mut room = [0xee; size_of::<Head>()];
    let out = apply(&burst.frames()[0], edit, &mut room);
    [out.head, out.rest].concat()
}

type Row<'a> = (&'a str, &'a [Tag], Option<Tag>, TagEdit, &'a [Tag]);

#[test]
fn tags_and_offsets() {
    use TagEdit::{Keep, Set, Strip};
    #[rustfmt::skip]
    let rows: &[Row] = &[
        // name                        inline        stripped   edit      leaves with
        ("untagged, kept",             &[],          None,      Keep,     &[]),
        ("untagged, stripped",         &[],          None,      Strip,    &[]),
        ("untagged, tagged",           &[],          None,      Set(C10), &[C10]),
        ("tagged, kept",               &[C10],       None,      Keep,     &[C10]),
        ("tagged, stripped",           &[C10],       None,      Strip,    &[]),
        ("tagged, changed",            &[C10],       None,      Set(S20), &[S20]),
        ("stacked, kept",              &[S20, C10],  None,      Keep,     &[S20, C10]),
        ("stacked, stripped",          &[S20, C10],  None,      Strip,    &[C10]),
        ("stacked, changed",           &[C10, C10],  None,      Set(S20), &[S20, C10]),
        ("beside the bytes, kept",     &[],          Some(C10), Keep,     &[C10]),
        ("beside the bytes, stripped", &[],          Some(C10), Strip,    &[]),
        ("beside the bytes, changed",  &[],          Some(C10), Set(S20), &[S20]),
        ("outer beside, kept",         &[C10],       Some(S20), Keep,     &[S20, C10]),
        ("outer beside, stripped",     &[C10],       Some(S20), Strip,    &[C10]),
        ("outer beside, changed",      &[C10],       Some(S20), Set(C10), &[C10, C10]),
    ];
    for &(name, inline, stripped, edit, want) in rows {
        let frame = stored(state(inline.len() as u16), inline);
        assert_eq!(leaving(&frame, stripped, edit), stored(state(want.len() as u16), want), "{name}");
    }
}

#[test]
fn short_frames_leave_as_they_are() {
    for bytes in 0..14 {
        let mut frame = stored(Offload::default(), &[C10]);
        frame.truncate(VNET_BYTES + bytes);
        assert_eq!(leaving(&frame, None, TagEdit::Strip), frame, "{bytes} bytes");
    }
}

#[test]
fn an_unchanged_frame_is_one_piece() {
    let frame = stored(state(1), &[C10]);
    let mut burst = Burst::new();
    burst.push(&frame, None);
    let mut room = [0; size_of::<Head>()];
    let out = apply(&burst.frames()[0], TagEdit::Keep, &mut room);
    assert!(out.head.is_empty());
    assert_eq!(out.rest.as_ptr(), frame.as_ptr(), "no copy");
}
