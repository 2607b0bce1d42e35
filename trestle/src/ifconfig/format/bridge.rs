//! The lines that only a bridge has.

use super::{flags, printable};
use crate::ifconfig::command::Verbosity;
use crate::ifconfig::verb_text::{storm_word, stp_word};
use frame::Mac;
use kernel_glue::admin::{BridgeReport, Counts, MemberReport, TableReport};
use std::fmt::{Result, Write};

const MEMBER: &str = "\t        ";

/// Writes the block of a bridge.
pub(super) fn write(out: &mut String, bridge: &BridgeReport, verbosity: Verbosity) -> Result {
    // FreeBSD shows a zero identifier while spanning tree is off.
    write!(out, "\tid {} priority {} ", Mac::ZERO, bridge.priority)?;
    writeln!(out, "hellotime {} fwddelay {}", bridge.hello_time, bridge.forward_delay)?;
    write!(out, "\tmaxage {} holdcnt {} ", bridge.max_age, bridge.hold_count)?;
    write!(out, "proto {} ", stp_word(bridge.protocol))?;
    writeln!(out, "maxaddr {} timeout {}", bridge.max_addresses, bridge.timeout)?;
    writeln!(out, "\tSTP off")?;
    write!(out, "\tbridge flags={}", flags::bridge(bridge))?;
    if let Some(vid) = bridge.default_untagged {
        write!(out, " defuntagged={vid}")?;
    }
    writeln!(out)?;
    if let Some(vid) = bridge.host_untagged {
        writeln!(out, "\thost untagged {vid}")?;
    }
    if verbosity == Verbosity::Verbose {
        table(out, &bridge.table)?;
        counts(out, "\ttotal ", &bridge.total)?;
        counts(out, "\thost ", &bridge.host)?;
    }
    bridge.members.iter().try_for_each(|port| member(out, port, verbosity))
}

fn member(out: &mut String, port: &MemberReport, verbosity: Verbosity) -> Result {
    let flags = if port.span { flags::SPAN.to_owned() } else { flags::member(&port.flags) };
    writeln!(out, "\tmember: {} flags={flags}", port.interface)?;
    out.write_str(MEMBER)?;
    if port.max_addresses != 0 {
        write!(out, "ifmaxaddr {} ", port.max_addresses)?;
    }
    write!(out, "port {} priority {} path cost {}", port.port, port.priority, port.path_cost)?;
    if !port.span {
        write!(out, " vlan protocol {}", port.vlan_protocol.name())?;
    }
    if let Some(vid) = port.untagged {
        write!(out, " untagged {vid}")?;
    }
    if !port.tagged.is_empty() {
        write!(out, " tagged {}", port.tagged)?;
    }
    if !port.suppress.is_off() {
        write!(out, " suppress {}", port.suppress)?;
    }
    writeln!(out)?;
    if verbosity == Verbosity::Verbose {
        details(out, port)?;
    }
    Ok(())
}

fn details(out: &mut String, port: &MemberReport) -> Result {
    write!(out, "{MEMBER}addresses {}", port.addresses)?;
    if !port.protected.is_empty() {
        let groups: Vec<_> = port.protected.iter().map(u8::to_string).collect();
        write!(out, " protected {}", groups.join(","))?;
    }
    writeln!(out)?;
    if !port.storm.is_empty() {
        write!(out, "{MEMBER}storm")?;
        for (&class, rate) in &port.storm {
            write!(out, " {} {rate}", storm_word(class))?;
        }
        writeln!(out)?;
    }
    if !port.trouble.is_empty() {
        writeln!(out, "{MEMBER}trouble: {}", printable(&port.trouble))?;
    }
    counts(out, MEMBER, &port.counts)
}

fn counts(out: &mut String, start: &str, counts: &Counts) -> Result {
    traffic(out, start, "frames", counts)?;
    if counts.suppressed != 0 {
        writeln!(out, "{start}suppressed {}", counts.suppressed)?;
    }
    if counts.drops.is_empty() {
        return Ok(());
    }
    write!(out, "{start}drops")?;
    drops(out, counts)?;
    writeln!(out)
}

/// Writes the line of what passed.
pub(super) fn traffic(out: &mut String, start: &str, unit: &str, counts: &Counts) -> Result {
    let Counts { rx_frames, rx_bytes, tx_frames, tx_bytes, suppressed: _, drops: _ } = counts;
    writeln!(out, "{start}rx {unit} {rx_frames} bytes {rx_bytes} tx {unit} {tx_frames} bytes {tx_bytes}")
}

/// Writes each reason for a drop with its number, a space before each.
pub(super) fn drops(out: &mut String, counts: &Counts) -> Result {
    counts.drops.iter().try_for_each(|(why, frames)| write!(out, " {why} {frames}"))
}

fn table(out: &mut String, table: &TableReport) -> Result {
    let TableReport { addresses, learned, moved, expired, evicted, refused, events_lost } = table;
    write!(out, "\ttable addresses {addresses} learned {learned} moved {moved} ")?;
    writeln!(out, "expired {expired} evicted {evicted} refused {refused} events lost {events_lost}")
}
