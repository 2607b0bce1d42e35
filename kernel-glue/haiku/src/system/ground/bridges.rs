//! Bridges, and what is attached to them.

use super::super::words;
use super::{Ground, Own};
use crate::engine::{Attachment, BridgeHandle};
use crate::kernel::random;
use crate::member::{AttachError, HostMode};
use crate::system;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use bridge::{Bridge, Config};
use frame::PortId;
use kernel_glue::admin::{Attached, Errno, Side, SystemError};

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
    #[inline(never)]
    pub(super) fn add_engine(&mut self, bridge: &str) -> Result<(), SystemError> {
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
    pub(in super::super) fn publish(&self, bridge: &str, config: Config) {
        let Some(served) = self.bridges.get(bridge) else { return };
        if *served.engine().config() == config {
            return;
        }
        if config.ports.iter().any(|(_, of)| !of.suppress.is_off()) {
            served.handle.neighbours().start(served.secret);
            served.handle.publish(config);
        } else {
            served.handle.publish(config);
            served.handle.neighbours().stop();
        }
    }

    #[inline(never)]
    pub(super) fn attach(&mut self, bridge: &str, port: PortId, what: &Attached) -> Result<(), SystemError> {
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
