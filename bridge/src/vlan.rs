//! VLANs: which one a frame belongs to on its way in, and with which tag it leaves.
//!
//! No frame changes VLAN between switches that read one tag and switches that read two: where the outer tag would
//! go and a second one come to light, the frame is not sent, unless the port carries stacked tags.

use crate::config::PortFlags;
use crate::snapshot::{PortLine, Snapshot};
use frame::{DropReason, Frame, PortId, Tag, TagEdit};

/// A frame's VLAN, and the forms that it can leave in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Class {
    /// 0 is none.
    pub(crate) vid: u16,
    /// What makes it a tagged frame of its VLAN.
    tagged: TagEdit,
    /// What makes it an untagged one.
    untagged: TagEdit,
    /// A tag follows the outer one, or a tag that this bridge does not read stands in its place.
    pub(crate) nested: bool,
}

/// Finds a frame's VLAN and whether it may come in there.
#[inline]
pub(crate) fn classify(frame: &Frame, from: PortId, line: &PortLine, snapshot: &Snapshot) -> Result<Class, DropReason> {
    let field = frame.tag.map_or(0, Tag::vid_field);
    let nested = frame.ether_type.is_tag();
    if field == RESERVED {
        return Err(DropReason::VlanInvalid);
    }
    if snapshot.vlan_filter {
        if nested && !line.flags.contains(PortFlags::QINQ) {
            return Err(DropReason::VlanNested);
        }
        if field == 0 && line.pvid == 0 {
            return Err(DropReason::VlanUntagged);
        }
        if field != 0 && !snapshot.vlan(field).tagged.contains(from) {
            return Err(DropReason::VlanIngress);
        }
    }
    let untagged = if frame.tag.is_some() { TagEdit::Strip } else { TagEdit::Keep };
    // A priority tag (VLAN ID 0) names no VLAN: the port's is put in, the priority stays (802.1Q-2018 §6.9.1).
    let (vid, tagged) = if field != 0 || line.pvid == 0 {
        (field, TagEdit::Keep)
    } else {
        let tpid = frame.tag.map_or(line.tpid, |tag| tag.tpid);
        let priority = frame.tag.map_or(0, |tag| tag.tci & !RESERVED);
        (line.pvid, TagEdit::Set(Tag { tpid, tci: priority | line.pvid }))
    };
    Ok(Class { vid, tagged, untagged, nested })
}

impl Class {
    /// Returns with which tag a frame leaves a port, or why it does not.
    #[inline]
    pub(crate) fn leave(self, to: PortId, line: &PortLine, snapshot: &Snapshot) -> Result<TagEdit, DropReason> {
        if self.vid == 0 {
            return Ok(TagEdit::Keep);
        }
        if line.pvid == self.vid {
            return match self.nested && !line.flags.contains(PortFlags::QINQ) {
                true => Err(DropReason::VlanNested),
                false => Ok(self.untagged),
            };
        }
        if snapshot.vlan_filter && !snapshot.vlan(self.vid).tagged.contains(to) {
            return Err(DropReason::VlanEgress);
        }
        Ok(self.tagged)
    }

    /// As [`leave`](Self::leave), for a port that takes the frame: `untagged` if the VLAN is its PVID.
    #[inline]
    pub(crate) fn form(self, form: Form) -> TagEdit {
        match form {
            Form::Tagged => self.tagged,
            Form::Untagged => self.untagged,
        }
    }
}

/// How frames of one VLAN leave one port.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    Tagged,
    Untagged,
}

/// The VLAN ID that no frame may carry (802.1Q-2018 Table 9-2).
const RESERVED: u16 = 0xfff;

#[cfg(all(test, not(loom)))]
mod tests;
