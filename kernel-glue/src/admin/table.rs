//! What changes and links mean to the address table of an engine.

use super::apply::TableAction;
use super::engine_config::PortRun;
use super::state::{BridgeState, StaticAddress};
use bridge::{Bridge, Flush, PortFlags, TableError};
use frame::PortId;

impl TableAction {
    /// Carries it out on the bridge's engine.
    ///
    /// # Errors
    /// [`TableError`] of an address that cannot be entered.
    pub fn act(self, engine: &Bridge) -> Result<(), TableError> {
        match self {
            Self::Flush => engine.flush(Flush::Dynamic),
            Self::FlushAll => engine.flush(Flush::All),
            Self::ForgetPort(port) => {
                engine.flush_port(port, Flush::All);
                engine.reset_port_counters(port);
            }
            Self::SetStatic { vlan, address, port } => engine.insert_static(vlan, address, port)?,
            Self::Remove { vlan, address } => {
                engine.remove(Some(vlan), address);
            }
        }
        Ok(())
    }
}

/// Enters the addresses that the operator registered into the table of a new engine, and says which it refuses.
pub fn enter_statics(bridge: &BridgeState, engine: &Bridge, refused: &mut dyn FnMut(&StaticAddress, TableError)) {
    for one in &bridge.statics {
        let Some(member) = bridge.member(&one.interface) else { continue };
        if let Err(error) = engine.insert_static(one.vlan(), one.address, member.port) {
            refused(one, error);
        }
    }
}

/// Forgets what was learned on ports that carry nothing any more, for it may be reached elsewhere, and says which ports
/// have changed since the engine's configuration was published.
pub fn flush_stopped(
    bridge: &BridgeState,
    engine: &Bridge,
    run_of: &dyn Fn(PortId) -> PortRun,
    changed: &mut dyn FnMut(&str, PortId, PortRun),
) {
    let config = engine.config();
    let was_up =
        |port: PortId| config.ports.iter().any(|&(id, ref config)| id == port && config.flags.contains(PortFlags::UP));
    for (interface, port) in bridge.ports() {
        match (was_up(port), run_of(port)) {
            (true, PortRun::Running) | (false, PortRun::Stopped) => {}
            (false, PortRun::Running) => changed(interface, port, PortRun::Running),
            (true, PortRun::Stopped) => {
                engine.flush_port(port, Flush::Dynamic);
                changed(interface, port, PortRun::Stopped);
            }
        }
    }
}
