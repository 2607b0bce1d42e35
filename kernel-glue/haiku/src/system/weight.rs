//! How much memory things take: bounds, for which memory is set aside before they are made. Where they are guesses, they
//! are above what was counted.

use alloc::format;
use frame::VidSet;
use haiku_abi::admin::MAX_REPLY_BYTES;
use kernel_glue::admin::{AdminError, BridgeState, Change, Errno, MemberState, State, Verb};

/// Returns a bound of the bytes that a change of a state, or a report of it, may ask for.
pub(super) fn of_state(state: &State) -> usize {
    let addresses = state.bridges.values().map(|bridge| &bridge.inet);
    let addresses: usize =
        addresses.chain(state.devices().map(|(_, device)| &device.inet)).map(|inet| inet.len()).sum();
    let all = state.interfaces().count().saturating_mul(ONE_BYTES);
    let all = all.saturating_add(addresses.saturating_mul(INET_BYTES));
    state.bridges.values().map(|bridge| of_bridge(bridge)).fold(all, usize::saturating_add)
}

/// Returns what the ports and addresses of a bridge take.
fn of_bridge(bridge: &BridgeState) -> usize {
    let ports = bridge.ports().count().saturating_mul(ONE_BYTES);
    let statics = bridge.statics.len().saturating_mul(STATIC_BYTES);
    bridge.members.iter().map(of_member).fold(ports.saturating_add(statics), usize::saturating_add)
}

fn of_member(member: &MemberState) -> usize {
    of_vlans(&member.tagged).saturating_add(of_vlans(&member.suppress.vlans))
}

fn of_vlans(vlans: &VidSet) -> usize {
    if vlans.is_empty() {
        return 0;
    }
    vlans.ranges().count().saturating_mul(RANGE_BYTES).saturating_add(VLANS_BYTES)
}

/// Returns what the verbs of a change take while it is worked out, beyond the request that they were.
pub(super) fn of_change(change: &Change) -> usize {
    let has_vlans = |verb: &&Verb| {
        matches!(
            verb,
            Verb::AddMember { .. }
                | Verb::Suppress { .. }
                | Verb::IfTagged { .. }
                | Verb::IfTaggedAdd { .. }
                | Verb::IfTaggedRemove { .. }
        )
    };
    let with_vlans = change.verbs.iter().filter(has_vlans).count().saturating_mul(VLANS_BYTES);
    change.verbs.len().saturating_mul(VERB_BYTES).saturating_add(with_vlans)
}

/// Returns what the configuration of a bridge takes in the engine.
pub(super) fn of_config(config: &bridge::Config) -> usize {
    let ports = config.ports.len().saturating_mul(PORT_BYTES);
    let has_vlans = config.ports.iter().any(|(_, port)| port.pvid.is_some() || !port.tagged.is_empty());
    ports.saturating_add(CONFIG_BYTES).saturating_add(if has_vlans { VLAN_TABLE_BYTES } else { 0 })
}

/// Returns what the listing of so many addresses takes.
///
/// # Errors
/// They are more than a reply holds.
pub(super) fn of_addresses(bridge: &str, count: usize) -> Result<usize, AdminError> {
    if count <= MOST_LISTED {
        return Ok(count.saturating_add(MEANWHILE).saturating_mul(LISTED_BYTES));
    }
    Err(AdminError {
        operation: "unable to get address cache".into(),
        errno: Some(Errno::NoSpace),
        detail: format!(
            "{bridge} knows {count} addresses, and a reply holds {MOST_LISTED}; let it forget some: ifconfig {bridge} flush, or a \
             lower maxaddr or timeout"
        ),
    })
}

/// Returns what the listing of so many neighbours takes.
pub(super) fn of_neighbours(count: usize) -> usize {
    count.saturating_add(MEANWHILE).saturating_mul(NEIGHBOUR_BYTES)
}

/// Says that a reply is too long.
#[inline(never)]
pub(super) fn too_long(bytes: usize) -> AdminError {
    AdminError {
        operation: "there is too much to say at once".into(),
        errno: None,
        detail: format!("{bytes} bytes, and a reply holds {MAX_REPLY_BYTES}; ask for one interface by its name"),
    }
}

/// Says that there is no memory.
#[inline(never)]
pub(super) fn starved(bytes: usize) -> AdminError {
    AdminError {
        operation: "the kernel is out of memory".into(),
        errno: None,
        detail: format!("{} KiB in one piece are to be had first; end programs, or ask for less", bytes.div_ceil(1024)),
    }
}

/// For one interface or port: its part of a state, of two pictures, of a report, and of the report's text, which doubles its
/// room as it grows. A guess.
const ONE_BYTES: usize = 6 * 1024;
/// For one address of an interface, in the same.
const INET_BYTES: usize = 1024;
/// For an address that the operator set: it is in two states, with the name of a member.
const STATIC_BYTES: usize = 256;
/// For a set of VLANs, of 512 bytes: in two verbs, two states and two configurations.
const VLANS_BYTES: usize = 4 * 1024;
/// For what is written of it in a report: nine characters.
const RANGE_BYTES: usize = 32;
/// For a verb, which is in two changes, and a message to the table.
const VERB_BYTES: usize = 256;
/// For a port in a configuration, and in what workers look at.
const PORT_BYTES: usize = 2 * 1024;
/// For the rest of a configuration.
const CONFIG_BYTES: usize = 32 * 1024;
/// For two sets of ports for each VLAN.
const VLAN_TABLE_BYTES: usize = 4096 * 2 * 128;
/// For an address: entries of 24 and of 40 bytes, a line of a report with a name, and 128 bytes of text. What grows doubles
/// its room, and is there twice meanwhile.
const LISTED_BYTES: usize = 768;
/// For a neighbour, likewise, with two names and 200 bytes of text.
const NEIGHBOUR_BYTES: usize = 1280;
/// What may be learned between the look and the listing. A guess.
const MEANWHILE: usize = 1024;
/// An address is 128 bytes of text at most.
const MOST_LISTED: usize = MAX_REPLY_BYTES as usize / 128;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use frame::Mac;
    use kernel_glue::admin::{AddressEntry, AddressKind};

    #[test]
    fn as_many_addresses_as_are_listed_fit_into_a_reply() {
        let interface: String = "/".repeat(31);
        let kind = AddressKind::Dynamic;
        let longest = AddressEntry { address: Mac([0xff; 6]), vlan: 4094, interface, seconds: u32::MAX, kind };
        let text = serde_json::to_vec(&longest).unwrap();
        assert!(MOST_LISTED * (text.len() + 1) <= MAX_REPLY_BYTES as usize, "{}", text.len());
        assert!(of_addresses("bridge0", MOST_LISTED).is_ok());
        let refused = of_addresses("bridge0", MOST_LISTED + 1).unwrap_err();
        assert!(refused.detail.starts_with("bridge0 knows 32769 addresses, and a reply holds 32768;"), "{refused:?}");
    }

    #[test]
    fn ports_vlans_and_addresses_have_their_weight() {
        let mut state = State::default();
        assert_eq!(of_state(&state), 0);
        let mut member = MemberState::new("tap0".into(), frame::PortId::from_low_bits(1));
        let mut bridge = BridgeState::default();
        bridge.members.push(member.clone());
        state.bridges.insert("bridge0".into(), alloc::boxed::Box::new(bridge.clone()));
        assert_eq!(of_state(&state), 2 * ONE_BYTES);
        member.tagged = VidSet::all();
        bridge.members = alloc::vec![member];
        bridge.inet.push(kernel_glue::admin::InetAddress::new([10, 0, 0, 1].into(), 24));
        state.bridges.insert("bridge0".into(), alloc::boxed::Box::new(bridge));
        assert_eq!(of_state(&state), 2 * ONE_BYTES + VLANS_BYTES + RANGE_BYTES + INET_BYTES);
    }
}
