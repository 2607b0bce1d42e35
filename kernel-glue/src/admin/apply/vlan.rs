//! `ifuntagged`, `iftagged` and `ifvlanproto`; the bridge's own name stands for the host's port.

use super::{Draft, Errno, Refusal, format, refuse};
use frame::{Tpid, Vid, VidSet};

/// What to do with a set of VLANs.
#[derive(Clone, Copy)]
pub(super) enum Op {
    Set,
    Add,
    Remove,
}

impl Draft<'_> {
    pub(super) fn set_untagged(&mut self, member: &str, vid: Option<Vid>) -> Result<(), Refusal> {
        if member == self.name {
            self.bridge()?.host_untagged = vid;
        } else {
            self.member(member)?.untagged = vid;
        }
        Ok(())
    }

    pub(super) fn set_tagged(&mut self, member: &str, op: Op, set: &VidSet) -> Result<(), Refusal> {
        self.refuse_host(member, "is a tagged member of every VLAN")?;
        let tagged = &mut self.member(member)?.tagged;
        *tagged = match op {
            Op::Set => set.clone(),
            Op::Add => core::mem::take(tagged).union(set),
            Op::Remove => core::mem::take(tagged).minus(set),
        };
        Ok(())
    }

    pub(super) fn set_vlan_protocol(&mut self, member: &str, protocol: Tpid) -> Result<(), Refusal> {
        self.refuse_host(member, "tags with 802.1q")?;
        self.member(member)?.vlan_protocol = protocol;
        Ok(())
    }

    fn refuse_host(&mut self, member: &str, why: &str) -> Result<(), Refusal> {
        self.bridge()?;
        if member == self.name {
            return refuse(Errno::Invalid, format!("{member} is the host's own port, which {why}"));
        }
        Ok(())
    }
}
