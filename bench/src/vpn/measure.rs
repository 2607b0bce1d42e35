//! What is measured of a tunnel.

use super::tunnel::Tunnel;
use crate::Fault;
use crate::figures::median;
use crate::measure::{ping, tcp};
use crate::named;
use std::time::Duration;

/// One kind of figure.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Measure {
    /// Payload of one TCP stream from the near end, in Mbit/s.
    Out,
    /// The same to the near end.
    In,
    /// Round trip of pings from the near end in microseconds, the median.
    Ping,
    /// The same, the mean.
    PingMean,
}

/// What gives figures.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Work {
    /// Single packets.
    Pings,
    /// A stream from the near end.
    Out,
    /// A stream to the near end.
    In,
}

impl named::Measure for Measure {
    const ALL: &'static [Self] = &[Self::Out, Self::In, Self::Ping, Self::PingMean];

    fn name(self) -> &'static str {
        match self {
            Self::Out => "tcp_out_mbit",
            Self::In => "tcp_in_mbit",
            Self::Ping => "ping_p50_us",
            Self::PingMean => "ping_mean_us",
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Out => "TCP out, one stream, Mbit/s",
            Self::In => "TCP in, one stream, Mbit/s",
            Self::Ping => "ping, median round trip, us",
            Self::PingMean => "ping, mean round trip, us",
        }
    }
}

impl Work {
    /// All, what needs quiet first.
    pub(super) const ALL: [Self; 3] = [Self::Pings, Self::Out, Self::In];

    /// Does it, streams for `length`, and returns its figures.
    pub(super) fn take(self, tunnel: &Tunnel, length: Duration) -> Result<Vec<(Measure, f64)>, Fault> {
        let Tunnel { near, far, .. } = tunnel;
        Ok(match self {
            Self::Pings => {
                let trips = ping::trips_us(near, far)?;
                let mean = trips.iter().sum::<f64>() / trips.len() as f64;
                let median = median(&trips).map(|median| (Measure::Ping, median));
                median.into_iter().chain([(Measure::PingMean, mean)]).collect()
            }
            Self::Out => vec![(Measure::Out, tcp::one_stream(near, far, length)? * 1e3)],
            Self::In => vec![(Measure::In, tcp::one_stream(far, near, length)? * 1e3)],
        })
    }
}
