//! Routes that an address needs and the stack does not make.

use super::super::sockaddr::{self, Far};
use super::{Address, Handle};
use crate::kernel::Status;
use crate::stack::{self, InterfaceName};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::ptr::{NonNull, null_mut};
use haiku_abi::{IFF_BROADCAST, RTF_HOST, net_interface_address, net_route};

/// Completes the routes of an interface's addresses: of those that stand for one host, of those that know one other, and
/// of those of IPv6.
///
/// To the stack an address with all bits in its mask is a network of one, and the route there may come before the one
/// that leads to the host itself: what the host sends to its own address would leave it. And the other end of a link
/// that is no broadcast network has no route at all. Requests for IPv6 neighbours go to groups, to which the stack tries to
/// make a route and fails, for it names no interface: without one nobody is asked for. A default route comes before it.
pub(super) fn complete(name: &InterfaceName) {
    let Ok(handle) = Handle::named(name) else { return };
    let far = if handle.flags() & IFF_BROADCAST == 0 { Far::One } else { Far::All };
    handle.each(&mut |raw| {
        // SAFETY: `each` holds a reference meanwhile.
        let address = unsafe { Address::of(raw) };
        let single = Some(IpAddr::V4(Ipv4Addr::BROADCAST));
        if let Some((own, mask)) = address.local()
            && mask == single
        {
            // SAFETY: as above.
            let _ = unsafe { change(raw, own, mask, Change::Remove) };
        }
        if address.local().is_some_and(|(own, _)| own.is_ipv6()) {
            // SAFETY: as above.
            let _ = unsafe { change(raw, IpAddr::V6(GROUPS), Some(IpAddr::V6(GROUPS)), Change::Add) };
        }
        if let Some(peer) = address.inet(far).and_then(|inet| inet.destination) {
            // One that is there is as good; one that the stack has no memory for is missed, and `route` shows it.
            // SAFETY: as above.
            let _ = unsafe { change(raw, peer, None, Change::Add) };
        }
    });
}

/// Every group (RFC 4291 §2.7): the address is its own mask.
const GROUPS: Ipv6Addr = Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0);

/// What to do to a route.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Change {
    Add,
    Remove,
}

/// Changes the route to a network, or, without a mask, to a host.
///
/// # Safety
/// A reference is held to the address.
unsafe fn change(
    address: NonNull<net_interface_address>,
    to: IpAddr,
    mask: Option<IpAddr>,
    change: Change,
) -> Result<(), Status> {
    let (stack, domain) = stack::domain(sockaddr::family_of(to))?;
    let mut destination = sockaddr::short(to);
    let mut mask = mask.map(sockaddr::short);
    let route = net_route {
        destination: &raw mut destination,
        mask: mask.as_mut().map_or(null_mut(), |mask| &raw mut *mask),
        gateway: null_mut(),
        flags: if mask.is_some() { 0 } else { RTF_HOST },
        mtu: 0,
        interface_address: address.as_ptr(),
    };
    let call = match change {
        Change::Add => stack.datalink.add_route,
        Change::Remove => stack.datalink.remove_route,
    };
    // SAFETY: the stack copies the route, and takes a reference of its own to the address, which is kept meanwhile.
    Status::check(unsafe { call(domain.as_ptr(), &raw const route) })
}
