//! A frame as it leaves: its tag edited without moving its payload.

use frame::{DropReason, EtherType, TAG_BYTES, Tag, TagEdit};
use heapless::Vec;

/// Both addresses, which stay before the tag.
const ADDRESS_BYTES: usize = 12;

/// What is written anew at a frame's front.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Front {
    /// Bytes that go.
    pub(super) removed: usize,
    /// Bytes that come in their place.
    pub(super) written: Vec<u8, { ADDRESS_BYTES + TAG_BYTES }>,
}

/// Returns what `edit` does to the front of a frame whose first bytes are `head`; `None` where it leaves it as it is.
///
/// # Errors
/// [`DropReason::Malformed`] for a frame that ends within its header.
#[inline]
pub(super) fn front(head: &[u8], edit: TagEdit) -> Result<Option<Front>, DropReason> {
    let tag = match edit {
        TagEdit::Keep => return Ok(None),
        TagEdit::Strip => None,
        TagEdit::Set(tag) => Some(tag),
    };
    rewrite(head, tag)
}

fn rewrite(head: &[u8], tag: Option<Tag>) -> Result<Option<Front>, DropReason> {
    let (addresses, rest) = head.split_first_chunk::<ADDRESS_BYTES>().ok_or(DropReason::Malformed)?;
    let kind = rest.first_chunk().map(|&kind| EtherType(u16::from_be_bytes(kind))).ok_or(DropReason::Malformed)?;
    let had = matches!(kind, EtherType::VLAN | EtherType::QINQ);
    if had && rest.len() < TAG_BYTES + 2 {
        return Err(DropReason::Malformed);
    }
    if tag.is_none() && !had {
        return Ok(None);
    }
    let octets = tag.map(Tag::octets);
    let tag: &[u8] = octets.as_ref().map_or(&[], |octets| octets);
    let written = addresses.iter().chain(tag).copied().collect();
    Ok(Some(Front { removed: ADDRESS_BYTES + if had { TAG_BYTES } else { 0 }, written }))
}

#[cfg(test)]
mod tests;
