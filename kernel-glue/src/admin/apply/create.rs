//! `create` and `destroy`.

use super::super::limits::{MAX_BRIDGES, MAX_TAPS, MAX_VPORTS};
use super::super::name::MAX_UNIT;
use super::super::state::{BridgeState, Role, TapState, VportState};
use super::{AdminError, Destroyed, Draft, Errno, InterfaceKind, Name, Platform, Refusal, format, of_unit, refuse};
use alloc::boxed::Box;
use alloc::string::String;

/// How long what is created lives.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Life {
    /// Until it is destroyed.
    Persistent,
    /// As long as somebody has it open.
    Transient,
}

impl Draft<'_> {
    #[inline(never)]
    pub(super) fn create(&mut self, life: Life) -> Result<(), AdminError> {
        let refused = |refusal: Refusal, name: &str| refusal.of(format!("SIOCIFCREATE2 ({name})"));
        let kind = match Name::parse(&self.name) {
            Ok(Name::Any(kind)) => {
                self.name = self.free_name(kind).map_err(|refusal| refused(refusal, &self.name))?;
                self.outcome.created = Some(self.name.clone());
                kind
            }
            Ok(Name::Unit(kind, _)) => {
                self.require_free()?;
                kind
            }
            Err(error) => {
                let refusal = Refusal { errno: Errno::Invalid, detail: self.platform().names(error) };
                return Err(refused(refusal, &self.name));
            }
        };
        self.require_creatable(kind, life).map_err(|refusal| refused(refusal, &self.name))?;
        self.enter(kind, life);
        Ok(())
    }

    #[inline(never)]
    fn enter(&mut self, kind: InterfaceKind, life: Life) {
        let name = self.name.clone();
        let device = || TapState { transient: life == Life::Transient, ..TapState::default() };
        match kind {
            InterfaceKind::Bridge => drop(self.state.bridges.insert(name, Box::new(BridgeState::default()))),
            InterfaceKind::Vport => drop(self.state.vports.insert(name, VportState::default())),
            InterfaceKind::Tap => drop(self.state.taps.insert(name, device())),
            InterfaceKind::Tun => drop(self.state.tuns.insert(name, device())),
        }
    }

    /// Removes the interface. As in FreeBSD, a vport or tap leaves its bridge by that.
    pub(super) fn destroy(&mut self) -> Result<(), Refusal> {
        self.state.remove(&self.name);
        self.outcome.table.clear();
        self.destroyed = Destroyed::Yes;
        Ok(())
    }

    /// Returns the lowest unit that neither we nor the system use.
    fn free_name(&self, kind: InterfaceKind) -> Result<String, Refusal> {
        let mut names = (0..=MAX_UNIT).map(|unit| of_unit(kind, unit));
        let none = || Refusal { errno: Errno::NoSpace, detail: "every unit is taken; destroy one first".into() };
        names.find(|name| !self.is_taken(kind, name)).ok_or_else(none)
    }

    fn is_taken(&self, kind: InterfaceKind, name: &str) -> bool {
        let unfit = kind == InterfaceKind::Tun && self.mirror_of(name).is_some();
        unfit || self.is_ours(name) || self.facts.interface(name).is_some()
    }

    fn require_free(&self) -> Result<(), AdminError> {
        let name = &self.name;
        let refused = |detail| Err(AdminError::exists(name, detail));
        if self.is_ours(name) {
            return refused(String::new());
        }
        if self.facts.interface(name).is_some() {
            let removes = self.platform().removes(name);
            return refused(format!("it is the system's own; take another unit, or remove it: {removes}"));
        }
        Ok(())
    }

    fn require_creatable(&self, kind: InterfaceKind, life: Life) -> Result<(), Refusal> {
        let name = &self.name;
        if kind == InterfaceKind::Vport && self.platform() == Platform::Haiku {
            let detail = "there are no vports here; use a tap: ifconfig tap create";
            return refuse(Errno::NotSupported, detail.into());
        }
        match (kind, life) {
            (InterfaceKind::Bridge | InterfaceKind::Vport, Life::Transient) => {
                let detail =
                    format!("nobody opens {name}, so it can not live as long as it is open; create a tap or tun");
                return refuse(Errno::Invalid, detail);
            }
            (InterfaceKind::Tun, _) => {
                if let Some(bridge) = self.mirror_of(name) {
                    let detail =
                        format!("{name} is a span port of {bridge}, which a tun can not be; take another unit");
                    return refuse(Errno::Busy, detail);
                }
            }
            (InterfaceKind::Bridge | InterfaceKind::Vport | InterfaceKind::Tap, _) => {}
        }
        self.require_room(kind)
    }

    fn require_room(&self, kind: InterfaceKind) -> Result<(), Refusal> {
        let (count, most, what) = match kind {
            InterfaceKind::Bridge => (self.state.bridges.len(), MAX_BRIDGES, "bridges"),
            InterfaceKind::Vport => (self.state.vports.len(), MAX_VPORTS, "vports"),
            InterfaceKind::Tap => (self.state.taps.len(), MAX_TAPS, "taps"),
            InterfaceKind::Tun => (self.state.tuns.len(), MAX_TAPS, "tuns"),
        };
        if count < most {
            return Ok(());
        }
        refuse(Errno::NoSpace, format!("there are {count} {what}, which is the most; destroy one first"))
    }

    /// Returns the bridge of which an interface, there or not, is a span port.
    fn mirror_of(&self, name: &str) -> Option<&str> {
        self.state.bridge_of(name).filter(|(_, role)| *role == Role::Span).map(|(bridge, _)| bridge)
    }

    fn is_ours(&self, name: &str) -> bool {
        self.state.kind_of(name).is_some()
    }
}
