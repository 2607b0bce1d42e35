//! The lines that only a tun has, as a link between two points.

use crate::ifconfig::command::Verbosity;
use crate::ifconfig::verb_text::topology_word;
use frame::Mac;
use kernel_glue::admin::{LeaseReport, Mss, TunReport};
use std::fmt::{Result, Write};

/// Writes who is at the other end, how the link finds its way on a LAN, and what it answered.
pub(super) fn write(out: &mut String, tun: &TunReport, verbosity: Verbosity) -> Result {
    out.push_str("\tpeer:");
    if tun.peer_mac != Mac::ZERO {
        write!(out, " {}", tun.peer_mac)?;
    }
    match tun.stands_for.as_slice() {
        [] => out.push_str(" for nobody\n"),
        [all] if all == "all" => out.push_str(" for all but the host\n"),
        these => writeln!(out, " for {}", these.join(" "))?,
    }
    settings(out, tun)?;
    tun.lease.as_ref().map_or(Ok(()), |lease| write_lease(out, lease))?;
    match verbosity {
        Verbosity::Brief => Ok(()),
        Verbosity::Verbose => counters(out, tun),
    }
}

/// Writes what the operator set, as the verbs that set it.
fn settings(out: &mut String, tun: &TunReport) -> Result {
    let mut words = Vec::new();
    words.extend(tun.topology.map(|topology| format!("topology {}", topology_word(topology))));
    words.extend(match tun.mss {
        Mss::Off => None,
        Mss::Auto => Some("mss auto".to_owned()),
        Mss::Bytes(bytes) => Some(format!("mss {bytes}")),
    });
    words.extend(tun.gateways.iter().map(|gateway| format!("gateway {gateway}")));
    words.extend(tun.on_link.iter().map(|network| format!("onlink {network}")));
    words.extend(tun.dhcp.then(|| "dhcp".to_owned()));
    if words.is_empty() { Ok(()) } else { writeln!(out, "\tlink: {}", words.join(" ")) }
}

fn write_lease(out: &mut String, lease: &LeaseReport) -> Result {
    write!(out, "\tlease: {}/{}", lease.address, lease.prefix)?;
    if let Some(gateway) = lease.gateway {
        write!(out, " gateway {gateway}")?;
    }
    write!(out, " from {}", lease.server)?;
    match lease.expires_s {
        Some(seconds) => writeln!(out, " expires in {seconds} s"),
        None => writeln!(out, " for ever"),
    }
}

fn counters(out: &mut String, tun: &TunReport) -> Result {
    write!(out, "\tneighbours: {}", tun.neighbours)?;
    tun.counters.iter().try_for_each(|(name, count)| write!(out, " {name} {count}"))?;
    writeln!(out)
}
