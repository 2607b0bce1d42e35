//! VLANs: which one a frame belongs to on its way in, and with which tag it leaves.
//!
//! No frame changes VLAN between switches that read one tag and switches that read two: where the outer tag would
//! go and a second one come to light, the frame is not sent, unless the port carries stacked tags.

use crate::config::PortFlags;
use crate::snapshot::{PortLine, Snapshot};
use frame::{DropReason, Frame, PortId, Tag, TagEdit};

/// Returns the VLAN of a frame, 0 for none, or why it may not come in on a port.
#[inline]
pub(crate) fn admit(frame: &Frame, from: PortId, line: &PortLine, snapshot: &Snapshot) -> Result<u16, DropReason> {
    if frame.tag.is_none() && line.is_vlan_free {
        return Ok(0);
    }
    // By value: a reference would keep the whole frame in memory.
    admit_to_vlan(*frame, from, line, snapshot)
}

#[inline(never)]
fn admit_to_vlan(frame: Frame, from: PortId, line: &PortLine, snapshot: &Snapshot) -> Result<u16, DropReason> {
    let field = frame.tag.map_or(0, Tag::vid_field);
    if field == RESERVED {
        return Err(DropReason::VlanInvalid);
    }
    if snapshot.vlan_filter {
        if frame.ether_type.is_tag() && !line.flags.contains(PortFlags::QINQ) {
            return Err(DropReason::VlanNested);
        }
        if field == 0 && line.pvid == 0 {
            return Err(DropReason::VlanUntagged);
        }
        if field != 0 && !snapshot.vlan(field).tagged.contains(from) {
            return Err(DropReason::VlanIngress);
        }
    }
    // A priority tag (VLAN ID 0) names no VLAN: the port's counts (802.1Q-2018 §6.9.1).
    Ok(if field == 0 { line.pvid } else { field })
}

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

impl Class {
    /// Takes a frame that [`admit`] found to be in a VLAN.
    #[inline]
    pub(crate) fn new(vid: u16, frame: &Frame, line: &PortLine) -> Self {
        let field = frame.tag.map_or(0, Tag::vid_field);
        let tagged = if field == vid {
            TagEdit::Keep
        } else {
            // The port's VLAN is put in; the priority of a priority tag stays.
            let tpid = frame.tag.map_or(line.tpid, |tag| tag.tpid);
            let priority = frame.tag.map_or(0, |tag| tag.tci & !RESERVED);
            TagEdit::Set(Tag { tpid, tci: priority | vid })
        };
        let untagged = if frame.tag.is_some() { TagEdit::Strip } else { TagEdit::Keep };
        Self { vid, tagged, untagged, nested: frame.ether_type.is_tag() }
    }

    /// Returns with which tag a frame leaves a port, or why it does not.
    pub(crate) fn leave(self, to: PortId, line: &PortLine, snapshot: &Snapshot) -> Result<TagEdit, DropReason> {
        if self.vid != 0 && line.pvid == self.vid {
            if self.nested && !line.flags.contains(PortFlags::QINQ) {
                return Err(DropReason::VlanNested);
            }
            return Ok(self.untagged);
        }
        if snapshot.vlan_filter && !snapshot.vlan(self.vid).tagged.contains(to) {
            return Err(DropReason::VlanEgress);
        }
        Ok(self.tagged)
    }

    /// Returns how it leaves a port that takes it in one form or the other.
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
