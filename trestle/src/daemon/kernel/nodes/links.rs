//! The links of tuns: what the control side tells them.

use super::super::super::engines::refused;
use frame::{Instant, Mac};
use kernel_glue::admin::{InetAddress, LinkWish, NeighbourEntry, Side, SystemError, TunLive, report_link};
use kernel_glue::link::{LinkConfig, Place};
use kernel_glue::linux::{LinkPort, Plane, clock, random};
use std::sync::Arc;
use tap::DeviceName;

/// A link, what is known of both of its sides, and what it was told last.
pub(super) struct Linked {
    pub(super) port: Arc<LinkPort>,
    wish: LinkWish,
    /// The interface, and the host's addresses there.
    host: Mac,
    inet: Vec<InetAddress>,
    side: Side,
    present: bool,
    told: LinkConfig,
}

impl Linked {
    /// Makes the link of a device whose interface has an address.
    pub(super) fn new(name: DeviceName, host: Mac, wish: LinkWish, plane: &Plane) -> Result<Self, SystemError> {
        let secret = random::secret().map_err(|error| refused(&error))?;
        let told = LinkConfig::new(Place::Host(host), random::stable_mac(&format!("{name} peer")), secret);
        let port = Arc::new(LinkPort::new(told.clone(), plane));
        let side = Side::Host;
        let mut linked = Self { port, wish, host, inet: Vec::new(), side, present: false, told };
        linked.tell();
        Ok(linked)
    }

    /// Follows what the operator wants.
    pub(super) fn wish(&mut self, wish: &LinkWish) {
        self.wish = wish.clone();
        self.tell();
    }

    /// Follows the interface.
    pub(super) fn follow_host(&mut self, mac: Mac, mtu_bytes: u32, inet: &[InetAddress]) {
        self.host = mac;
        self.inet = inet.to_vec();
        self.told.mtu_bytes = mtu_bytes;
        self.tell();
    }

    /// Is joined to the interface from here on.
    pub(super) fn at_host(&mut self) {
        self.side = Side::Host;
        self.tell();
    }

    /// Is a port of a bridge from here on.
    pub(super) fn at_bridge(&mut self) {
        self.side = Side::Lan;
        // Where it was announced does not matter there.
        self.follow_application(false);
        self.tell();
    }

    /// Follows whether an application is there and the port carries what it sends.
    pub(super) fn follow_application(&mut self, present: bool) {
        match (self.present, present) {
            (false, true) => self.port.arrive(),
            (true, false) => self.port.leave(),
            (false, false) | (true, true) => {}
        }
        self.present = present;
    }

    /// Tells the link what is different.
    fn tell(&mut self) {
        let mut told = self.told.clone();
        self.wish.tell(&mut told, self.side, self.host, &self.inet);
        if told != self.told {
            self.port.configure(told.clone());
        }
        self.told = told;
    }

    /// Reports whom it knows, and for whom it answers.
    pub(super) fn neighbours(&self, name: DeviceName, now: Instant) -> Vec<NeighbourEntry> {
        report_link(&name.to_string(), &self.told, &self.port.report(), now)
    }

    /// Returns what only the running link knows.
    pub(super) fn live(&self) -> TunLive {
        TunLive::of(&self.told, &self.port.report(), &self.inet, clock::monotonic())
    }
}
