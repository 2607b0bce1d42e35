//! A change becomes a new state, or a refusal that leaves the old one as it was: it is worked out on a copy.

mod admit;
mod create;
mod device;
mod flags;
mod interface;
mod link;
mod members;
mod operation;
mod table;
mod values;
mod vlan;

use super::error::AdminError;
use super::facts::Facts;
use super::limits;
use super::name::{Name, of_unit};
use super::platform::Platform;
use super::refusal::{Refusal, refuse};
use super::report::InterfaceKind;
use super::request::{Change, MemberFlag, Verb};
use super::state::{BridgeState, State};
use super::{Errno, MemberState};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use create::Life;
use frame::{Mac, PortId};

/// What a change asks for beyond the state that it leads to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Outcome {
    /// The name that a `create` without a unit was given.
    pub created: Option<String>,
    /// What to do to the address table of the change's bridge, in order, once the state holds.
    pub table: Vec<TableAction>,
}

/// One step on a bridge's address table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TableAction {
    /// Forget what was learned and may age.
    Flush,
    /// Forget every address.
    FlushAll,
    /// Forget every address of a port that was removed; the number may be in use again.
    ForgetPort(PortId),
    /// Enter an address, or move it to the port.
    SetStatic {
        /// Its VLAN, 0 outside any.
        vlan: u16,
        /// The station.
        address: Mac,
        /// The member behind which it is.
        port: PortId,
    },
    /// Forget one address in one VLAN.
    Remove {
        /// Its VLAN, 0 outside any.
        vlan: u16,
        /// The station.
        address: Mac,
    },
}

impl State {
    /// Checks a whole change and returns the state that it asks for. Pure: nothing happens yet.
    ///
    /// # Errors
    ///
    /// The first verb that can not be carried out, in FreeBSD's words, with reason and remedy.
    pub fn apply(&self, change: &Change, facts: &dyn Facts) -> Result<(State, Outcome), AdminError> {
        let mut change = change.clone();
        facts.platform().spell(&mut change);
        let mut draft = Draft {
            state: self.clone(),
            name: change.interface,
            facts,
            outcome: Outcome::default(),
            unsettled: None,
            destroyed: Destroyed::No,
        };
        for verb in &change.verbs {
            draft.verb(verb)?;
        }
        draft.finish()
    }
}

/// The state while the verbs of one change are worked into it.
struct Draft<'a> {
    state: State,
    /// The interface that the change is about.
    name: String,
    facts: &'a dyn Facts,
    outcome: Outcome,
    /// The last verb that set a value which others have to suit: a spanning tree time, or anything of a link. They are
    /// checked against each other at the end of the line, so that those which belong together may come in any order.
    unsettled: Option<Verb>,
    destroyed: Destroyed,
}

/// Whether the line has destroyed its interface.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Destroyed {
    No,
    Yes,
}

impl Draft<'_> {
    #[inline(never)]
    fn verb(&mut self, verb: &Verb) -> Result<(), AdminError> {
        match (verb, self.destroyed) {
            (Verb::Create, Destroyed::No) => return self.create(Life::Persistent),
            (Verb::CreateTransient, Destroyed::No) => return self.create(Life::Transient),
            (_, _) => self.require()?,
        }
        self.carry_out(verb).map_err(|refusal| {
            let operation = operation::of(verb, refusal.errno);
            refusal.of(operation)
        })
    }

    #[inline(never)]
    #[rustfmt::skip]
    fn carry_out(&mut self, verb: &Verb) -> Result<(), Refusal> {
        match verb {
            Verb::Create | Verb::CreateTransient => Ok(()),
            Verb::Destroy => self.destroy(),
            Verb::Up => self.set_up(interface::Want::Up),
            Verb::Down => self.set_up(interface::Want::Down),
            Verb::Mtu { bytes } => self.set_mtu(*bytes),
            Verb::Ether { address } => self.set_ether(*address),
            Verb::Description { text } => self.describe(text),
            Verb::AddAddress { address } => self.add_inet(verb, *address),
            Verb::DeleteAddress { address } => self.delete_inet(*address),
            Verb::AddMember { member, untagged, tagged } => self.add_member(member, *untagged, tagged.as_ref()),
            Verb::DeleteMember { member } => self.delete_member(member),
            Verb::AddSpan { member } => self.add_span(member),
            Verb::DeleteSpan { member } => self.delete_span(member),
            Verb::SetFlag { member, flag, on } => self.set_flag(member, *flag, (*on).into()),
            Verb::Suppress { member, vlans, on } => { flags::suppress(self.member(member)?, vlans.as_ref(), (*on).into()); Ok(()) }
            Verb::Protected { member, groups } => values::protected(self.member(member)?, groups),
            Verb::IfMaxAddresses { member, addresses } => { self.member(member)?.max_addresses = *addresses; Ok(()) }
            Verb::IfPriority { member, priority } => values::member_priority(self.member(member)?, *priority),
            Verb::IfPathCost { member, cost } => values::path_cost(self.member(member)?, *cost),
            Verb::IfUntagged { member, vid } => self.set_untagged(member, *vid),
            Verb::IfTagged { member, set } => self.set_tagged(member, vlan::Op::Set, set),
            Verb::IfTaggedAdd { member, set } => self.set_tagged(member, vlan::Op::Add, set),
            Verb::IfTaggedRemove { member, set } => self.set_tagged(member, vlan::Op::Remove, set),
            Verb::IfVlanProtocol { member, protocol } => self.set_vlan_protocol(member, *protocol),
            Verb::Storm { member, class, frames_per_second } => {
                values::storm(self.member(member)?, *class, *frames_per_second);
                Ok(())
            }
            Verb::MaxAddresses { addresses } => values::max_addresses(self.bridge()?, *addresses),
            Verb::Timeout { seconds } => { self.bridge()?.timeout = *seconds; Ok(()) }
            Verb::Priority { priority } => values::priority(self.bridge()?, *priority),
            Verb::HelloTime { seconds } => self.time(verb, |bridge| values::hello_time(bridge, *seconds)),
            Verb::ForwardDelay { seconds } => self.time(verb, |bridge| values::forward_delay(bridge, *seconds)),
            Verb::MaxAge { seconds } => self.time(verb, |bridge| values::max_age(bridge, *seconds)),
            Verb::HoldCount { frames } => values::hold_count(self.bridge()?, *frames),
            Verb::Protocol { protocol } => self.time(verb, |bridge| { values::protocol(bridge, *protocol); Ok(()) }),
            Verb::VlanFilter { on } => { self.bridge()?.vlan_filter = *on; Ok(()) }
            Verb::DefaultUntagged { vid } => { self.bridge()?.default_untagged = *vid; Ok(()) }
            Verb::DefaultQinq { on } => { self.bridge()?.default_qinq = *on; Ok(()) }
            Verb::Static { member, address, vid } => self.set_static(member, *address, *vid),
            Verb::DeleteMac { address, vid } => self.delete_mac(*address, *vid),
            Verb::Owner { uid } => self.set_owner(*uid),
            Verb::Group { gid } => self.set_group(*gid),
            Verb::Mode { mode } => self.set_mode(*mode),
            Verb::MultiQueue { on } => { self.device()?.multi_queue = *on; Ok(()) }
            Verb::Carrier { carrier } => { self.device()?.carrier = *carrier; Ok(()) }
            Verb::Queue { packets } => self.set_queue(*packets),
            Verb::Persist { on } => { self.device()?.transient = !*on; Ok(()) }
            Verb::AddPeer { prefix } => self.add_peer(verb, *prefix),
            Verb::DeletePeer { prefix } => self.delete_peer(verb, *prefix),
            Verb::Topology { topology } => self.set_topology(verb, *topology),
            Verb::Mss { mss } => self.set_mss(verb, *mss),
            Verb::SetGateway { address } => self.set_gateway(verb, *address),
            Verb::DeleteGateway { address } => self.delete_gateway(verb, *address),
            Verb::AddOnLink { prefix } => self.add_on_link(verb, *prefix),
            Verb::DeleteOnLink { prefix } => self.delete_on_link(verb, *prefix),
            Verb::Dhcp { on } => self.set_dhcp(verb, *on),
            Verb::Flush => self.flush(),
            Verb::FlushAll => self.flush_all(),
        }
    }

    fn time(&mut self, verb: &Verb, set: impl Fn(&mut BridgeState) -> Result<(), Refusal>) -> Result<(), Refusal> {
        set(self.bridge()?)?;
        self.unsettled = Some(verb.clone());
        Ok(())
    }

    #[inline(never)]
    fn finish(mut self) -> Result<(State, Outcome), AdminError> {
        if self.destroyed == Destroyed::Yes {
            return Ok((self.state, self.outcome));
        }
        self.require()?;
        if let Some(verb) = self.unsettled.take() {
            self.settle().map_err(|refusal| {
                let operation = operation::of(&verb, refusal.errno);
                refusal.of(operation)
            })?;
        }
        Ok((self.state, self.outcome))
    }

    /// Checks the values of a bridge or link against each other.
    fn settle(&self) -> Result<(), Refusal> {
        let name = &self.name;
        if let Some(bridge) = self.state.bridges.get(name) {
            limits::spanning_tree_times(bridge.hello_time, bridge.forward_delay, bridge.max_age)?;
        }
        self.state.tuns.get(name).map_or(Ok(()), |tun| limits::link::together(name, tun).map_err(|(_, why)| why))
    }

    /// Checks that the change's interface is one of ours.
    fn require(&self) -> Result<(), AdminError> {
        let name = &self.name;
        if self.state.kind_of(name).is_some() {
            return Ok(());
        }
        if self.destroyed == Destroyed::Yes {
            let detail = "an earlier verb of the line destroyed it; let destroy be the last".into();
            return Err(AdminError { detail, ..AdminError::not_created(name) });
        }
        if self.facts.interface(name).is_none() {
            return Err(AdminError::not_created(name));
        }
        let (kinds, explains) = (self.platform().kinds(), self.platform().explains());
        Err(AdminError {
            operation: format!("interface {name} is the system's own"),
            errno: None,
            detail: format!(
                "only {kinds} interfaces are administered here; see {explains}, or make it a member: ifconfig bridge0 addm {name}"
            ),
        })
    }

    fn platform(&self) -> Platform {
        self.facts.platform()
    }

    /// Sets a flag of a member of the bridge that the change is about.
    fn set_flag(&mut self, member: &str, flag: MemberFlag, setting: flags::Setting) -> Result<(), Refusal> {
        let (ours, platform) = (self.state.kind_of(member), self.platform());
        let found = self.member(member)?;
        if (flag, setting) == (MemberFlag::HostAddress, flags::Setting::On) {
            limits::host_address(member, ours, platform)?;
        }
        flags::set(found, flag, setting)
    }

    /// Returns the bridge that the change is about.
    fn bridge(&mut self) -> Result<&mut BridgeState, Refusal> {
        let name = &self.name;
        let remedy = match self.state.bridge_of(name) {
            Some((bridge, _)) => format!("say it of the bridge whose port it is: ifconfig {bridge} ..."),
            None => "the verb is a bridge's: ifconfig bridge0 ...".into(),
        };
        let none = || Refusal { errno: Errno::Invalid, detail: format!("{name} is not a bridge; {remedy}") };
        self.state.bridges.get_mut(name).map(|bridge| &mut **bridge).ok_or_else(none)
    }

    /// Returns a member of the bridge that the change is about.
    fn member(&mut self, interface: &str) -> Result<&mut MemberState, Refusal> {
        let name = self.name.clone();
        let bridge = self.bridge()?;
        if bridge.spans.iter().any(|span| span.interface == interface) {
            let detail = format!("{interface} is a span port of {name}, which has no settings");
            return refuse(Errno::Invalid, detail);
        }
        let none = || Refusal {
            errno: Errno::NotFound,
            detail: format!("{interface} is not a member of {name}; add it first: ifconfig {name} addm {interface}"),
        };
        bridge.members.iter_mut().find(|member| member.interface == interface).ok_or_else(none)
    }
}

#[cfg(test)]
mod tests;
