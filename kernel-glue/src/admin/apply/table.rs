//! `static`, `deladdr`, `flush`, `flushall`.

use super::super::state::StaticAddress;
use super::{Draft, Errno, Refusal, TableAction, format, limits, refuse};
use frame::{Mac, Vid};

impl Draft<'_> {
    /// Sets an address, or moves it if it is set on another member.
    pub(super) fn set_static(&mut self, interface: &str, address: Mac, vid: Option<Vid>) -> Result<(), Refusal> {
        let port = self.member(interface)?.port;
        limits::station(address)?;
        let bridge = self.bridge()?;
        let set = StaticAddress { address, interface: interface.into(), vid };
        let vlan = set.vlan();
        match bridge.statics.iter_mut().find(|one| (one.address, one.vid) == (address, vid)) {
            Some(there) => *there = set,
            None => {
                limits::room_for_statics(bridge.statics.len().saturating_add(1), bridge.max_addresses)?;
                bridge.statics.push(set);
            }
        }
        self.outcome.table.push(TableAction::SetStatic { vlan, address, port });
        Ok(())
    }

    pub(super) fn delete_mac(&mut self, address: Mac, vid: Option<Vid>) -> Result<(), Refusal> {
        let vlan = vid.map_or(0, Vid::get);
        let bridge = self.bridge()?;
        let before = bridge.statics.len();
        bridge.statics.retain(|one| (one.address, one.vid) != (address, vid));
        let was_static = bridge.statics.len() < before;
        if !was_static && !self.is_learned(address, vlan) {
            return refuse(Errno::NotFound, format!("{address} is not in the table {}", place(address, vlan)));
        }
        self.outcome.table.push(TableAction::Remove { vlan, address });
        Ok(())
    }

    pub(super) fn flush(&mut self) -> Result<(), Refusal> {
        self.bridge()?;
        self.outcome.table.push(TableAction::Flush);
        Ok(())
    }

    pub(super) fn flush_all(&mut self) -> Result<(), Refusal> {
        self.bridge()?.statics.clear();
        self.outcome.table.push(TableAction::FlushAll);
        Ok(())
    }

    /// Returns whether the table holds an address that no earlier verb of the line took out of it.
    fn is_learned(&self, address: Mac, vlan: u16) -> bool {
        let gone = |action: &TableAction| {
            matches!(action, TableAction::FlushAll) || *action == TableAction::Remove { vlan, address }
        };
        self.facts.has_address(&self.name, address, vlan) && !self.outcome.table.iter().any(gone)
    }
}

fn place(address: Mac, vlan: u16) -> alloc::string::String {
    match vlan {
        0 => format!("outside any VLAN; name its VLAN if it has one: deladdr {address} vlan VID"),
        vlan => format!("for VLAN {vlan}"),
    }
}
