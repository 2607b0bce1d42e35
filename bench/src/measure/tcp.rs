//! One TCP stream, by iperf3.

use crate::Fault;
use crate::bed::Host;
use crate::clock::within;
use crate::program::{Program, require, run};
use std::time::Duration;

/// Returns Gbit/s that `to` receives. CUBIC is asked for: a machine's default may differ.
pub(crate) fn one_stream(from: &Host, to: &Host, length: Duration) -> Result<f64, Fault> {
    require("iperf3")?;
    let mut server = to.ns.command("iperf3");
    server.args(["-s", "-1"]);
    let _server = Program::start(server)?;
    if !within(Duration::from_secs(10), || listens(to)) {
        return Err(Fault::Late("the start of iperf3"));
    }
    let seconds = length.as_secs().max(1).to_string();
    let mut client = from.ns.command("iperf3");
    client.args(["-J", "-C", "cubic", "-t", &seconds, "-c", to.address]);
    let text = run(client, length + Duration::from_secs(20))?;
    let report: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let bits = report.and_then(|report| report.pointer("/end/sum_received/bits_per_second")?.as_f64());
    bits.map(|bits| bits / 1e9).ok_or(Fault::Output { of: "iperf3", text })
}

/// Returns whether something listens on iperf3's port, 5201: state 0A at local port 1451 (hexadecimal; proc(5)).
fn listens(host: &Host) -> bool {
    let tables = host.ns.enter(|| {
        ["tcp", "tcp6"]
            .map(|table| std::fs::read_to_string(format!("/proc/thread-self/net/{table}")).unwrap_or_default())
    });
    let listening = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        words.next().is_some_and(|local| local.ends_with(":1451")) && words.nth(1) == Some("0A")
    };
    tables.is_ok_and(|tables| tables.iter().any(|table| table.lines().any(listening)))
}
