//! `create` and `destroy`.

use super::super::limits::{MAX_BRIDGES, MAX_VPORTS};
use super::super::name::MAX_UNIT;
use super::super::state::{BridgeState, VportState};
use super::{AdminError, Destroyed, Draft, Errno, InterfaceKind, Name, Refusal, format, of_unit, refuse};
use alloc::string::{String, ToString};

impl Draft<'_> {
    pub(super) fn create(&mut self) -> Result<(), AdminError> {
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
                let refusal = Refusal { errno: Errno::Invalid, detail: error.to_string() };
                return Err(refused(refusal, &self.name));
            }
        };
        self.require_room(kind).map_err(|refusal| refused(refusal, &self.name))?;
        match kind {
            InterfaceKind::Bridge => drop(self.state.bridges.insert(self.name.clone(), BridgeState::default())),
            InterfaceKind::Vport => drop(self.state.vports.insert(self.name.clone(), VportState::default())),
        }
        Ok(())
    }

    /// Removes the interface. As in FreeBSD, a vport leaves its bridge by that.
    pub(super) fn destroy(&mut self) -> Result<(), Refusal> {
        self.state.bridges.remove(&self.name);
        if self.state.vports.remove(&self.name).is_some() {
            for bridge in self.state.bridges.values_mut() {
                bridge.release(&self.name);
            }
        }
        self.outcome.table.clear();
        self.destroyed = Destroyed::Yes;
        Ok(())
    }

    /// Returns the lowest unit that neither we nor the system use.
    fn free_name(&self, kind: InterfaceKind) -> Result<String, Refusal> {
        let mut names = (0..=MAX_UNIT).map(|unit| of_unit(kind, unit));
        let none = || Refusal { errno: Errno::NoSpace, detail: "every unit is taken; destroy one first".into() };
        names.find(|name| !self.is_ours(name) && self.facts.interface(name).is_none()).ok_or_else(none)
    }

    fn require_free(&self) -> Result<(), AdminError> {
        let name = &self.name;
        let refused =
            |detail| Err(AdminError { operation: format!("interface {name} already exists"), errno: None, detail });
        if self.is_ours(name) {
            return refused(String::new());
        }
        if self.facts.interface(name).is_some() {
            return refused(format!("it is the system's own; take another unit, or remove it: ip link delete {name}"));
        }
        Ok(())
    }

    fn require_room(&self, kind: InterfaceKind) -> Result<(), Refusal> {
        let (count, most, what) = match kind {
            InterfaceKind::Bridge => (self.state.bridges.len(), MAX_BRIDGES, "bridges"),
            InterfaceKind::Vport => (self.state.vports.len(), MAX_VPORTS, "vports"),
        };
        if count < most {
            return Ok(());
        }
        refuse(Errno::NoSpace, format!("there are {count} {what}, which is the most; destroy one first"))
    }

    fn is_ours(&self, name: &str) -> bool {
        self.state.bridges.contains_key(name) || self.state.vports.contains_key(name)
    }
}
