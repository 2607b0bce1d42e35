//! Bridges, and what is attached to them.

use super::super::{weight, words};
use super::links::Linked;
use super::{Ground, Own};
use crate::engine::{Attachment, BridgeHandle};
use crate::kernel::heap::{self, SetAside};
use crate::kernel::{Status, random};
use crate::member::{AttachError, HostMode};
use crate::system;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use bridge::{Bridge, Config};
use frame::PortId;
use kernel_glue::admin::{Attached, BridgeState, Errno, Side, SystemError};
use kernel_glue::neighbours;

/// A bridge.
pub(in super::super) struct Served {
    handle: BridgeHandle,
    /// Under which addresses of neighbours are spread.
    secret: [u64; 2],
    ports: BTreeMap<PortId, Attached>,
}

impl Served {
    /// Returns the engine.
    pub(in super::super) fn engine(&self) -> &Bridge {
        self.handle.engine()
    }

    /// Returns the bridge at work.
    pub(in super::super) fn handle(&self) -> &BridgeHandle {
        &self.handle
    }

    /// Returns how many addresses the table has.
    pub(in super::super) fn addresses(&self) -> usize {
        self.engine().address_counts().total as usize
    }

    /// Returns what a table of so many addresses takes beside the one that there is.
    fn weight_of_table(&self, max_addresses: u32) -> usize {
        if self.engine().config().max_addresses == max_addresses {
            return 0;
        }
        Bridge::table_bytes(max_addresses, u32::try_from(self.addresses()).unwrap_or(u32::MAX))
    }

    /// Returns what a table of neighbours takes that is not there yet.
    fn weight_of_neighbours(&self) -> usize {
        if self.handle.neighbours().known().is_some() { 0 } else { neighbours::BYTES }
    }

    /// Returns what is attached to a port.
    pub(super) fn attached(&self, port: PortId) -> Option<&Attached> {
        self.ports.get(&port)
    }

    /// Returns the ports with what is attached to them.
    pub(super) fn ports(&self) -> impl Iterator<Item = (PortId, &Attached)> {
        self.ports.iter().map(|(port, what)| (*port, what))
    }
}

impl Ground {
    /// Returns a bound of what a bridge's engine takes beyond what it has, to be as a state says.
    pub(in super::super) fn weight_of(&self, name: &str, bridge: &BridgeState) -> usize {
        let suppresses = bridge.members.iter().any(|member| !member.suppress.is_off());
        let (table, known) = match self.bridges.get(name) {
            Some(served) => (served.weight_of_table(bridge.max_addresses), served.weight_of_neighbours()),
            None => (engine_bytes().saturating_add(Bridge::table_bytes(bridge.max_addresses, 0)), neighbours::BYTES),
        };
        table.saturating_add(if suppresses { known } else { 0 })
    }

    /// Returns how many neighbours are known, on all bridges and by all links.
    pub(in super::super) fn neighbours_known(&self) -> usize {
        let bridges = self.bridges.values().filter_map(|served| served.handle.neighbours().known());
        let links = self.own.values().filter(|own| own.link.is_some()).map(|own| Linked::known(&own.unit));
        bridges.chain(links).fold(0, usize::saturating_add)
    }

    #[inline(never)]
    pub(super) fn add_engine(&mut self, bridge: &str) -> Result<(), SystemError> {
        let _aside = aside(engine_bytes())?;
        let made = BridgeHandle::create(Config::default(), random::secret(), system::ring);
        let handle = made.map_err(|status| words::refused(status.code(), "end programs, and try again"))?;
        let secret = [random::number(), random::number()];
        self.bridges.insert(bridge.to_string(), Served { handle, secret, ports: BTreeMap::new() });
        Ok(())
    }

    #[inline(never)]
    pub(super) fn remove_engine(&mut self, bridge: &str) {
        if let Some(served) = self.bridges.remove(bridge) {
            served.handle.stop();
        }
    }

    /// Puts a configuration in force. Neighbours are known while some port answers for them.
    ///
    /// # Errors
    /// There is no memory for it, and the one before stays.
    pub(in super::super) fn publish(&self, bridge: &str, config: Config) -> Result<(), Status> {
        let Some(served) = self.bridges.get(bridge) else { return Ok(()) };
        if *served.engine().config() == config {
            return Ok(());
        }
        let suppresses = config.ports.iter().any(|(_, of)| !of.suppress.is_off());
        let bytes = weight::of_config(&config).saturating_add(served.weight_of_table(config.max_addresses));
        let _aside = heap::set_aside(bytes.saturating_add(if suppresses { served.weight_of_neighbours() } else { 0 }))?;
        if suppresses {
            served.handle.neighbours().start(served.secret);
            served.handle.publish(config);
        } else {
            served.handle.publish(config);
            served.handle.neighbours().stop();
        }
        Ok(())
    }

    #[inline(never)]
    pub(super) fn attach(&mut self, bridge: &str, port: PortId, what: &Attached) -> Result<(), SystemError> {
        let _aside = aside(PORT_BYTES)?;
        let Self { own, bridges } = self;
        let none = || words::not_found("engine", bridge);
        let served = bridges.get_mut(bridge).ok_or_else(none)?;
        let unit = |name: &str| own.get(name).map(|own| Arc::clone(&own.unit)).ok_or_else(|| words::missing(name));
        let attachment = match what {
            Attached::Own(name) => Attachment::Host(unit(name)?),
            Attached::Application(name) => Attachment::Application(unit(name)?),
            Attached::Foreign(name) => Attachment::Nic { interface: name, host: HostMode::Bridge },
            Attached::Shared(name) => Attachment::Nic { interface: name, host: HostMode::Member },
            Attached::Mirror(name) => Attachment::Mirror { interface: name },
        };
        served.handle.attach(port, attachment).map_err(|error| refused(what.interface(), error))?;
        served.ports.insert(port, what.clone());
        if let Attached::Application(name) = what {
            move_link(own, name, Side::Lan);
        }
        Ok(())
    }

    /// Detaches whatever a port has.
    #[inline(never)]
    pub(in super::super) fn detach(&mut self, bridge: &str, port: PortId) {
        let Self { own, bridges } = self;
        let Some(served) = bridges.get_mut(bridge) else { return };
        let Some(what) = served.ports.remove(&port) else { return };
        served.handle.detach(port);
        if let Attached::Application(name) = &what {
            move_link(own, name, Side::Host);
        }
    }
}

/// Sets memory aside for a step.
#[inline(never)]
fn aside(bytes: usize) -> Result<SetAside, SystemError> {
    heap::set_aside(bytes).map_err(|status| words::refused(status.code(), "end programs, and try again"))
}

/// Returns what a bridge without ports takes: the engine as it is made, and its worker.
fn engine_bytes() -> usize {
    Bridge::bytes(Config::default().max_addresses, 1).saturating_add(WORKER_BYTES)
}

fn move_link(own: &mut BTreeMap<String, Own>, name: &str, side: Side) {
    if let Some(own) = own.get_mut(name)
        && let Some(link) = &mut own.link
    {
        link.move_to(&own.unit, side);
    }
}

/// Says why an interface does not become a port.
fn refused(interface: &str, error: AttachError) -> SystemError {
    let say = |errno, detail| SystemError { errno, detail };
    match error {
        AttachError::NoInterface => words::missing(interface),
        AttachError::NotEthernet => {
            say(Errno::Invalid, format!("{interface} carries no Ethernet frames; only what does can be a port"))
        }
        AttachError::Wireless => {
            let detail = format!(
                "{interface} is wireless, and a station there sends as itself alone; use a tun, or a card with a cable"
            );
            say(Errno::Invalid, detail)
        }
        AttachError::Own => say(Errno::Invalid, format!("{interface} is one of ours already")),
        AttachError::Taken => {
            say(Errno::Busy, format!("{interface} is a port of another bridge; remove it there first"))
        }
        AttachError::PortInUse => say(Errno::Exists, "the port is taken".into()),
        AttachError::Refused(status) => {
            words::refused(status.code(), &format!("bring {interface} up first: /bin/ifconfig {interface} up"))
        }
    }
}

/// What a worker has beside the engine: a place for each port, and the ports that there are. A guess, twice what was
/// counted.
const WORKER_BYTES: usize = 64 * 1024;
/// What a port takes: queues of 512 frames and of 64 headers, and what a card has seen lately. A guess, twice that.
const PORT_BYTES: usize = 64 * 1024;
