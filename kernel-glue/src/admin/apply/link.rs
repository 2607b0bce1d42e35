//! Verbs that only a tun has: what it stands for, and how it finds its way on a LAN.

use super::super::request::{Mss, Topology, Verb};
use super::super::state::LinkState;
use super::{Draft, Errno, Refusal, format, limits, refuse};
use alloc::vec::Vec;
use arp::Prefix;
use core::net::IpAddr;

impl Draft<'_> {
    pub(super) fn add_peer(&mut self, verb: &Verb, prefix: Prefix) -> Result<(), Refusal> {
        let name = self.name.clone();
        let link = self.link(verb)?;
        limits::link::peer(prefix)?;
        add(&mut link.peers, prefix, || format!("{name} has the peer {prefix} already"))
    }

    pub(super) fn delete_peer(&mut self, verb: &Verb, prefix: Prefix) -> Result<(), Refusal> {
        let name = self.name.clone();
        remove(&mut self.link(verb)?.peers, &prefix, || format!("{name} does not have the peer {prefix}"))
    }

    pub(super) fn set_topology(&mut self, verb: &Verb, topology: Option<Topology>) -> Result<(), Refusal> {
        self.link(verb)?.topology = topology;
        Ok(())
    }

    pub(super) fn set_mss(&mut self, verb: &Verb, mss: Mss) -> Result<(), Refusal> {
        let link = self.link(verb)?;
        limits::link::mss(mss)?;
        link.mss = mss;
        Ok(())
    }

    /// Sets the gateway of a family in place of the one that it had.
    pub(super) fn set_gateway(&mut self, verb: &Verb, address: IpAddr) -> Result<(), Refusal> {
        let link = self.link(verb)?;
        limits::link::gateway(address)?;
        link.gateways.retain(|there| there.is_ipv4() != address.is_ipv4());
        link.gateways.push(address);
        Ok(())
    }

    pub(super) fn delete_gateway(&mut self, verb: &Verb, address: IpAddr) -> Result<(), Refusal> {
        let name = self.name.clone();
        remove(&mut self.link(verb)?.gateways, &address, || format!("{name} does not have the gateway {address}"))
    }

    pub(super) fn add_on_link(&mut self, verb: &Verb, prefix: Prefix) -> Result<(), Refusal> {
        let name = self.name.clone();
        let link = self.link(verb)?;
        limits::link::on_link(prefix)?;
        add(&mut link.on_link, prefix, || format!("{name} has {prefix} on its LAN already"))
    }

    pub(super) fn delete_on_link(&mut self, verb: &Verb, prefix: Prefix) -> Result<(), Refusal> {
        let name = self.name.clone();
        remove(&mut self.link(verb)?.on_link, &prefix, || format!("{name} does not have {prefix} on its LAN"))
    }

    pub(super) fn set_dhcp(&mut self, verb: &Verb, on: bool) -> Result<(), Refusal> {
        self.link(verb)?.dhcp = on;
        Ok(())
    }

    /// Returns the link of the tun that the change is about, whose values are checked against each other at the end of
    /// the line.
    fn link(&mut self, verb: &Verb) -> Result<&mut LinkState, Refusal> {
        let name = &self.name;
        let none = || Refusal {
            errno: Errno::Invalid,
            detail: format!(
                "the verb is for tunN, and {name} is no point-to-point link; make one: ifconfig tun create"
            ),
        };
        let tun = self.state.tuns.get_mut(name).ok_or_else(none)?;
        self.unsettled = Some(verb.clone());
        Ok(&mut tun.link)
    }
}

fn add<T: PartialEq>(list: &mut Vec<T>, one: T, twice: impl FnOnce() -> alloc::string::String) -> Result<(), Refusal> {
    if list.contains(&one) {
        return refuse(Errno::Exists, twice());
    }
    list.push(one);
    Ok(())
}

fn remove<T: PartialEq>(
    list: &mut Vec<T>,
    one: &T,
    none: impl FnOnce() -> alloc::string::String,
) -> Result<(), Refusal> {
    let before = list.len();
    list.retain(|there| there != one);
    if list.len() == before { refuse(Errno::NotFound, none()) } else { Ok(()) }
}
