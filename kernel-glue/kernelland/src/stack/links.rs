//! The way from a family to a device, by the device's type: who finds the neighbour's address, who puts the frame's header on.

mod arp;
mod chains;
mod frame;
mod ndp;
mod neighbours;
mod port;

pub(crate) use chains::{init, register_domain_datalink_protocols, uninit};
pub(crate) use ndp::receive as receive_ndp;

use crate::stack::address::Reference;
use crate::stack::buffer::{Buffer, Sent};
use crate::stack::devices::{Count, Hardware, register_own, unregister_device_deframer, unregister_device_handler};
use crate::stack::domain::Domain;
use crate::stack::interfaces::Interface;
use crate::stack::sockaddr::Sockaddr;
use crate::stack::user::{Place, done};
use haiku_abi::*;
use std::sync::Arc;

/// An interface's way for one family.
pub(crate) struct Link {
    domain: &'static Domain,
    kind: Kind,
}

/// What lies on the way.
enum Kind {
    /// ARP over Ethernet.
    Arp(arp::Port),
    /// Neighbour discovery over Ethernet.
    Ndp(ndp::Port),
    /// Ethernet, with addresses that the sender knows.
    Ethernet,
    /// Nothing. The frame type is handled where packets are received this way.
    Plain(Option<i32>),
}

/// Frame types of the handlers.
const ARP_FRAMES: i32 = net_frame_type(IFT_ETHER, ETHER_TYPE_ARP);
const INET_FRAMES: i32 = net_frame_type(IFT_ETHER, ETHER_TYPE_IP);
const INET6_FRAMES: i32 = net_frame_type(IFT_ETHER, ETHER_TYPE_IPV6);

impl Link {
    /// Makes the way for a family, and registers at the device what it receives by.
    pub(crate) fn new(interface: &Arc<Interface>, domain: &'static Domain) -> Result<Self, status_t> {
        let hardware = interface.hardware();
        let kind = match chains::way(domain.family().number(), hardware.kind())? {
            chains::Way::Arp => Kind::Arp(arp::Port::new()),
            chains::Way::Ndp => Kind::Ndp(ndp::Port::new()),
            chains::Way::Ethernet => Kind::Ethernet,
            chains::Way::Plain if hardware.kind() == IFT_LOOP => Kind::Plain(None),
            chains::Way::Plain if hardware.kind() == IFT_TUNNEL => Kind::Plain(Some(B_NET_FRAME_TYPE_IPV4)),
            chains::Way::Plain => return Err(B_BAD_TYPE),
        };
        let this = Self { domain, kind };
        let mut registered = Vec::new();
        for (frame_type, receive) in this.handlers() {
            if let Err(failed) = done(register_own(hardware, frame_type, receive)) {
                unregister(hardware, &registered);
                return Err(failed);
            }
            registered.push(frame_type);
        }
        let deframer = if matches!(this.kind, Kind::Plain(_)) { frame::take_nothing_off } else { frame::take_off };
        if let Err(failed) = done(crate::stack::devices::register_deframer(hardware, deframer)) {
            unregister(hardware, &registered);
            return Err(failed);
        }
        Ok(this)
    }

    /// Ends the way, when the interface goes.
    pub(crate) fn end(&self, hardware: Hardware) {
        unregister(hardware, &self.handlers().into_iter().map(|(frame_type, _)| frame_type).collect::<Vec<_>>());
        // SAFETY: the interface keeps the device until after this.
        unsafe { unregister_device_deframer(hardware.raw()) };
    }

    fn handlers(&self) -> Vec<(i32, fn(Buffer))> {
        let domain = self.domain.receiver();
        match &self.kind {
            Kind::Arp(_) => {
                let own: (i32, fn(Buffer)) = (ARP_FRAMES, arp::receive);
                [own].into_iter().chain(domain.map(|receive| (INET_FRAMES, receive))).collect()
            }
            Kind::Ndp(_) => domain.map(|receive| (INET6_FRAMES, receive)).into_iter().collect(),
            Kind::Ethernet => Vec::new(),
            Kind::Plain(frame_type) => frame_type.zip(domain).into_iter().collect(),
        }
    }

    pub(crate) fn domain(&self) -> &'static Domain {
        self.domain
    }

    /// Sends a packet whose destination is the next hop.
    pub(crate) fn send(&self, interface: &Arc<Interface>, buffer: Buffer) -> Sent {
        match &self.kind {
            Kind::Arp(port) => arp::send(port, interface, buffer),
            Kind::Ndp(port) => ndp::send(port, interface, buffer),
            Kind::Ethernet => frame::send(interface, buffer),
            Kind::Plain(_) => interface.transmit(buffer),
        }
    }

    pub(crate) fn up(&self, interface: &Arc<Interface>) -> Result<(), status_t> {
        let status = match &self.kind {
            Kind::Arp(port) => arp::up(port, interface),
            Kind::Ndp(port) => ndp::up(port, interface),
            Kind::Ethernet | Kind::Plain(_) => B_OK,
        };
        done(status).inspect_err(|_| interface.link_down())
    }

    pub(crate) fn down(&self, interface: &Arc<Interface>) {
        match &self.kind {
            Kind::Arp(port) => arp::down(port, interface),
            Kind::Ndp(port) => ndp::down(port, interface),
            Kind::Ethernet | Kind::Plain(_) => {}
        }
        interface.link_down();
    }

    /// Tells the way that an address of its interface changes.
    pub(crate) fn change_address(
        &self,
        interface: &Arc<Interface>,
        address: &Reference,
        option: u32,
        old: Option<&Sockaddr>,
        new: Option<&Sockaddr>,
    ) -> status_t {
        if !interface.is_up() || !matches!(option, SIOCSIFADDR | SIOCAIFADDR | SIOCDIFADDR) {
            return B_OK;
        }
        match &self.kind {
            Kind::Arp(port) => arp::change_address(port, interface, address, option, old, new),
            Kind::Ndp(port) => ndp::change_address(port, interface, old, new),
            Kind::Ethernet | Kind::Plain(_) => B_OK,
        }
    }

    pub(crate) fn control(&self, interface: &Arc<Interface>, option: u32, place: Place) -> status_t {
        interface.answer(self.domain, option, place)
    }

    pub(crate) fn join(&self, interface: &Arc<Interface>, group: &Sockaddr) -> status_t {
        match self.group(group) {
            Some(group) => interface.hardware().join(&group),
            None => EINVAL,
        }
    }

    pub(crate) fn leave(&self, interface: &Arc<Interface>, group: &Sockaddr) -> status_t {
        match self.group(group) {
            Some(group) => interface.hardware().leave(&group),
            None => EINVAL,
        }
    }

    /// The group's address on the link.
    fn group(&self, group: &Sockaddr) -> Option<Sockaddr> {
        match &self.kind {
            Kind::Arp(_) => arp::group(group),
            Kind::Ndp(_) => ndp::group(group),
            Kind::Ethernet | Kind::Plain(_) => Some(*group),
        }
    }
}

impl Interface {
    /// Shows monitors a packet as it leaves, and gives it to the device.
    pub(crate) fn transmit(&self, mut buffer: Buffer) -> Sent {
        self.device().show_monitors(&mut buffer);
        let (hardware, bytes) = (self.hardware(), buffer.len());
        let sent = hardware.send(buffer);
        hardware.count(if sent.is_ok() { Count::Sent(bytes) } else { Count::SendError });
        sent
    }
}

fn unregister(hardware: Hardware, frame_types: &[i32]) {
    for &frame_type in frame_types {
        // SAFETY: the interface keeps the device.
        unsafe { unregister_device_handler(hardware.raw(), frame_type) };
    }
}
