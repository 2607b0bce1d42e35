//! What is shown of a device: who has it open, what waits, what passed.

use super::links::Linked;
use super::{Nodes, Served};
use frame::{DropCounts, DropReason, PortId};
use kernel_glue::admin::{Counts, OpenBy, OpenReport, TapLive, header_text};
use kernel_glue::linux::Wire;
use tap::{DeviceName, Link, Transport};

impl Nodes {
    /// Returns what only the running device knows.
    pub(in super::super) fn live(&self, name: &str) -> Option<TapLive> {
        let name: DeviceName = name.parse().ok()?;
        let served = self.devices.get(&name)?;
        let path = self.server.as_ref().map(|server| server.directory().join(name.to_string()).display().to_string());
        let queued = u32::try_from(served.queues.counters().to_application.queued).unwrap_or(u32::MAX);
        let opens = self.books.opens(name).map(|(id, handle)| {
            let pid = self.opens.get(&id).and_then(|open| open.pid).unwrap_or_default();
            let socket = self.opens.get(&id).is_some_and(|open| open.transport == Transport::Socket);
            OpenReport {
                pid,
                program: program(pid),
                by: if socket { OpenBy::Socket } else { OpenBy::Node },
                header: header_text(handle.header()),
            }
        });
        Some(TapLive {
            up: served.queues.link() == Link::Up,
            node: path.unwrap_or_default(),
            opens: opens.collect(),
            queued: queued.saturating_add(served.port.queued()),
            counts: counts(served),
            tun: served.link.as_ref().map(Linked::live),
        })
    }
}

/// Adds up what passed the application face, received being what the application wrote.
fn counts(served: &Served) -> Counts {
    let (face, queues) = (served.port.counts(), served.queues.counters());
    let mut drops = DropCounts::ZERO;
    for &why in DropReason::ALL {
        // What the queues of a node refused, the face has counted as well.
        let to_application = face.to_app.drops.get(why).max(queues.to_application.drops.get(why));
        drops.add(why, to_application + face.from_app.drops.get(why) + queues.from_application.drops.get(why));
        drops.add(why, served.refused.get(why));
    }
    if let Some(wire) = &served.wire {
        for (why, count) in wire.port_counters(PortId::HOST).drops.nonzero() {
            drops.add(why, count);
        }
    }
    if let Some((_, sink)) = &served.sink {
        for (why, count) in sink.port_counters(Wire::NODE).drops.nonzero() {
            drops.add(why, count);
        }
    }
    Counts {
        rx_frames: face.from_app.frames,
        rx_bytes: face.from_app.bytes,
        tx_frames: face.to_app.frames,
        tx_bytes: face.to_app.bytes,
        suppressed: 0,
        drops: drops.nonzero().map(|(why, count)| (why.name().to_owned(), count)).collect(),
    }
}

/// Returns the name of a program; empty if it has ended or cannot be seen.
fn program(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).map(|name| name.trim_end().to_owned()).unwrap_or_default()
}
