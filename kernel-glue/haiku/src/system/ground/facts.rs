//! What a change depends on.

use super::super::datalink::{self, Handle};
use super::super::sockaddr::Far;
use super::Ground;
use crate::kernel::clock;
use crate::member::{Condition, Member};
use crate::stack::InterfaceName;
use crate::unit::{self, UnitName};
use alloc::vec::Vec;
use frame::Mac;
use haiku_abi::{IFT_BRIDGE, IFT_ETHER, IFT_LOOP, IFT_PPP, IFT_TUNNEL};
use kernel_glue::admin::{Facts, Platform, SystemInterface, SystemKind};

impl Facts for Ground {
    fn platform(&self) -> Platform {
        Platform::Haiku
    }

    /// Interfaces of ours are not the system's own: what there is of them the state knows.
    fn interface(&self, name: &str) -> Option<SystemInterface> {
        if name.parse::<UnitName>().is_ok_and(|name| unit::find(name).is_some()) {
            return None;
        }
        let stack_name = InterfaceName::new(name)?;
        let Ok(handle) = Handle::named(&stack_name) else {
            // The stack finds none by name that is just going up or down; a member of that name stays a member.
            let member = self.member(name).filter(|member| member.condition() != Condition::Gone)?;
            return datalink::exists(&stack_name).then(|| of_member(&member));
        };
        let kind = match handle.kind() {
            IFT_ETHER => SystemKind::Ethernet,
            IFT_LOOP => SystemKind::Loopback,
            IFT_TUNNEL | IFT_PPP => SystemKind::PointToPoint,
            IFT_BRIDGE => SystemKind::Bridge,
            _ => SystemKind::Other,
        };
        let inet = handle.addresses();
        Some(SystemInterface {
            kind,
            mtu_bytes: handle.mtu_bytes(),
            min_mtu_bytes: LEAST_MTU_BYTES,
            // No driver says it before it is tried.
            max_mtu_bytes: 0,
            ether: handle.mac().unwrap_or(Mac::ZERO),
            addresses: inet.iter().filter_map(|one| one.inet(Far::All)).map(|inet| inet.address).collect(),
            master: None,
        })
    }

    fn has_address(&self, bridge: &str, address: Mac, vlan: u16) -> bool {
        self.bridge(bridge).is_some_and(|served| served.engine().holds(vlan, address, clock::now()))
    }
}

/// Returns what is known of a member.
fn of_member(member: &Member) -> SystemInterface {
    SystemInterface {
        kind: SystemKind::Ethernet,
        mtu_bytes: member.mtu_bytes(),
        min_mtu_bytes: LEAST_MTU_BYTES,
        max_mtu_bytes: 0,
        ether: member.mac(),
        addresses: Vec::new(),
        master: None,
    }
}

/// What the stack's Ethernet devices take at least: more than a header and ten bytes.
const LEAST_MTU_BYTES: u32 = 25;
