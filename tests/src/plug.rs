//! The kinds of port a bridge has, each with an end host behind it.

use crate::host::Host;
use crate::lab::Lab;
use crate::switch::Switch;
use crate::vm::{Tagging, Vm};
use crate::wire::Wire;
use std::net::Ipv4Addr;

/// What lies between the bridge and an end host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A kernel Ethernet interface (one end of a veth pair), a kernel behind it.
    Veth,
    /// A virtual port that the bridge's program made, moved into another namespace as a container gets it.
    Vport,
    /// A kernel TAP held by another program, a virtual machine.
    Tap,
    /// The same, and the machine takes offloads, as under QEMU.
    TapWithOffloads,
    /// The bridge's own address.
    Host,
}

/// An end host of either sort.
#[derive(Debug)]
pub enum Station {
    /// A kernel.
    Kernel(Host),
    /// Our own stack.
    Machine(Vm),
}

impl Station {
    /// Returns its address.
    pub fn address(&self) -> Ipv4Addr {
        match self {
            Self::Kernel(host) => host.address,
            Self::Machine(vm) => vm.address,
        }
    }

    /// Returns whether `other` answers its pings.
    pub fn reaches(&self, other: &Self) -> bool {
        match self {
            Self::Kernel(host) => host.reaches(other.address()),
            Self::Machine(vm) => vm.reaches(other.address()),
        }
    }

    /// Returns whether `other` leaves its pings unanswered.
    pub fn is_cut_from(&self, other: &Self) -> bool {
        match self {
            Self::Kernel(host) => host.is_cut_from(other.address()),
            Self::Machine(vm) => vm.is_cut_from(other.address()),
        }
    }

    /// Returns the kernel host; fails the test if it is a machine.
    #[track_caller]
    pub fn kernel(&self) -> &Host {
        match self {
            Self::Kernel(host) => host,
            Self::Machine(vm) => panic!("{} is no kernel", vm.address),
        }
    }
}

/// Puts end host number `n` behind a port of `kind`, and makes that port a member of the bridge. The member's name is
/// `eth`N, `vport`N or `tap`N.
#[track_caller]
pub fn plug(lab: &Lab, switch: &dyn Switch, kind: Kind, n: u8) -> Station {
    let ns = || lab.ns(&format!("host{n}"));
    match kind {
        Kind::Veth => {
            let member = format!("eth{n}");
            let host = Host::by_veth(ns(), switch.ns(), &member, n);
            switch.add(&member);
            Station::Kernel(host)
        }
        Kind::Vport => {
            let member = format!("vport{n}");
            switch.vport(&member);
            switch.add(&member);
            Station::Kernel(Host::by_move(ns(), switch.ns(), &member, n))
        }
        Kind::Tap | Kind::TapWithOffloads => {
            let member = format!("tap{n}");
            let make = if kind == Kind::Tap { Wire::tap } else { Wire::tap_with_offloads };
            let wire = make(switch.ns(), &member);
            switch.add(&member);
            Station::Machine(Vm::start(wire, n, Tagging::None))
        }
        Kind::Host => {
            switch.address(&format!("{}/24", Host::address(n)));
            let (ns, interface) = (switch.ns().clone(), "bridge0".to_owned());
            Station::Kernel(Host { ns, interface, address: Host::address(n) })
        }
    }
}
