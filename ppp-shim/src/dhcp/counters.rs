//! What a client has sent, taken and refused.

use frame::{Counts, named};

named! {
    /// Something that a client counts. Each has a name that `ifconfig -v` prints.
    Count {
        /// DHCPDISCOVER messages sent.
        Discovers = "discovers",
        /// DHCPREQUEST messages sent, those that extend a lease among them.
        Requests = "requests",
        /// DHCPDECLINE messages sent: the address was in use.
        Declines = "declines",
        /// DHCPRELEASE messages sent.
        Releases = "releases",
        /// DHCPOFFER messages taken.
        Offers = "offers",
        /// DHCPACK messages taken.
        Acks = "acks",
        /// DHCPNAK messages taken.
        Naks = "naks",
        /// Leases that ended before a server extended them.
        Expired = "expired",
        /// Messages whose IP or UDP checksum is wrong.
        BadChecksum = "bad-checksum",
        /// Messages of a type that servers do not send, or of none.
        BadType = "bad-type",
        /// Messages that answer no request of ours: another transaction, or too late.
        Unasked = "unasked",
        /// Messages of a server other than the one asked, or of one that does not name itself.
        BadServer = "bad-server",
        /// Messages with an address that no host has, or another than the one asked for.
        BadAddress = "bad-address",
        /// Messages without a mask, or with one whose bits are not contiguous.
        BadMask = "bad-mask",
        /// Messages without a duration, or with one of zero seconds.
        BadDuration = "bad-duration",
        /// Routers that lie outside the network; the rest of their message was taken.
        BadRouter = "bad-router",
        /// Events that were never fetched.
        EventsLost = "events-lost",
    }
}

/// How often each thing happened.
pub type Counters = Counts<Count, { Count::ALL.len() }>;
