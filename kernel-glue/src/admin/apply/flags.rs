//! `learn`, `-learn` and their like, and `suppress`.

use super::super::request::MemberFlag;
use super::super::state::MemberState;
use super::{Errno, Refusal, refuse};
use bridge::Suppress;
use frame::VidSet;

/// What a flag is to become.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Setting {
    Off,
    On,
}

impl From<bool> for Setting {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

/// Sets one flag. Those of spanning tree can only be set to what they are while it is not available.
pub(super) fn set(member: &mut MemberState, flag: MemberFlag, setting: Setting) -> Result<(), Refusal> {
    let on = setting == Setting::On;
    match (flag, setting) {
        (MemberFlag::Learn, _) => member.learn = on,
        (MemberFlag::Discover, _) => member.discover = on,
        (MemberFlag::Sticky, _) => member.sticky = on,
        (MemberFlag::Private, _) => member.private = on,
        (MemberFlag::Locked, _) => member.locked = on,
        (MemberFlag::Qinq, _) => member.qinq = on,
        (MemberFlag::HostAddress, _) => member.host_address = on,
        (MemberFlag::Stp | MemberFlag::Edge | MemberFlag::Ptp, Setting::Off)
        | (MemberFlag::Autoedge | MemberFlag::Autoptp, Setting::On) => {}
        (MemberFlag::Stp | MemberFlag::Edge | MemberFlag::Ptp, Setting::On)
        | (MemberFlag::Autoedge | MemberFlag::Autoptp, Setting::Off) => {
            let detail = "spanning tree is not available; leave the flag as it is and keep the wiring free of loops";
            return refuse(Errno::NotSupported, detail.into());
        }
    }
    Ok(())
}

/// Adds VLANs to those in which a member suppresses, or takes them away; `None` are all, and what is in none.
pub(super) fn suppress(member: &mut MemberState, vlans: Option<&VidSet>, setting: Setting) {
    let suppress = &mut member.suppress;
    match (vlans, setting) {
        (None, Setting::On) => *suppress = Suppress::everywhere(),
        (None, Setting::Off) => *suppress = Suppress::default(),
        (Some(more), Setting::On) => suppress.vlans = core::mem::take(&mut suppress.vlans).union(more),
        (Some(less), Setting::Off) => suppress.vlans = core::mem::take(&mut suppress.vlans).minus(less),
    }
}
