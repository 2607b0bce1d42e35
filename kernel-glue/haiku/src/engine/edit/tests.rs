use super::*;

const NEW: Tag = Tag { tpid: EtherType::VLAN, tci: 20 };

/// A frame with these bytes between its addresses and its payload.
fn frame(between: &[u8]) -> std::vec::Vec<u8> {
    let mut frame: std::vec::Vec<u8> = (1..=12).collect();
    frame.extend_from_slice(between);
    frame.extend_from_slice(&[8, 0, 0x45, 0]);
    frame
}

/// Applies an edit as a platform would.
fn edited(frame: &[u8], edit: TagEdit) -> std::vec::Vec<u8> {
    match front(frame, edit).unwrap() {
        None => frame.to_vec(),
        Some(front) => [&front.written, &frame[front.removed..]].concat(),
    }
}

#[test]
fn edits() {
    let old = [0x88, 0xa8, 0, 10];
    let inner = [0x81, 0, 0, 30];
    let both = [old, inner].concat();
    let new = NEW.octets();
    let rows: &[(&str, &[u8], TagEdit, &[u8])] = &[
        ("kept", &old, TagEdit::Keep, &old),
        ("nothing to strip", &[], TagEdit::Strip, &[]),
        ("stripped", &old, TagEdit::Strip, &[]),
        ("the outer stripped", &both, TagEdit::Strip, &inner),
        ("added", &[], TagEdit::Set(NEW), &new),
        ("replaced", &old, TagEdit::Set(NEW), &new),
        ("the outer replaced", &both, TagEdit::Set(NEW), &[new, inner].concat()),
    ];
    for (name, before, edit, after) in rows {
        assert_eq!(edited(&frame(before), *edit), frame(after), "{name}");
    }
}

#[test]
fn a_frame_that_ends_within_its_header_is_refused() {
    for bytes in [0, 11, 13] {
        assert_eq!(front(&[0; 13][..bytes], TagEdit::Set(NEW)), Err(DropReason::Malformed), "{bytes}");
    }
    let mut tagged = frame(&[0x81, 0, 0, 10]);
    tagged.truncate(17);
    assert_eq!(front(&tagged, TagEdit::Strip), Err(DropReason::Malformed));
    assert_eq!(front(&tagged, TagEdit::Keep), Ok(None));
}
