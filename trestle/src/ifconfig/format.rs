//! Reports as text in FreeBSD 15's layout, or as JSON.
//!
//! Each line after the first starts with a tab, each continuation of a member's with a tab and eight spaces.

mod bridge;
mod flags;
mod inet;
mod tap;
mod tun;

use super::command::{Style, Verbosity};
use kernel_glue::admin::{AddressEntry, AddressKind, InterfaceReport};
use serde::Serialize;
use std::fmt::Write;

/// Returns an interface as `ifconfig <interface>` prints it.
pub fn interface(report: &InterfaceReport, verbosity: Verbosity) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write_interface(&mut out, report, verbosity);
    out
}

/// Returns interfaces, in order, as text or as a JSON array.
///
/// # Errors
/// None that these types can cause.
pub fn interfaces(reports: &[InterfaceReport], verbosity: Verbosity, style: Style) -> serde_json::Result<String> {
    match style {
        Style::Text => Ok(reports.iter().map(|report| interface(report, verbosity)).collect()),
        Style::Json => json(reports),
    }
}

/// Returns the names of interfaces as one line, or as a JSON array.
///
/// # Errors
/// None that these types can cause.
pub fn names(reports: &[InterfaceReport], style: Style) -> serde_json::Result<String> {
    let names: Vec<_> = reports.iter().map(|report| report.name.as_str()).collect();
    match style {
        Style::Text => Ok(names.join(" ") + "\n"),
        Style::Json => json(&names),
    }
}

/// Returns an address table, one line an entry, or as a JSON array.
///
/// # Errors
/// None that these types can cause.
pub fn addresses(entries: &[AddressEntry], style: Style) -> serde_json::Result<String> {
    match style {
        Style::Text => Ok(entries.iter().map(address).collect()),
        Style::Json => json(entries),
    }
}

/// Returns the name of an interface that was made from a clone name, `{"created": "bridge0"}` in JSON.
///
/// # Errors
/// None that these types can cause.
pub fn created(name: &str, style: Style) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Created<'a> {
        created: &'a str,
    }
    match style {
        Style::Text => Ok(format!("{name}\n")),
        Style::Json => json(&Created { created: name }),
    }
}

fn write_interface(out: &mut String, report: &InterfaceReport, verbosity: Verbosity) -> std::fmt::Result {
    let flags = flags::interface(&report.flags);
    writeln!(out, "{}: flags={flags} metric 0 mtu {}", report.name, report.mtu)?;
    if !report.description.is_empty() {
        writeln!(out, "\tdescription: {}", printable(&report.description))?;
    }
    writeln!(out, "\tether {}", report.ether)?;
    for address in &report.addresses {
        inet::write(out, address, &report.name, report.kind)?;
    }
    if let Some(bridge) = &report.bridge {
        bridge::write(out, bridge, verbosity)?;
    }
    if let Some(tun) = &report.tun {
        tun::write(out, tun, verbosity)?;
    }
    if let Some(tap) = &report.tap {
        tap::write(out, tap, verbosity)?;
    }
    if let Some(bridge) = &report.member_of {
        writeln!(out, "\tmember of: {bridge}")?;
    }
    if !report.groups.is_empty() {
        writeln!(out, "\tgroups: {}", report.groups.join(" "))?;
    }
    if let Some(tap) = &report.tap {
        tap::status(out, tap)?;
    }
    if report.elsewhere {
        writeln!(out, "\tstatus: in another network namespace")?;
    }
    if let Some(tap) = &report.tap {
        tap::opens(out, tap, verbosity)?;
    }
    Ok(())
}

fn address(entry: &AddressEntry) -> String {
    let flags = match entry.kind {
        AddressKind::Dynamic => "0<>",
        AddressKind::Static => "1<STATIC>",
        AddressKind::Sticky => "2<STICKY>",
    };
    let AddressEntry { address, vlan, interface, seconds, .. } = entry;
    format!("{address} Vlan{vlan} {interface} {seconds} flags={flags}\n")
}

fn json<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n")
}

/// Returns text that stays on its line and does nothing to a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests;
