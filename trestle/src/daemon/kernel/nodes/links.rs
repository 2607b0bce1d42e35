//! The links of tuns: what the control side tells them.

use super::super::super::engines::refused;
use arp::{MAX_PREFIXES, Scope};
use frame::Mac;
use kernel_glue::admin::{InetAddress, LeaseReport, LinkWish, Mss, Side, StandsFor, SystemError, TunLive};
use kernel_glue::link::{LinkConfig, Place, SegmentSizes};
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
        let LinkWish { state, bridge_networks, bridge_mtu_bytes } = &self.wish;
        let mtu_bytes = self.told.mtu_bytes;
        let told = LinkConfig {
            place: match self.side {
                Side::Host => Place::Host(self.host),
                Side::Lan => Place::Lan { mtu_bytes: bridge_mtu_bytes.unwrap_or(mtu_bytes) },
            },
            peer_mac: self.told.peer_mac,
            scope: match state.stands_for(self.side, &self.inet) {
                StandsFor::Everybody => Scope::All,
                StandsFor::These(these) => Scope::List(these.into_iter().take(MAX_PREFIXES).collect()),
            },
            own: self.inet.iter().map(|one| one.address).collect(),
            gateways: state.gateways.clone(),
            onlink: if state.on_link.is_empty() { bridge_networks.clone() } else { state.on_link.clone() },
            dhcp: state.dhcp,
            mtu_bytes,
            mss: match state.mss {
                Mss::Off => None,
                Mss::Auto => Some(SegmentSizes::fitting(mtu_bytes)),
                Mss::Bytes(bytes) => Some(SegmentSizes { v4_bytes: bytes, v6_bytes: bytes }),
            },
            secret: self.told.secret,
        };
        if told != self.told {
            self.port.configure(told.clone());
        }
        self.told = told;
    }

    /// Returns the address of the station that the peer is.
    pub(super) fn peer_mac(&self) -> Mac {
        self.told.peer_mac
    }

    /// Returns for whom it answers, a lease aside.
    pub(super) fn scope(&self) -> &Scope {
        &self.told.scope
    }

    /// Returns what only the running link knows.
    pub(super) fn live(&self) -> TunLive {
        let report = self.port.report();
        let now = clock::monotonic();
        let lease = report.lease.map(|lease| LeaseReport {
            address: lease.address,
            prefix: lease.prefix_len,
            server: lease.server,
            gateway: lease.router,
            expires_s: lease.expires_at.map(|at| u32::try_from(at.since(now).as_secs()).unwrap_or(u32::MAX)),
        });
        let counters = report.counters.into_iter().filter(|&(_, count)| count > 0);
        TunLive {
            peer_mac: self.told.peer_mac,
            inet: self.inet.clone(),
            lease,
            neighbours: u32::try_from(report.neighbours.len()).unwrap_or(u32::MAX),
            counters: counters.map(|(name, count)| (name.to_owned(), count)).collect(),
        }
    }
}
