//! `addm`, `deletem`, `span`, `-span`.

use super::super::state::{BridgeState, MemberState, Role, SpanState};
use super::{Draft, Errno, Refusal, TableAction, format, limits, refuse};
use frame::{PortId, Vid, VidSet};

impl Draft<'_> {
    pub(super) fn add_member(
        &mut self,
        interface: &str,
        untagged: Option<Vid>,
        tagged: Option<&VidSet>,
    ) -> Result<(), Refusal> {
        let candidate = self.admit(interface, Role::Member)?;
        let name = self.name.clone();
        let is_own = self.state.kind_of(interface).is_some();
        let bridge = self.bridge()?;
        let own = candidate.mtu_bytes.map(|bytes| bytes.clamp(limits::MIN_MTU_BYTES, limits::MAX_MTU_BYTES));
        let mtu_bytes = bridge.mtu_bytes.or(own);
        candidate.fits(interface, &name, mtu_bytes)?;
        let mut member = MemberState::new(interface.into(), take_port(bridge)?);
        member.untagged = untagged.or(bridge.default_untagged);
        member.tagged = tagged.cloned().unwrap_or_default();
        member.qinq = bridge.default_qinq;
        member.host_address = candidate.host_address;
        member.mtu_before = candidate.mtu_bytes.filter(|&before| !is_own && Some(before) != mtu_bytes);
        bridge.mtu_bytes = mtu_bytes;
        bridge.members.push(member);
        Ok(())
    }

    pub(super) fn delete_member(&mut self, interface: &str) -> Result<(), Refusal> {
        self.require_role(interface, Role::Member)?;
        self.release(interface)
    }

    pub(super) fn add_span(&mut self, interface: &str) -> Result<(), Refusal> {
        self.admit(interface, Role::Span)?;
        let bridge = self.bridge()?;
        let port = take_port(bridge)?;
        bridge.spans.push(SpanState { interface: interface.into(), port });
        Ok(())
    }

    pub(super) fn delete_span(&mut self, interface: &str) -> Result<(), Refusal> {
        self.require_role(interface, Role::Span)?;
        self.release(interface)
    }

    fn release(&mut self, interface: &str) -> Result<(), Refusal> {
        if let Some(port) = self.state.release(&self.name, interface) {
            self.outcome.table.push(TableAction::ForgetPort(port));
        }
        Ok(())
    }

    fn require_role(&mut self, interface: &str, want: Role) -> Result<(), Refusal> {
        let name = self.name.clone();
        let detail = match (self.bridge()?.role_of(interface), want) {
            (Some(Role::Member), Role::Member) | (Some(Role::Span), Role::Span) => return Ok(()),
            (Some(Role::Span), Role::Member) => {
                format!("{interface} is a span port of {name}; remove it so: ifconfig {name} -span {interface}")
            }
            (Some(Role::Member), Role::Span) => {
                format!("{interface} is a member of {name}; remove it so: ifconfig {name} deletem {interface}")
            }
            (None, Role::Member) => format!("{interface} is not a member of {name}"),
            (None, Role::Span) => format!("{interface} is not a span port of {name}"),
        };
        refuse(Errno::NotFound, detail)
    }
}

fn take_port(bridge: &BridgeState) -> Result<PortId, Refusal> {
    // `admit` refuses a full bridge, so this is never the answer of a bridge whose numbers are unique.
    let full = || Refusal { errno: Errno::NoSpace, detail: "every port number is taken".into() };
    bridge.free_port().ok_or_else(full)
}
