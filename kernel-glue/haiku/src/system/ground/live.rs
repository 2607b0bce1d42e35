//! What is shown beside the state.

use super::Ground;
use super::own::far_of;
use crate::kernel::clock;
use crate::member::Condition as MemberCondition;
use crate::node;
use crate::unit::Application;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use arp::Binding;
use bridge::Bridge;
use frame::{DropReason, Instant, PortId};
use kernel_glue::admin::{
    Attached, Condition, Counts, InetAddress, Live, NeighbourEntry, OpenBy, OpenReport, OwnLink, TapLive, header_text,
    named,
};

impl Live for Ground {
    fn engine(&self, bridge: &str) -> Option<&Bridge> {
        self.bridge(bridge).map(super::Served::engine)
    }

    fn condition(&self, bridge: &str, port: PortId) -> Condition {
        let Some(served) = self.bridge(bridge) else { return Condition::Absent };
        match served.attached(port) {
            None => Condition::Absent,
            Some(Attached::Own(_)) => Condition::Running,
            Some(Attached::Application(name)) if self.is_running(name) => Condition::Running,
            Some(Attached::Application(_)) => Condition::LinkDown,
            Some(Attached::Foreign(_) | Attached::Shared(_) | Attached::Mirror(_)) => {
                match served.handle().member(port).map(|member| member.condition()) {
                    Some(MemberCondition::Running) => Condition::Running,
                    Some(MemberCondition::NoCarrier | MemberCondition::Down) => Condition::LinkDown,
                    Some(MemberCondition::Gone) | None => Condition::Absent,
                }
            }
        }
    }

    fn bits_per_second(&self, bridge: &str, port: PortId) -> Option<u64> {
        let member = self.bridge(bridge)?.handle().member(port)?;
        Some(member.speed()).filter(|&speed| speed > 0)
    }

    fn own_link(&self, interface: &str) -> OwnLink {
        let Some(own) = self.own.get(interface).filter(|own| own.unit.is_up()) else { return OwnLink::Down };
        match own.unit.application() {
            // What a tap in a bridge sends does not pass its interface; programs wait for the carrier of a tun.
            Some(application) if application.tun().is_none() && application.is_bridged() => OwnLink::NoCarrier,
            Some(application) if !application.device().carrier() => OwnLink::NoCarrier,
            Some(_) | None => OwnLink::Running,
        }
    }

    fn addresses(&self, interface: &str) -> Option<Vec<InetAddress>> {
        let own = self.own.get(interface)?;
        let far = far_of(&own.unit);
        Some(own.handle()?.addresses().iter().filter_map(|one| one.inet(far)).collect())
    }

    #[inline(never)]
    fn device(&self, name: &str) -> Option<TapLive> {
        let own = self.own.get(name)?;
        let application = own.unit.application()?;
        let device = application.device();
        let queued = device.counters().to_application.queued;
        Some(TapLive {
            up: own.unit.is_up(),
            node: format!("/dev/{}/{}", device.name().kind.word(), device.name().unit),
            opens: opens(application),
            queued: u32::try_from(queued).unwrap_or(u32::MAX),
            counts: counts(application),
            tun: own.link.as_ref().and_then(|link| link.live(&own.unit, clock::now())),
        })
    }

    fn bound(&self, bridge: &str, now: Instant) -> Vec<Binding> {
        self.bridge(bridge).map(|served| served.handle().neighbours().list(now)).unwrap_or_default()
    }

    fn neighbours(&self, now: Instant) -> Vec<NeighbourEntry> {
        let mut all = Vec::new();
        for (name, own) in &self.own {
            if let Some(link) = &own.link {
                all.append(&mut link.neighbours(name, &own.unit, now));
            }
        }
        all
    }
}

impl Ground {
    /// Returns whether the application of a device carries packets.
    pub(super) fn is_running(&self, name: &str) -> bool {
        let application = self.own.get(name).and_then(|own| own.unit.application());
        application
            .is_some_and(|application| application.device().carrier() && application.device().link() == tap::Link::Up)
    }
}

#[inline(never)]
fn opens(application: &Application) -> Vec<OpenReport> {
    let open = |(team, header)| OpenReport {
        pid: team,
        program: String::new(),
        by: OpenBy::Node,
        header: header_text(header),
    };
    node::books::opens(application.device().name()).into_iter().map(open).collect()
}

/// Adds up what passed the application's side, received being what the application wrote.
#[inline(never)]
fn counts(application: &Application) -> Counts {
    let (passed, mut drops) = queues(application);
    let (given_bytes, taken_bytes) = application.bytes();
    for (why, count) in shim_drops(application) {
        *drops.entry(why.name().into()).or_default() += count;
    }
    Counts {
        rx_frames: passed.0,
        rx_bytes: taken_bytes,
        tx_frames: passed.1,
        tx_bytes: given_bytes,
        suppressed: 0,
        drops,
    }
}

// Counts of drops are large, and the stacks of the kernel small: each kind is in a frame of its own.
#[inline(never)]
fn queues(application: &Application) -> ((u64, u64), BTreeMap<String, u64>) {
    let queues = application.device().counters();
    let dropped = |why| queues.to_application.drops.get(why).saturating_add(queues.from_application.drops.get(why));
    let drops = DropReason::ALL.iter().map(|&why| (why.name(), dropped(why))).filter(|&(_, count)| count > 0);
    ((queues.from_application.packets, queues.to_application.packets), named(drops))
}

#[inline(never)]
fn shim_drops(application: &Application) -> Vec<(DropReason, u64)> {
    application.tun().map(|tun| tun.drops().nonzero().collect()).unwrap_or_default()
}
