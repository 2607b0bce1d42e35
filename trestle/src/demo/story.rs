//! What is done on the stage, and what is kept of it.

use super::host::{Host, Stack};
use super::{DemoError, Described, Pinged, Ran, Report, Scene, Shown, Stage, Transferred};
use crate::administer;
use crate::control::Client;
use std::ffi::OsString;
use std::time::Duration;

const PINGS: u16 = 20;
/// Enough for a second or so between kernels, and between embedded stacks.
const KERNEL_BYTES: u64 = 2 << 30;
const EMBEDDED_BYTES: u64 = 64 << 20;

/// Runs the script and tries every pair of hosts.
pub(super) fn tell(stage: &Stage) -> Result<Report, DemoError> {
    let commands = stage.script.iter().map(|scene| act(stage, scene)).collect::<Result<_, _>>()?;
    let pairs = || stage.hosts.iter().flat_map(|from| stage.hosts.iter().map(move |to| (from, to)));
    let pings = pairs().filter(|(from, to)| from.name != to.name).map(|(from, to)| ping(from, to)).collect();
    let transfers = pairs()
        .filter(|(from, to)| from.name < to.name && from.interface != "bridge0" && to.interface != "bridge0")
        .map(|(from, to)| transfer(from, to))
        .collect();
    Ok(Report {
        place: stage.place.clone(),
        hosts: stage.hosts.iter().map(describe).collect(),
        commands,
        pings,
        transfers,
        bridge: show(stage, "bridge0")?,
        addresses: show(stage, "bridge0 addr")?,
    })
}

fn act(stage: &Stage, scene: &Scene) -> Result<Ran, DemoError> {
    match scene {
        Scene::Ifconfig(words) => {
            let printed = ifconfig(stage, words)?;
            Ok(Ran { line: format!("ifconfig {words}"), printed })
        }
        Scene::Other(line, action) => {
            action()?;
            Ok(Ran { line: (*line).to_owned(), printed: String::new() })
        }
    }
}

fn ifconfig(stage: &Stage, words: &str) -> Result<String, DemoError> {
    let arguments: Vec<OsString> = words.split_whitespace().map(Into::into).collect();
    administer::execute(&arguments, || Ok(Client::connect(&stage.socket)?))
        .map_err(DemoError::of(&format!("ifconfig {words}")))
}

fn show(stage: &Stage, words: &str) -> Result<Shown, DemoError> {
    let text = ifconfig(stage, words)?;
    let json = ifconfig(stage, &format!("-j {words}"))?;
    let data = serde_json::from_str(&json).map_err(DemoError::of("read JSON"))?;
    Ok(Shown { line: format!("ifconfig {words}"), text, data })
}

fn describe(host: &Host) -> Described {
    Described { name: host.name, address: host.address.to_string(), interface: host.interface, what: host.what }
}

fn ping(from: &Host, to: &Host) -> Pinged {
    // Not counted: finding the neighbour's address takes its own time.
    from.ping(to.address, 1);
    let times = from.ping(to.address, PINGS);
    let mut answered: Vec<u64> =
        times.iter().flatten().map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)).collect();
    answered.sort_unstable();
    Pinged {
        from: from.name,
        to: to.name,
        sent: times.len(),
        answered: answered.len(),
        median_us: answered.get(answered.len() / 2).copied().unwrap_or(0),
        worst_us: answered.last().copied().unwrap_or(0),
    }
}

fn transfer(from: &Host, to: &Host) -> Transferred {
    let embedded = [from, to].iter().any(|host| matches!(host.stack, Stack::Embedded(_) | Stack::Memory(..)));
    let bytes = if embedded { EMBEDDED_BYTES } else { KERNEL_BYTES };
    let seconds = from.send(to.address, bytes).map(|took| took.max(Duration::from_micros(1)).as_secs_f64());
    let gigabits_per_second = seconds.map(|seconds| bytes as f64 * 8e-9 / seconds);
    Transferred { from: from.name, to: to.name, bytes, seconds, gigabits_per_second }
}
