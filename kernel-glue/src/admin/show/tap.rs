//! Reports of taps and tuns.

use super::super::report::{Counts, InterfaceKind, InterfaceReport, OpenReport, TapReport};
use super::super::request::Carrier;
use super::super::state::{State, TapState};
use super::tun::{TunLive, tun_report};
use super::{InterfaceLive, Settings, report};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What only the running device knows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TapLive {
    /// Whether the system's interface is up, whoever brought it up.
    pub up: bool,
    /// The path of its node; empty if no nodes are served.
    pub node: String,
    /// Who has it open.
    pub opens: Vec<OpenReport>,
    /// Packets that wait for the application.
    pub queued: u32,
    /// Its traffic; received is what the application wrote.
    pub counts: Counts,
    /// Its link, if it is a tun.
    pub tun: Option<TunLive>,
}

/// Reports a tap or tun; `None` if there is none of that name.
#[inline(never)]
pub fn report_tap(state: &State, name: &str, interface: InterfaceLive, mut live: TapLive) -> Option<InterfaceReport> {
    let kind = state.kind_of(name).filter(|kind| matches!(kind, InterfaceKind::Tap | InterfaceKind::Tun))?;
    let device = state.device(name)?;
    let settings = Settings { kind, up: live.up, description: &device.description };
    let mut report = report(state, name, settings, interface);
    if kind == InterfaceKind::Tun {
        // Before it runs, it will be told what is there.
        let link = live.tun.take().unwrap_or_else(|| TunLive { inet: report.addresses.clone(), ..TunLive::default() });
        report.tun = Some(Box::new(tun_report(&device.link, state.side_of(name), link)));
    }
    report.tap = Some(Box::new(tap_report(device, live)));
    Some(report)
}

#[inline(never)]
fn tap_report(device: &TapState, live: TapLive) -> TapReport {
    let active = match device.carrier {
        Carrier::Auto => !live.opens.is_empty(),
        Carrier::Up => true,
        Carrier::Down => false,
    };
    TapReport {
        node: live.node,
        owner: device.owner,
        group: device.group,
        mode: device.mode,
        multi_queue: device.multi_queue,
        persistent: !device.transient,
        carrier: device.carrier,
        active,
        opens: live.opens,
        queued: live.queued,
        queue_packets: device.queue_packets,
        counts: live.counts,
    }
}

/// Says what precedes each packet of a descriptor.
pub fn header_text(header: tap::Header) -> String {
    let vnet = header.vnet().map(|vnet| format!("virtio-net {}", vnet.bytes()));
    match (header, vnet) {
        (tap::Header::PacketInfo, _) => "packet information".into(),
        (tap::Header::AddressFamily(_), _) => "address family".into(),
        (tap::Header::PacketInfoVnet(_), Some(vnet)) => format!("packet information, {vnet}"),
        (_, Some(vnet)) => vnet,
        (_, None) => "none".into(),
    }
}

#[cfg(test)]
mod tests;
