//! Verbs that any interface has.

use super::super::error::Errno;
use super::super::request::{InetAddress, Verb};
use super::super::state::{Role, State};
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

/// `up` and `down` as the state keeps them.
enum Switch<'a> {
    /// Down until somebody says `up`.
    Plain(&'a mut bool),
    /// Up from the first open on, until somebody says either.
    Open(&'a mut Option<bool>),
}

impl Switch<'_> {
    fn set(self, want: Want) {
        let up = want == Want::Up;
        match self {
            Self::Plain(switch) => *switch = up,
            Self::Open(switch) => *switch = Some(up),
        }
    }
}

/// What all of our interfaces have in common.
struct Settings<'a> {
    description: &'a mut String,
    up: Switch<'a>,
    ether: &'a mut Option<Mac>,
    inet: &'a mut Vec<InetAddress>,
}

impl Draft<'_> {
    pub(super) fn set_up(&mut self, want: Want) -> Result<(), Refusal> {
        self.settings()?.up.set(want);
        Ok(())
    }

    pub(super) fn set_mtu(&mut self, bytes: u32) -> Result<(), Refusal> {
        let name = self.name.clone();
        self.require_free_mtu(&name)?;
        limits::mtu(bytes)?;
        if let Some(vport) = self.state.vports.get_mut(&name) {
            vport.mtu_bytes = bytes;
            return Ok(());
        }
        if let Some(device) = self.state.device_mut(&name) {
            device.mtu_bytes = bytes;
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

    /// FreeBSD gives this answer to `mtu` on a member, whatever the number. A tun keeps its own.
    fn require_free_mtu(&self, port: &str) -> Result<(), Refusal> {
        match self.state.bridge_of(port).filter(|_| !self.state.tuns.contains_key(port)) {
            Some((bridge, Role::Member)) => {
                let detail =
                    format!("{port} is a member of {bridge} and has its MTU; set that: ifconfig {bridge} mtu N");
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
    pub(super) fn add_inet(&mut self, verb: &Verb, address: InetAddress) -> Result<(), Refusal> {
        limits::inet(&address)?;
        self.require_reach(verb, &address)?;
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
        up.set(Want::Up);
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

    /// A tun is point-to-point: no address of it reaches everybody, and only its addresses reach a single other.
    fn require_reach(&mut self, verb: &Verb, address: &InetAddress) -> Result<(), Refusal> {
        if !self.state.tuns.contains_key(&self.name) {
            return limits::no_destination(&self.name, address);
        }
        self.unsettled = Some(verb.clone());
        address.broadcast.map_or(Ok(()), |broadcast| limits::no_broadcast(&self.name, broadcast))
    }

    fn settings(&mut self) -> Result<Settings<'_>, Refusal> {
        let name = &self.name;
        let State { bridges, vports, taps, tuns } = &mut self.state;
        if let Some(it) = bridges.get_mut(name) {
            let up = Switch::Plain(&mut it.up);
            return Ok(Settings { description: &mut it.description, up, ether: &mut it.ether, inet: &mut it.inet });
        }
        if let Some(it) = vports.get_mut(name) {
            let up = Switch::Plain(&mut it.up);
            return Ok(Settings { description: &mut it.description, up, ether: &mut it.ether, inet: &mut it.inet });
        }
        let none = || Refusal { errno: Errno::NotFound, detail: format!("{name} does not exist") };
        let it = taps.get_mut(name).or_else(|| tuns.get_mut(name)).ok_or_else(none)?;
        let up = Switch::Open(&mut it.up);
        Ok(Settings { description: &mut it.description, up, ether: &mut it.ether, inet: &mut it.inet })
    }
}

/// Returns the word that `ifconfig` puts before an address.
pub(super) const fn inet_word(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "inet" } else { "inet6" }
}
