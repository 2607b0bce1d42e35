//! The system under a picture: units of ours, bridges, and the stack's interfaces.

mod bridges;
mod facts;
mod links;
mod live;
mod own;
mod steps;

pub(super) use bridges::Served;
use own::Own;

use super::datalink::{self, Handle};
use super::look::Cause;
use super::observe::Seen;
use crate::member::{Condition, Member};
use crate::node;
use crate::unit::{self, Unit, UnitKind};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use frame::PortId;
use haiku_abi::IFF_UP;
use kernel_glue::admin::{AdminStatus, InetAddress, InterfaceKind, Picture};

/// What is administered. Everything is looked up by the names that a state has.
#[derive(Default)]
pub(super) struct Ground {
    own: BTreeMap<String, Own>,
    bridges: BTreeMap<String, Served>,
}

impl Ground {
    /// Returns whether there is nothing of ours in the system.
    pub(super) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.bridges.is_empty()
    }

    /// Returns what is behind an interface of ours.
    pub(super) fn unit(&self, name: &str) -> Option<Arc<Unit>> {
        self.own.get(name).map(|own| Arc::clone(&own.unit))
    }

    /// Returns a bridge.
    pub(super) fn bridge(&self, name: &str) -> Option<&Served> {
        self.bridges.get(name)
    }

    /// Lists interfaces of ours that the stack has no more. One that has gone and come again is another.
    pub(super) fn gone(&self, cause: Cause) -> Vec<String> {
        let ended = |own: &Own| {
            let unit = &own.unit;
            // Somebody's reference may outlive the interface.
            let outlived = || !unit.is_up() && own.handle().is_none() && !datalink::exists(unit.interface());
            unit.is_dead() || (cause == Cause::Call && outlived())
        };
        self.own.iter().filter(|(_, own)| ended(own)).map(|(name, _)| name.clone()).collect()
    }

    /// Lists interfaces of ours that are in no picture.
    pub(super) fn strangers(&self) -> Vec<(String, InterfaceKind, Seen)> {
        let found = unit::all().into_iter().filter_map(|unit| {
            let name = unit.name().to_string();
            if self.own.contains_key(&name) || unit.is_dead() {
                return None;
            }
            // The stack makes a device for a mere question, and ends it again: that is no interface.
            let handle = Handle::named(unit.interface()).ok().filter(|handle| is_of(handle, &unit))?;
            let seen = seen(&unit, admin_of(&unit, &handle), addresses(&unit, &handle));
            Some((name, kind_of(&unit), seen))
        });
        found.collect()
    }

    /// Lists what the stack has of our interfaces. One that is just going up or down is left out.
    ///
    /// On a notice the addresses of one that was up before are those of the picture.
    pub(super) fn seen(&self, cause: Cause, picture: &Picture) -> Vec<(String, Seen)> {
        let look = |(name, own): (&String, &Own)| {
            let shown = picture.interfaces.get(name)?;
            let rose = shown.admin == AdminStatus::Down && own.unit.is_up();
            let (admin, inet) = match cause {
                Cause::Notice if !rose => (told(&own.unit), shown.addresses.iter().copied().collect()),
                Cause::Notice | Cause::Call => {
                    let handle = own.handle()?;
                    (admin_of(&own.unit, &handle), addresses(&own.unit, &handle))
                }
            };
            Some((name.clone(), seen(&own.unit, admin, inet)))
        };
        self.own.iter().filter_map(look).collect()
    }

    /// Lists members whose hardware is gone: bridge, port, and interface.
    pub(super) fn lost(&self) -> Vec<(String, PortId, String)> {
        let is_lost = |served: &Served, port| {
            let member = served.handle().member(port);
            member.is_some_and(|member| member.condition() == Condition::Gone)
        };
        let ports = |(name, served): (&String, &Served)| -> Vec<_> {
            let lost = served.ports().filter(|&(port, _)| is_lost(served, port));
            lost.map(|(port, what)| (name.clone(), port, what.interface().to_string())).collect()
        };
        self.bridges.iter().flat_map(ports).collect()
    }

    /// Returns the member that an interface of others is.
    fn member(&self, interface: &str) -> Option<Arc<Member>> {
        let ports = self.bridges.values().flat_map(|served| served.ports().map(move |port| (served, port)));
        let (served, (port, _)) = { ports }.find(|(_, (_, what))| what.interface() == interface)?;
        served.handle().member(port)
    }

    /// Lets a link follow its interface.
    pub(super) fn follow_host(&mut self, name: &str, seen: &Seen) {
        if let Some(own) = self.own.get_mut(name)
            && let Some(link) = &mut own.link
        {
            link.follow_host(&own.unit, seen.mac, seen.mtu_bytes, &seen.inet);
        }
    }

    /// Announces links on their bridges whose application has come, once their ports carry frames.
    pub(super) fn announce(&mut self) {
        let names: Vec<String> = self.own.keys().cloned().collect();
        for name in names {
            let running = self.is_running(&name);
            if let Some(own) = self.own.get_mut(&name)
                && let Some(link) = &mut own.link
            {
                link.follow_application(&own.unit, running);
            }
        }
    }

    /// Completes the routes of what somebody else may have brought up.
    pub(super) fn complete_routes(&self, name: &str) {
        if let Some(own) = self.own.get(name) {
            datalink::complete_routes(own.unit.interface());
        }
    }

    /// Returns the devices that programs have open.
    pub(super) fn opened(&self) -> impl Iterator<Item = &str> {
        let is_open = |own: &Own| own.unit.application().is_some_and(|application| application.device().is_open());
        self.own.iter().filter(move |(_, own)| is_open(own)).map(|(name, _)| name.as_str())
    }
}

/// Returns whether an interface of the stack's is a unit's.
fn is_of(handle: &Handle, unit: &Unit) -> bool {
    core::ptr::eq(handle.device(), unit.record().device().as_ptr())
}

/// Returns what the device of an interface was told last.
fn told(unit: &Unit) -> AdminStatus {
    if unit.is_up() { AdminStatus::Up } else { AdminStatus::Down }
}

/// Returns whether an interface is up. Where the stack finds no memory for the interface's reader, it leaves a device up
/// whose interface is down.
fn admin_of(unit: &Unit, handle: &Handle) -> AdminStatus {
    if handle.flags() & IFF_UP == 0 { AdminStatus::Down } else { told(unit) }
}

fn seen(unit: &Arc<Unit>, admin: AdminStatus, inet: Vec<InetAddress>) -> Seen {
    Seen {
        admin,
        mtu_bytes: u32::try_from(unit.record().mtu_bytes()).unwrap_or(u32::MAX),
        inet,
        mac: unit.record().mac(),
        settings: unit.name().device().and_then(node::books::settings),
    }
}

fn addresses(unit: &Unit, handle: &Handle) -> Vec<InetAddress> {
    let far = own::far_of(unit);
    handle.addresses().iter().filter_map(|one| one.inet(far)).collect()
}

fn kind_of(unit: &Unit) -> InterfaceKind {
    match unit.name().kind {
        UnitKind::Bridge => InterfaceKind::Bridge,
        UnitKind::Tap => InterfaceKind::Tap,
        UnitKind::Tun => InterfaceKind::Tun,
    }
}
