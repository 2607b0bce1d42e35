//! A frame as it leaves: its tag edited without moving its payload.

use super::buffer::LinuxBuf;
use frame::offload::VNET_BYTES;
use frame::{EtherType, FrameBuf, TAG_BYTES, Tag, TagEdit};

/// Both addresses, which stay before the tag.
const ADDRESS_BYTES: usize = 12;

/// Room for what is written anew when a tag changes: virtio-net header, addresses, tag.
pub(crate) type Head = [u8; VNET_BYTES + ADDRESS_BYTES + TAG_BYTES];

/// A frame in one or two pieces, virtio-net header first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing<'f> {
    /// Empty if the frame leaves as it lies.
    pub(crate) head: &'f [u8],
    pub(crate) rest: &'f [u8],
}

/// Applies `edit`, with a stripped tag as the outermost, using `room` for what changes.
#[inline]
pub(crate) fn apply<'f>(frame: &LinuxBuf<'f>, edit: TagEdit, room: &'f mut Head) -> Outgoing<'f> {
    let stored = frame.stored();
    let stripped = frame.meta().stripped;
    let tag = match (edit, stripped) {
        (TagEdit::Keep, None) | (TagEdit::Strip, Some(_)) => return Outgoing { head: &[], rest: stored },
        (TagEdit::Keep, Some(tag)) | (TagEdit::Set(tag), _) => Some(tag),
        (TagEdit::Strip, None) => None,
    };
    let inline = stripped.is_none() && has_tag(stored);
    if tag.is_none() && !inline {
        return Outgoing { head: &[], rest: stored };
    }
    rewrite(frame, tag, if inline { TAG_BYTES } else { 0 }, room)
}

/// Replaces the `old` bytes of tag after the addresses by `tag`.
fn rewrite<'f>(frame: &LinuxBuf<'f>, tag: Option<Tag>, old: usize, room: &'f mut Head) -> Outgoing<'f> {
    let stored = frame.stored();
    let Some((front, rest)) = stored.split_first_chunk::<{ VNET_BYTES + ADDRESS_BYTES }>() else {
        return Outgoing { head: &[], rest: stored };
    };
    let added = if tag.is_some() { TAG_BYTES } else { 0 };
    let header = frame.meta().offload.shifted(added as i16 - old as i16).to_vnet();
    let (front_room, tag_room) = room.split_at_mut(front.len());
    front_room.copy_from_slice(front);
    if let Some(room) = front_room.first_chunk_mut() {
        *room = header;
    }
    if let Some(tag) = tag {
        tag_room.copy_from_slice(&tag.octets());
    }
    let head = room.get(..front.len() + added).unwrap_or_default();
    Outgoing { head, rest: rest.get(old..).unwrap_or_default() }
}

fn has_tag(stored: &[u8]) -> bool {
    match stored.get(VNET_BYTES + ADDRESS_BYTES..).and_then(|rest| rest.first_chunk::<2>()) {
        Some(&octets) => matches!(EtherType(u16::from_be_bytes(octets)), EtherType::VLAN | EtherType::QINQ),
        None => false,
    }
}

#[cfg(test)]
mod tests;
