//! The ranges of every value, for verbs and files alike.

pub(super) mod link;

use super::error::Errno;
use super::platform::Platform;
use super::refusal::{Refusal, refuse};
use super::report::InterfaceKind;
use super::request::InetAddress;
use alloc::format;
use alloc::string::String;
use core::net::IpAddr;
use frame::{MAX_PORTS, Mac};

/// Bridges at most.
pub(super) const MAX_BRIDGES: usize = 64;
/// Vports at most: as many as one bridge can take.
pub(super) const MAX_VPORTS: usize = MAX_MEMBERS;
/// Taps at most, and tuns: four bridges full of them.
pub(super) const MAX_TAPS: usize = 4096;
/// Members and span ports of one bridge at most: every port but the host's.
pub(super) const MAX_MEMBERS: usize = MAX_PORTS - 1;
/// Inet addresses of one interface at most. A guess that no one will meet.
pub(super) const MAX_INET: usize = 256;
/// Addresses that a table can be made for.
pub(super) const MAX_ADDRESSES: u32 = 1 << 20;
/// The MTU of an interface about which nothing else is known.
pub(super) const DEFAULT_MTU_BYTES: u32 = 1500;
/// The least MTU, FreeBSD's `IF_MINMTU`.
pub(super) const MIN_MTU_BYTES: u32 = 72;
/// The greatest MTU: a frame of 65535 bytes less its Ethernet header.
pub(super) const MAX_MTU_BYTES: u32 = 65535 - 14;
/// Packets that wait for an application unless the operator says otherwise: about Linux's `txqueuelen` of a TAP.
pub(super) const DEFAULT_QUEUE_PACKETS: u16 = 512;
/// The permissions of a node unless the operator says otherwise: its owner's alone.
pub(super) const DEFAULT_NODE_MODE: u16 = 0o600;
/// The longest description: Linux's `IFALIASZ` less its terminator.
const MAX_DESCRIPTION_BYTES: usize = 255;

pub(super) fn mtu(bytes: u32) -> Result<(), Refusal> {
    within(bytes, MIN_MTU_BYTES, MAX_MTU_BYTES)
}

pub(super) fn queue(packets: u16) -> Result<(), Refusal> {
    within(packets, 16, 4096)
}

/// A node is read and written, so the bits above the permissions say nothing of it.
pub(super) fn node_mode(mode: u16) -> Result<(), Refusal> {
    if mode <= 0o777 {
        return Ok(());
    }
    refuse(Errno::Invalid, format!("{mode:o} is outside 0..777 in octal"))
}

/// The highest number is `(uid_t)-1`, with which `chown(2)` leaves the owner as it is.
pub(super) fn account(number: u32) -> Result<(), Refusal> {
    within(number, 0, u32::MAX - 1)
}

/// Checks a group whose programs may open a node. Haiku's kernel tells a driver a program's user, and not its groups.
pub(super) fn group(gid: u32, platform: Platform) -> Result<(), Refusal> {
    match platform {
        Platform::Linux => account(gid),
        Platform::Haiku => {
            let detail =
                "the system tells nobody a program's groups; let a user open it: owner USER, or everybody: mode 666";
            refuse(Errno::NotSupported, detail.into())
        }
    }
}

pub(super) fn max_addresses(addresses: u32) -> Result<(), Refusal> {
    within(addresses, 0, MAX_ADDRESSES)
}

pub(super) fn path_cost(cost: u32) -> Result<(), Refusal> {
    within(cost, 0, 200_000_000)
}

/// 802.1D-2004 Table 17-2 steps port priorities by 16.
pub(super) fn member_priority(priority: u8) -> Result<(), Refusal> {
    within(priority, 0, 240)
}

/// 802.1D-2004 Table 17-2 steps bridge priorities by 4096.
pub(super) fn priority(priority: u16) -> Result<(), Refusal> {
    within(priority, 0, 61_440)
}

pub(super) fn hello_time(seconds: u8) -> Result<(), Refusal> {
    within(seconds, 1, 2)
}

pub(super) fn forward_delay(seconds: u8) -> Result<(), Refusal> {
    within(seconds, 4, 30)
}

pub(super) fn max_age(seconds: u8) -> Result<(), Refusal> {
    within(seconds, 6, 40)
}

pub(super) fn hold_count(frames: u8) -> Result<(), Refusal> {
    within(frames, 1, 10)
}

/// Checks what the three times owe each other (802.1D-2004 §17.14).
pub(super) fn spanning_tree_times(hello_time: u8, forward_delay: u8, max_age: u8) -> Result<(), Refusal> {
    let most = 2_u16.saturating_mul(u16::from(forward_delay).saturating_sub(1));
    let least = 2_u16.saturating_mul(u16::from(hello_time).saturating_add(1));
    if (least..=most).contains(&u16::from(max_age)) {
        return Ok(());
    }
    refuse(
        Errno::Invalid,
        format!(
            "maxage {max_age} is outside {least}..{most}, which is 2(hellotime+1)..2(fwddelay-1) for hellotime \
             {hello_time} and fwddelay {forward_delay}; set those that belong together on one line"
        ),
    )
}

pub(super) fn protected_group(group: u8) -> Result<(), Refusal> {
    within(group, 1, 31)
}

/// Checks an address that a station could have.
pub(super) fn station(address: Mac) -> Result<(), Refusal> {
    if address == Mac::ZERO {
        return refuse(Errno::Invalid, format!("{address} names no station"));
    }
    if address.is_group() {
        return refuse(Errno::Invalid, format!("{address} is a group address; only a single station's can be set"));
    }
    Ok(())
}

/// Checks that static addresses fit into a table, where a restart has to enter them all.
pub(super) fn room_for_statics(statics: usize, max_addresses: u32) -> Result<(), Refusal> {
    if statics <= max_addresses as usize {
        return Ok(());
    }
    let detail = format!(
        "{statics} static addresses do not fit into maxaddr {max_addresses}; raise maxaddr or remove some: deladdr MAC"
    );
    refuse(Errno::NoSpace, detail)
}

/// Checks that the host can keep its addresses on a member.
pub(super) fn host_address(member: &str, ours: Option<InterfaceKind>, platform: Platform) -> Result<(), Refusal> {
    let detail = match (platform, ours) {
        (Platform::Haiku, None) => return Ok(()),
        (Platform::Haiku, Some(_)) => format!("{member} is no card; put the host's address on the bridge: inet A/N"),
        (Platform::Linux, _) => "a member has no address of the host here; put it on the bridge: inet A/N".into(),
    };
    refuse(Errno::NotSupported, detail)
}

pub(super) fn description(text: &str) -> Result<(), Refusal> {
    if text.len() > MAX_DESCRIPTION_BYTES {
        return refuse(Errno::Invalid, format!("{} bytes are over {MAX_DESCRIPTION_BYTES}; shorten it", text.len()));
    }
    if text.chars().any(char::is_control) {
        return refuse(Errno::Invalid, "it holds a control character; write it on one line".into());
    }
    Ok(())
}

pub(super) fn inet(address: &InetAddress) -> Result<(), Refusal> {
    let InetAddress { address, prefix, broadcast, destination } = *address;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    if prefix > bits {
        return refuse(Errno::Invalid, format!("prefix length {prefix} is over {bits}"));
    }
    let everyone = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    if everyone || address.is_multicast() || address.is_unspecified() {
        return refuse(Errno::Invalid, format!("{address} can not be the address of an interface"));
    }
    match (broadcast, destination) {
        (Some(broadcast), _) if !(address.is_ipv4() && broadcast.is_ipv4()) => {
            refuse(Errno::Invalid, format!("broadcast {broadcast}: only IPv4 addresses have an IPv4 broadcast address"))
        }
        (Some(broadcast), Some(far)) => {
            refuse(Errno::Invalid, format!("broadcast {broadcast}: whose only other is {far} has none; leave it out"))
        }
        (None, Some(far)) => destination_of(address, prefix, far),
        (_, None) => Ok(()),
    }
}

fn destination_of(address: IpAddr, prefix: u8, far: IpAddr) -> Result<(), Refusal> {
    let (family, bits) = if address.is_ipv4() { ("inet", 32) } else { ("inet6", 128) };
    let network = format!("for a network that both ends are in, write {family} {address}/N");
    if address.is_ipv4() != far.is_ipv4() {
        return refuse(Errno::Invalid, format!("destination {far} is of another family than {address}"));
    }
    if address == far {
        return refuse(Errno::Invalid, format!("destination {far} is the address itself; {network}"));
    }
    link::single_host(far, format_args!("destination {far}"))?;
    if prefix == bits {
        return Ok(());
    }
    refuse(Errno::Invalid, format!("prefix length {prefix}: that to one destination, {far}, is {bits}; {network}"))
}

/// Only a tun is a link between two points.
pub(super) fn no_destination(interface: &str, address: &InetAddress) -> Result<(), Refusal> {
    let InetAddress { address, destination, .. } = address;
    let Some(far) = destination else { return Ok(()) };
    let family = if address.is_ipv4() { "inet" } else { "inet6" };
    let detail = format!(
        "destination {far}: {interface} is no point-to-point link; give it the network that both ends are in: {family} {address}/N"
    );
    refuse(Errno::Invalid, detail)
}

/// A copy of every frame would reach an application that reads IP packets.
pub(super) fn no_mirror(tun: &str) -> String {
    format!("{tun} carries IP packets, and a span port copies of Ethernet frames; use a tap: ifconfig tap create")
}

pub(super) fn no_broadcast(tun: &str, broadcast: IpAddr) -> Result<(), Refusal> {
    let detail = format!("broadcast {broadcast}: {tun} is point-to-point and has none; leave it out");
    refuse(Errno::Invalid, detail)
}

fn within<T: PartialOrd + core::fmt::Display>(value: T, least: T, most: T) -> Result<(), Refusal> {
    if least <= value && value <= most {
        return Ok(());
    }
    refuse(Errno::Invalid, format!("{value} is outside {least}..{most}"))
}
