//! The round trip of single frames.

use crate::Fault;
use crate::bed::Host;
use crate::program::run;
use std::time::Duration;

/// Returns round trips in microseconds, to the whole one that ping prints: a thousand, and one at least.
pub(crate) fn trips_us(from: &Host, to: &Host) -> Result<Vec<f64>, Fault> {
    let mut ping = from.ns.command("ping");
    ping.args(["-n", "-i", "0.001", "-c", "1000", "-w", "10", to.address]);
    let text = run(ping, Duration::from_secs(30))?;
    let trips: Vec<f64> = text.lines().filter_map(trip_us).collect();
    if trips.is_empty() { Err(Fault::Output { of: "ping", text }) } else { Ok(trips) }
}

/// Returns the round trip of one line of ping, `… icmp_seq=1 ttl=64 time=0.040 ms`.
fn trip_us(line: &str) -> Option<f64> {
    let (milliseconds, _) = line.split_once("time=")?.1.split_once(' ')?;
    milliseconds.parse::<f64>().ok().map(|milliseconds| (milliseconds * 1000.0).round())
}

#[cfg(test)]
mod tests {
    use super::trip_us;

    #[test]
    fn lines_of_ping() {
        let rows = [
            ("64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.040 ms", Some(40.0)),
            ("64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 time=12.5 ms", Some(12_500.0)),
            ("rtt min/avg/max/mdev = 0.036/0.041/0.094/0.006 ms", None),
            ("10 packets transmitted, 10 received, 0% packet loss, time 9ms", None),
        ];
        for (line, want) in rows {
            assert_eq!(trip_us(line), want, "{line}");
        }
    }
}
