//! What a server grants, and whether it can be.

use super::counters::{Count, Counters};
use super::reply::Reply;
use core::net::Ipv4Addr;
use core::time::Duration;
use frame::{Instant, SplitMix};
use heapless::Vec;

/// Servers for names that are kept of those granted.
pub const MAX_DNS: usize = 3;

/// An address that a server lends, and what goes with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lease {
    /// The address.
    pub address: Ipv4Addr,
    /// How many bits of it name the network, 1 to 32.
    pub prefix_len: u8,
    /// The way out of the network, which lies within it.
    pub router: Option<Ipv4Addr>,
    /// Who resolves names, the preferred one first.
    pub dns: Vec<Ipv4Addr, MAX_DNS>,
    /// Who lends the address.
    pub server: Ipv4Addr,
    /// When it must be given up; `None` for never.
    pub expires_at: Option<Instant>,
}

/// A lease with the times at which to extend it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) lease: Lease,
    /// T1; `None` for never.
    pub(super) renew_at: Option<Instant>,
    /// T2; `None` for never.
    pub(super) rebind_at: Option<Instant>,
}

impl Held {
    /// Judges what a DHCPOFFER or DHCPACK grants to who asked at `asked_at`, from when a lease counts (RFC 2131 §4.4.1).
    /// Routers that are no good are counted and left out.
    ///
    /// # Errors
    ///
    /// Says what in the message is unacceptable.
    pub(super) fn granted(
        reply: &Reply,
        asked_at: Instant,
        random: &mut SplitMix,
        counters: &mut Counters,
    ) -> Result<Self, Count> {
        let options = &reply.options;
        let server = options.server.filter(|&server| is_host(server)).ok_or(Count::BadServer)?;
        let prefix_len = options.mask.and_then(prefix_len).ok_or(Count::BadMask)?;
        let network = Network { address: reply.address, prefix_len };
        if !is_host(reply.address) || network.has_no_host_at(reply.address) {
            return Err(Count::BadAddress);
        }
        let duration = match options.duration_secs {
            None | Some(0) => return Err(Count::BadDuration),
            Some(FOREVER) => None,
            Some(seconds) => Some(Duration::from_secs(seconds.into())),
        };
        let usable = |&router: &Ipv4Addr| {
            let usable = network.contains(router) && is_host(router) && !network.has_no_host_at(router);
            usable && router != reply.address
        };
        let router = options.routers.iter().copied().find(usable);
        if router.is_none() && !options.routers.is_empty() {
            counters.add(Count::BadRouter, 1);
        }
        let times = duration.map(|duration| {
            let (renewal, rebinding) = renewal_times(reply, duration);
            // Chosen "with some random fuzz" (RFC 2131 §4.4.5): always earlier, which keeps their order.
            let early = |time: Duration, random: &mut SplitMix| random.up_to(time / FUZZ);
            let renew = renewal.saturating_sub(early(renewal, random));
            (renew, rebinding.saturating_sub(early(rebinding.saturating_sub(renewal), random)))
        });
        Ok(Self {
            lease: Lease {
                address: reply.address,
                prefix_len,
                router,
                dns: options.dns.clone(),
                server,
                expires_at: duration.map(|duration| asked_at.plus(duration)),
            },
            renew_at: times.map(|(renew, _)| asked_at.plus(renew)),
            rebind_at: times.map(|(_, rebind)| asked_at.plus(rebind)),
        })
    }

    /// Returns whether the time of the lease has come to its end.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.lease.expires_at.is_some_and(|at| at <= now)
    }
}

/// Returns T1 and T2 from the begin of a lease: the server's if they are in order, else the defaults (RFC 2131 §4.4.5).
fn renewal_times(reply: &Reply, duration: Duration) -> (Duration, Duration) {
    let seconds = |seconds: Option<u32>| seconds.map(|seconds| Duration::from_secs(seconds.into()));
    let half = duration / 2;
    let rebinding = seconds(reply.options.rebinding_secs).filter(|&t2| t2 < duration).unwrap_or(duration / 8 * 7);
    let renewal = seconds(reply.options.renewal_secs).unwrap_or(half);
    if !renewal.is_zero() && renewal < rebinding { (renewal, rebinding) } else { (half, duration / 8 * 7) }
}

/// Returns the length of a mask whose ones are at its beginning, and not none.
fn prefix_len(mask: Ipv4Addr) -> Option<u8> {
    let ones = mask.to_bits().leading_ones();
    let contiguous = mask.to_bits().count_ones() == ones && ones > 0;
    u8::try_from(ones).ok().filter(|_| contiguous)
}

/// Returns whether an address can be one host's: not this network, loopback, multicast, reserved or broadcast
/// (RFC 1122 §3.2.1.3).
fn is_host(address: Ipv4Addr) -> bool {
    let [first, ..] = address.octets();
    first != 0 && first != 127 && first < 224
}

/// The addresses that share the first bits of one.
#[derive(Clone, Copy)]
struct Network {
    address: Ipv4Addr,
    prefix_len: u8,
}

impl Network {
    fn host_bits(self) -> u32 {
        u32::MAX.checked_shr(self.prefix_len.into()).unwrap_or(0)
    }

    fn contains(self, address: Ipv4Addr) -> bool {
        (self.address.to_bits() ^ address.to_bits()) & !self.host_bits() == 0
    }

    /// Returns whether `address` names the network itself or all of its hosts; two addresses and one are all hosts
    /// (RFC 3021 §2.1).
    fn has_no_host_at(self, address: Ipv4Addr) -> bool {
        let host = address.to_bits() & self.host_bits();
        self.prefix_len < 31 && (host == 0 || host == self.host_bits())
    }
}

/// The duration of a lease that does not end (RFC 2131 §3.3).
const FOREVER: u32 = u32::MAX;

/// The part of a time by which renewals are spread. A guess: minutes of a day, seconds of an hour's quarter.
const FUZZ: u32 = 16;
