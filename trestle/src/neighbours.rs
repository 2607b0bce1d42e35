//! `trestle neighbours`: who has which IP address, as the daemon knows it.

use crate::administer::{Door, Failure};
use crate::output;
use kernel_glue::admin::{NeighbourEntry, Question, Reply, Request};
use std::ffi::OsString;

/// Prints what a command line asks for.
///
/// # Errors
/// In words: the line is not understood, or the daemon cannot be asked, or refuses.
pub(crate) fn run<D: Door>(arguments: Vec<OsString>, open: impl FnOnce() -> Result<D, Failure>) -> Result<(), String> {
    let wrong = |error: lexopt::Error| format!("neighbours: {error}; see 'trestle help'");
    let Asked { interface, style } = parse(arguments).map_err(wrong)?;
    let entries =
        open().and_then(|mut door| ask(&mut door, interface)).map_err(|error| format!("neighbours: {error}"))?;
    let text = match style {
        Style::Text => entries.iter().map(|entry| line(entry) + "\n").collect(),
        Style::Json => serde_json::to_string_pretty(&entries).map_err(|error| format!("neighbours: {error}"))? + "\n",
    };
    output::print(&text)
}

/// Returns an entry as `arp -a` would print it.
///
/// `10.0.0.5 at 02:00:00:00:00:01 on bridge0 eth1 vlan 20 [arp] 12 s`
pub fn line(entry: &NeighbourEntry) -> String {
    let NeighbourEntry { interface, member, vlan, address, mac, kind: _, state, age_seconds } = entry;
    let mac = mac.map_or("(incomplete)".to_owned(), |mac| mac.to_string());
    let member = member.as_ref().map(|member| format!(" {member}")).unwrap_or_default();
    let vlan = if *vlan == 0 { String::new() } else { format!(" vlan {vlan}") };
    format!("{address} at {mac} on {interface}{member}{vlan} [{}] {age_seconds} s", state.name())
}

#[derive(Debug, Default, Eq, PartialEq)]
struct Asked {
    interface: Option<String>,
    style: Style,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Style {
    #[default]
    Text,
    Json,
}

fn parse(arguments: Vec<OsString>) -> Result<Asked, lexopt::Error> {
    use lexopt::prelude::*;
    let mut asked = Asked::default();
    let mut words = lexopt::Parser::from_args(arguments);
    while let Some(word) = words.next()? {
        match word {
            Short('j') | Long("json") => asked.style = Style::Json,
            Value(name) if asked.interface.is_none() => asked.interface = Some(name.string()?),
            Short(_) | Long(_) | Value(_) => return Err(word.unexpected()),
        }
    }
    Ok(asked)
}

fn ask(door: &mut impl Door, interface: Option<String>) -> Result<Vec<NeighbourEntry>, Failure> {
    match door.exchange(&Request::Ask(Question::Neighbours(interface)))? {
        Reply::Neighbours(entries) => Ok(entries),
        other @ (Reply::Changed { .. } | Reply::Interfaces(_) | Reply::Addresses(_) | Reply::Refused(_)) => {
            Err(Failure::unexpected(other))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel_glue::admin::{NeighbourKind, NeighbourState};

    #[test]
    fn lines() {
        let on = |interface: &str, member: Option<&str>, vlan, address: &str, state| NeighbourEntry {
            interface: interface.into(),
            member: member.map(str::to_owned),
            vlan,
            address: address.parse().unwrap(),
            mac: "02:00:00:00:00:01".parse().ok(),
            kind: NeighbourKind::Binding,
            state,
            age_seconds: 12,
        };
        let unanswered = NeighbourEntry { mac: None, ..on("tun0", None, 0, "10.8.0.9", NeighbourState::Incomplete) };
        #[rustfmt::skip]
        let rows = [
            (on("bridge0", Some("eth1"), 20, "10.0.0.5", NeighbourState::Arp), "10.0.0.5 at 02:00:00:00:00:01 on bridge0 eth1 vlan 20 [arp] 12 s"),
            (on("bridge0", Some("eth1"), 0, "fd00::5", NeighbourState::Nd),    "fd00::5 at 02:00:00:00:00:01 on bridge0 eth1 [nd] 12 s"),
            (on("bridge0", None, 0, "10.0.0.1", NeighbourState::Arp),          "10.0.0.1 at 02:00:00:00:00:01 on bridge0 [arp] 12 s"),
            (on("tun0", None, 0, "10.8.0.0/24", NeighbourState::Answered),     "10.8.0.0/24 at 02:00:00:00:00:01 on tun0 [answered] 12 s"),
            (unanswered,                                                       "10.8.0.9 at (incomplete) on tun0 [incomplete] 12 s"),
        ];
        for (entry, want) in rows {
            assert_eq!(line(&entry), want);
        }
    }

    #[test]
    fn arguments() {
        let read = |words: &str| parse(words.split_whitespace().map(OsString::from).collect());
        let asked = |interface: Option<&str>, style| Asked { interface: interface.map(str::to_owned), style };
        assert_eq!(read("").unwrap(), asked(None, Style::Text));
        assert_eq!(read("-j bridge0").unwrap(), asked(Some("bridge0"), Style::Json));
        assert_eq!(read("bridge0 --json").unwrap(), asked(Some("bridge0"), Style::Json));
        for wrong in ["bridge0 bridge1", "-x", "--all"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
