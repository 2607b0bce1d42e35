//! The links of tuns: what the control side tells them.

use super::super::super::engines::refused;
use super::super::super::system::SystemError;
use frame::Mac;
use kernel_glue::link::{LinkConfig, Place};
use kernel_glue::linux::{LinkPort, random};
use std::sync::Arc;
use tap::DeviceName;

/// A link, and what it was told last.
pub(super) struct Linked {
    pub(super) port: Arc<LinkPort>,
    config: LinkConfig,
}

impl Linked {
    /// Makes the link of a device whose interface has an address.
    pub(super) fn new(name: DeviceName, host: Mac) -> Result<Self, SystemError> {
        let config = LinkConfig {
            place: Place::Host(host),
            peer_mac: random::stable_mac(&format!("{name} peer")),
            scope: arp::Scope::All,
            own: Vec::new(),
            gateways: Vec::new(),
            onlink: Vec::new(),
            mtu_bytes: u32::MAX,
            mss: None,
            secret: random::secret().map_err(|error| refused(&error))?,
        };
        Ok(Self { port: Arc::new(LinkPort::new(config.clone())), config })
    }

    /// Follows the interface.
    pub(super) fn follow_host(&mut self, mac: Mac, mtu_bytes: u32) {
        self.config.mtu_bytes = mtu_bytes;
        if let Place::Host(host) = &mut self.config.place {
            *host = mac;
        }
        self.port.configure(self.config.clone());
    }
}
