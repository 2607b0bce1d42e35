//! The report, for people.

use super::{Report, Shown};
use std::fmt::Write;

/// Prints the report.
pub(super) fn of(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write(report, &mut text);
    text
}

fn write(report: &Report, out: &mut String) -> std::fmt::Result {
    writeln!(out, "A bridge, in {}\n", report.place)?;
    topology(report, out)?;
    writeln!(out)?;
    for ran in &report.commands {
        writeln!(out, "$ {}", ran.line)?;
        out.push_str(&ran.printed);
    }
    writeln!(out, "\nping            answered   median      worst")?;
    for ping in &report.pings {
        let pair = format!("{} -> {}", ping.from, ping.to);
        let answered = format!("{}/{}", ping.answered, ping.sent);
        writeln!(out, "{pair:<15} {answered:>8} {:>6} µs  {:>6} µs", ping.median_us, ping.worst_us)?;
    }
    writeln!(out, "\nTCP             megabytes   seconds   Gb/s")?;
    for transfer in &report.transfers {
        let pair = format!("{} -> {}", transfer.from, transfer.to);
        let megabytes = transfer.bytes / 1_000_000;
        writeln!(out, "{pair:<15} {megabytes:>9} {:>9.2} {:>6.2}", transfer.seconds, transfer.gigabits_per_second)?;
    }
    for Shown { line, text, .. } in [&report.bridge, &report.addresses] {
        write!(out, "\n$ {line}\n{text}")?;
    }
    writeln!(out)?;
    match report.unanswered() {
        0 => writeln!(out, "Every echo request was answered."),
        lost => writeln!(out, "{lost} echo requests went unanswered."),
    }
}

/// Draws the bridge above its hosts, a column each; the host that has the bridge's own address on top.
fn topology(report: &Report, out: &mut String) -> std::fmt::Result {
    const COLUMN: usize = 24;
    let below: Vec<_> = report.hosts.iter().filter(|host| host.interface != "bridge0").collect();
    let width = below.len() * COLUMN;
    for host in report.hosts.iter().filter(|host| host.interface == "bridge0") {
        writeln!(out, "{:^width$}", format!("{} {} on bridge0", host.name, host.address))?;
    }
    let half = COLUMN / 2;
    let line = "─".repeat(width.saturating_sub(COLUMN + 1));
    writeln!(out, "{:half$}┌{line}┐", "")?;
    for row in 0..4 {
        for host in &below {
            let cell = match row {
                0 => host.interface,
                1 => host.what,
                2 => host.name,
                _ => host.address.as_str(),
            };
            write!(out, "{cell:^COLUMN$}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}
