//! The lines that only a tap or tun has.

use super::bridge::{drops, traffic};
use super::printable;
use crate::ifconfig::command::Verbosity;
use crate::ifconfig::verb_text::carrier_word;
use kernel_glue::admin::{Carrier, OpenBy, OpenReport, TapReport};
use std::fmt::{Result, Write};

/// Writes the node, who may open it, and what waits for who has.
pub(super) fn write(out: &mut String, tap: &TapReport, verbosity: Verbosity) -> Result {
    let node = if tap.node.is_empty() { "none" } else { &tap.node };
    write!(out, "\tnode: {} owner {}", printable(node), tap.owner)?;
    if let Some(group) = tap.group {
        write!(out, " group {group}")?;
    }
    write!(out, " mode {:03o}", tap.mode)?;
    let words = [(tap.multi_queue, " multiqueue"), (!tap.persistent, " -persist")];
    words.iter().filter(|(set, _)| *set).try_for_each(|(_, word)| out.write_str(word))?;
    match tap.carrier {
        Carrier::Auto => {}
        Carrier::Up | Carrier::Down => write!(out, " carrier {}", carrier_word(tap.carrier))?,
    }
    write!(out, "\n\tqueue: {} of {} packets", tap.queued, tap.queue_packets)?;
    if !tap.counts.drops.is_empty() {
        out.write_str(", drops:")?;
        drops(out, &tap.counts)?;
    }
    writeln!(out)?;
    match verbosity {
        Verbosity::Brief => Ok(()),
        Verbosity::Verbose => traffic(out, "\t", "packets", &tap.counts),
    }
}

/// Writes FreeBSD's line of the medium.
pub(super) fn status(out: &mut String, tap: &TapReport) -> Result {
    writeln!(out, "\tstatus: {}", if tap.active { "active" } else { "no carrier" })
}

/// Writes FreeBSD's line of who has it open, which scripts read to its end; what more there is to say follows with
/// `-v`.
pub(super) fn opens(out: &mut String, tap: &TapReport, verbosity: Verbosity) -> Result {
    tap.opens.iter().try_for_each(|open| {
        let OpenReport { pid, program, by, header } = open;
        write!(out, "\tOpened by PID {pid}")?;
        if verbosity == Verbosity::Verbose {
            let program = if program.is_empty() { "?" } else { program };
            let by = match by {
                OpenBy::Socket => "socket",
                OpenBy::Node => "node",
            };
            write!(out, " ({}) by {by}, header {}", printable(program), printable(header))?;
        }
        writeln!(out)
    })
}
