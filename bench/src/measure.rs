//! What is measured of each bridge.

mod idle;
pub(crate) mod ping;
mod rate;
pub(crate) mod tcp;

use crate::Fault;
use crate::bed::Bed;
use crate::figures::median;
use crate::named;
use std::time::Duration;

/// One kind of figure.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Measure {
    /// Processor time of the bridge's processes with no traffic, in per cent of one core.
    Idle,
    /// Median round trip of pings a millisecond apart, in microseconds.
    Ping,
    /// 60-byte frames received a second from one sender at its highest rate, in millions.
    Rate,
    /// The same with both hosts sending to each other at once, both directions together.
    RateBothWays,
    /// Payload of one TCP stream, in Gbit/s.
    Tcp,
}

impl named::Measure for Measure {
    // Also the order of a visit: what needs quiet comes first.
    const ALL: &'static [Self] = &[Self::Idle, Self::Ping, Self::Rate, Self::RateBothWays, Self::Tcp];

    fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle_cpu_percent",
            Self::Ping => "ping_p50_us",
            Self::Rate => "rate_60_mpps",
            Self::RateBothWays => "rate_60_both_ways_mpps",
            Self::Tcp => "tcp_gbit",
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Idle => "processor time of the bridge when idle, % of one core",
            Self::Ping => "ping, median round trip, us",
            Self::Rate => "60-byte frames, one sender, Mpps",
            Self::RateBothWays => "60-byte frames, both hosts sending, Mpps",
            Self::Tcp => "TCP, one stream, Gbit/s",
        }
    }
}

impl Measure {
    /// Takes the figure once; `None` where the bridge has no such figure.
    pub(crate) fn take(self, bed: &Bed, length: Duration) -> Result<Option<f64>, Fault> {
        match self {
            Self::Idle => Ok(idle::of_bridge(bed, length)),
            Self::Ping => ping::trips_us(&bed.left, &bed.right).map(|trips| median(&trips)),
            Self::Rate => rate::one_sender(bed, length).map(Some),
            Self::RateBothWays => rate::both_ways(bed, length).map(Some),
            Self::Tcp => tcp::one_stream(&bed.left, &bed.right, length).map(Some),
        }
    }
}
