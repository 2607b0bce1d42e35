//! Verbs that any interface has.

use super::super::error::Errno;
use super::super::request::InetAddress;
use super::super::state::{BridgeState, Role, VportState};
use super::{Draft, Refusal, admit, format, limits, refuse};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use frame::Mac;

/// `up` or `down`.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Want {
    Up,
    Down,
}

/// What bridges and vports have in common.
struct Settings<'a> {
    description: &'a mut String,
    up: &'a mut bool,
    ether: &'a mut Option<Mac>,
    inet: &'a mut Vec<InetAddress>,
}

impl Draft<'_> {
    pub(super) fn set_up(&mut self, want: Want) -> Result<(), Refusal> {
        *self.settings()?.up = want == Want::Up;
        Ok(())
    }

    pub(super) fn set_mtu(&mut self, bytes: u32) -> Result<(), Refusal> {
        let name = self.name.clone();
        if self.state.vports.contains_key(&name) {
            self.require_free_mtu(&name)?;
        }
        limits::mtu(bytes)?;
        if let Some(vport) = self.state.vports.get_mut(&name) {
            vport.mtu_bytes = bytes;
            return Ok(());
        }
        for member in &self.bridge()?.members.clone() {
            let interface = &member.interface;
            if let Some((least, most)) = admit::mtu_range(&self.state, interface, self.facts)
                && !(least..=most).contains(&bytes)
            {
                let detail = format!("{bytes} is outside {least}..{most}, which the member {interface} takes");
                return refuse(Errno::Invalid, detail);
            }
        }
        self.bridge()?.mtu_bytes = Some(bytes);
        self.state.remember_mtus(&name, self.facts);
        Ok(())
    }

    /// FreeBSD gives this answer to `mtu` on a member, whatever the number.
    fn require_free_mtu(&self, vport: &str) -> Result<(), Refusal> {
        match self.state.bridge_of(vport) {
            Some((bridge, Role::Member)) => {
                let detail =
                    format!("{vport} is a member of {bridge} and has its MTU; set that: ifconfig {bridge} mtu N");
                refuse(Errno::NotSupported, detail)
            }
            Some((_, Role::Span)) | None => Ok(()),
        }
    }

    pub(super) fn set_ether(&mut self, address: Mac) -> Result<(), Refusal> {
        limits::station(address)?;
        *self.settings()?.ether = Some(address);
        Ok(())
    }

    pub(super) fn describe(&mut self, text: &str) -> Result<(), Refusal> {
        limits::description(text)?;
        *self.settings()?.description = text.into();
        Ok(())
    }

    /// Adds an address, or changes its prefix. As in the BSDs, an interface that is given an address comes up.
    pub(super) fn add_inet(&mut self, address: InetAddress) -> Result<(), Refusal> {
        limits::inet(&address)?;
        let name = self.name.clone();
        if let Some(other) = self.state.owner_of(address.address)
            && other != name
        {
            let (family, address) = (inet_word(address.address), address.address);
            let detail =
                format!("{other} has {address}; remove it there first: ifconfig {other} {family} {address} delete");
            return refuse(Errno::Exists, detail);
        }
        let Settings { up, inet, .. } = self.settings()?;
        let count = inet.len();
        match inet.iter_mut().find(|there| there.address == address.address) {
            Some(there) => *there = address,
            None if count >= limits::MAX_INET => {
                return refuse(Errno::NoSpace, format!("{name} has {count} addresses, which is the most"));
            }
            None => inet.push(address),
        }
        *up = true;
        Ok(())
    }

    pub(super) fn delete_inet(&mut self, address: IpAddr) -> Result<(), Refusal> {
        let name = self.name.clone();
        let inet = self.settings()?.inet;
        let before = inet.len();
        inet.retain(|there| there.address != address);
        if inet.len() == before {
            return refuse(Errno::NotAvailable, format!("{name} does not have {address}"));
        }
        Ok(())
    }

    fn settings(&mut self) -> Result<Settings<'_>, Refusal> {
        let vport = self.state.vports.get_mut(&self.name);
        match (vport, self.state.bridges.get_mut(&self.name)) {
            (Some(VportState { description, up, ether, inet, .. }), _)
            | (None, Some(BridgeState { description, up, ether, inet, .. })) => {
                Ok(Settings { description, up, ether, inet })
            }
            (None, None) => refuse(Errno::NotFound, format!("{} does not exist", self.name)),
        }
    }
}

/// Returns the word that `ifconfig` puts before an address.
pub(super) const fn inet_word(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "inet" } else { "inet6" }
}
