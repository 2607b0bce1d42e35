//! The links of tuns: what the administration tells them.

use crate::tun::TunPort;
use crate::unit::Unit;
use alloc::vec::Vec;
use frame::{Instant, Mac};
use kernel_glue::admin::{InetAddress, LinkWish, NeighbourEntry, Side, TunLive, report_link};

/// What is known of both sides of a link.
pub(super) struct Linked {
    wish: LinkWish,
    host: Mac,
    mtu_bytes: u32,
    inet: Vec<InetAddress>,
    side: Side,
    present: bool,
}

impl Linked {
    pub(super) fn new(wish: LinkWish, host: Mac) -> Self {
        Self { wish, host, mtu_bytes: 1500, inet: Vec::new(), side: Side::Host, present: false }
    }

    /// Follows what the operator wants.
    pub(super) fn wish(&mut self, unit: &Unit, wish: &LinkWish) {
        self.wish = wish.clone();
        self.tell(unit);
    }

    /// Follows the interface.
    pub(super) fn follow_host(&mut self, unit: &Unit, host: Mac, mtu_bytes: u32, inet: &[InetAddress]) {
        self.host = host;
        self.mtu_bytes = mtu_bytes;
        self.inet = inet.to_vec();
        self.tell(unit);
    }

    /// Is at the interface from here on, or a port of a bridge.
    pub(super) fn move_to(&mut self, unit: &Unit, side: Side) {
        self.side = side;
        // Where it was announced before does not matter there.
        self.follow_application(unit, false);
        self.tell(unit);
    }

    /// Follows whether an application is there and the port carries what it sends.
    pub(super) fn follow_application(&mut self, unit: &Unit, present: bool) {
        let Some((application, port)) = port(unit) else { return };
        match (self.present, present) {
            (false, true) => port.arrive(application.device()),
            (true, false) => port.leave(),
            (false, false) | (true, true) => {}
        }
        self.present = present;
    }

    #[inline(never)]
    fn tell(&self, unit: &Unit) {
        let Some((application, port)) = port(unit) else { return };
        port.configure(application.device(), |config| {
            config.mtu_bytes = self.mtu_bytes;
            self.wish.tell(config, self.side, self.host, &self.inet);
        });
    }

    /// Returns what only the running link knows.
    #[inline(never)]
    pub(super) fn live(&self, unit: &Unit, now: Instant) -> Option<TunLive> {
        let (_, port) = port(unit)?;
        Some(TunLive::of(&port.config(), &port.report(), &self.inet, now))
    }

    /// Returns how many it knows, and for how many it may answer.
    #[inline(never)]
    pub(super) fn known(unit: &Unit) -> usize {
        port(unit).map_or(0, |(_, port)| port.report().neighbours.len().saturating_add(arp::MAX_PREFIXES))
    }

    /// Reports whom it knows, and for whom it answers.
    #[inline(never)]
    pub(super) fn neighbours(&self, name: &str, unit: &Unit, now: Instant) -> Vec<NeighbourEntry> {
        let Some((_, port)) = port(unit) else { return Vec::new() };
        report_link(name, &port.config(), &port.report(), now)
    }
}

fn port(unit: &Unit) -> Option<(&crate::unit::Application, &TunPort)> {
    let application = unit.application()?;
    Some((application, application.tun()?))
}
