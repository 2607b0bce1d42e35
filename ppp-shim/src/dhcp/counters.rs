//! What a client has sent, taken and refused.

use core::fmt;

macro_rules! counts {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Something that a client counts. Each has a name that `ifconfig -v` prints.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Count {
            $($(#[$doc])* $variant,)*
        }

        impl Count {
            /// Every one, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the name shown to operators, in kebab case.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

counts! {
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

impl fmt::Display for Count {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// How often each thing happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Counters([u64; Count::ALL.len()]);

impl Counters {
    pub(super) const ZERO: Self = Self([0; Count::ALL.len()]);

    pub(super) fn add(&mut self, what: Count) {
        if let Some(count) = self.0.get_mut(what as usize) {
            *count = count.saturating_add(1);
        }
    }

    /// Returns how often something happened.
    #[must_use]
    pub fn get(&self, what: Count) -> u64 {
        self.0.get(what as usize).copied().unwrap_or(0)
    }

    /// Iterates over what has happened at all.
    pub fn nonzero(&self) -> impl Iterator<Item = (Count, u64)> + '_ {
        Count::ALL.iter().map(|&what| (what, self.get(what))).filter(|&(_, count)| count > 0)
    }
}
