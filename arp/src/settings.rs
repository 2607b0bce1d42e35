//! Times and bounds.

use crate::rate::Rate;
use core::time::Duration;

/// The protocol's times and how much is done a second. The default is what the RFCs say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settings {
    /// How long an answer proves that a neighbour is reachable: REACHABLE_TIME of RFC 4861 §10. Its random factor is
    /// left out: it keeps hosts from asking in step after a router's advertisement, and here each neighbour's time
    /// begins with an answer of its own.
    pub reachable: Duration,
    /// From one request to the next: RETRANS_TIMER of RFC 4861 §10. RFC 1122 §2.3.2.1 asks for at least a second.
    pub retransmit: Duration,
    /// From the first packet to a neighbour that was long silent to the question whether it is there:
    /// DELAY_FIRST_PROBE_TIME of RFC 4861 §10.
    pub delay: Duration,
    /// Requests to everybody before a neighbour is given up: MAX_MULTICAST_SOLICIT of RFC 4861 §10.
    pub multicast_requests: u8,
    /// Requests to the neighbour itself before it is forgotten: MAX_UNICAST_SOLICIT of RFC 4861 §10.
    pub unicast_requests: u8,
    /// Announcements of an address: ANNOUNCE_NUM of RFC 5227 §1.1.
    pub announcements: u8,
    /// Between announcements: ANNOUNCE_INTERVAL of RFC 5227 §1.1.
    pub announce_interval: Duration,
    /// Between defences of an address: DEFEND_INTERVAL of RFC 5227 §1.1.
    pub defend_interval: Duration,
    /// Probes for an IPv4 address before it is used: PROBE_NUM of RFC 5227 §1.1.
    pub probes: u8,
    /// The first probe comes within this: PROBE_WAIT of RFC 5227 §1.1, MAX_RTR_SOLICITATION_DELAY for IPv6
    /// (RFC 4862 §5.4.2).
    pub probe_wait: Duration,
    /// Between probes, the least: PROBE_MIN of RFC 5227 §1.1.
    pub probe_min: Duration,
    /// Between probes, the most: PROBE_MAX of RFC 5227 §1.1.
    pub probe_max: Duration,
    /// From the last probe to the use of the address: ANNOUNCE_WAIT of RFC 5227 §1.1.
    pub announce_wait: Duration,
    /// Solicitations for an IPv6 address before it is used, `retransmit` apart: DupAddrDetectTransmits of
    /// RFC 4862 §5.1.
    pub detections: u8,
    /// Answers to all, the half of them kept in equal shares for those who ask little: neighbours that are known each
    /// have one of a table's, and those who share a bucket of others have one of those. A guess: some hundreds of hosts
    /// that boot at once.
    pub answers: Rate,
    /// Answers to one sender, its share aside. A guess: a host that scans a network through the link.
    pub answers_to_one: Rate,
    /// Requests to everybody. A guess: a network of a few hundred addresses, all asked for at once, is found within
    /// the time a packet is held. The lower half of its bucket is kept for sources that want no more than
    /// `requests_of_one`.
    pub requests: Rate,
    /// Requests for packets of one source, however many others want. A guess: so many that thirty sources that scan at a
    /// time leave the others theirs, and that a program's first packets all go out.
    pub requests_of_one: Rate,
    /// Requests to neighbours themselves; their own, so that no scan makes known ones forgotten.
    pub confirmations: Rate,
    /// Neighbours learned from what they ask. A guess; it bounds what a storm of spoofed ones costs.
    pub learning: Rate,
    /// From the platform's random source: who does not know it cannot choose addresses that collide in tables.
    pub secret: [u64; 4],
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reachable: Duration::from_secs(30),
            retransmit: Duration::from_secs(1),
            delay: Duration::from_secs(5),
            multicast_requests: 3,
            unicast_requests: 3,
            announcements: 2,
            announce_interval: Duration::from_secs(2),
            defend_interval: Duration::from_secs(10),
            probes: 3,
            probe_wait: Duration::from_secs(1),
            probe_min: Duration::from_secs(1),
            probe_max: Duration::from_secs(2),
            announce_wait: Duration::from_secs(2),
            detections: 1,
            answers: Rate { per_second: 4096, burst: 4096 },
            answers_to_one: Rate { per_second: 512, burst: 1024 },
            requests: Rate { per_second: 128, burst: 240 },
            requests_of_one: Rate { per_second: 4, burst: 8 },
            confirmations: Rate { per_second: 512, burst: 512 },
            learning: Rate { per_second: 256, burst: 256 },
            secret: [0; 4],
        }
    }
}
