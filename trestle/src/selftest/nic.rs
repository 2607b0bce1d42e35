//! A network card as a member.

use super::Options;
use super::frames::mark;
use super::scene::Scene;
use kernel_glue::admin::{MemberFlag, MemberReport};
use kernel_glue::haiku_user::{Blocking, Calls, Descriptor};
use std::thread;
use std::time::Duration;

/// Makes the card that was named a member for two seconds, sends through it, and counts what comes.
pub(super) fn is_member<C: Calls>(scene: &mut Scene<'_, C>, options: &Options) -> Option<Result<String, String>> {
    let nic = options.nic.as_deref()?;
    let tried = || {
        let bridge = scene.devices()?.bridge;
        scene.ifconfig(&format!("{bridge} addm {nic}"))?;
        let counted = count(scene, &bridge, nic);
        let (member, sent) = scene.after(&format!("{bridge} deletem {nic}"), counted)?;
        if find(scene, &bridge, nic)?.is_some() {
            return Err(format!("{nic} is still a member of {bridge}"));
        }
        if !member.trouble.is_empty() {
            return Err(format!("{nic}: {}", member.trouble));
        }
        if member.counts.tx_frames < u64::from(sent) {
            return Err(format!("{sent} frames went in, and {} out of {nic}", member.counts.tx_frames));
        }
        let host = if member.flags.contains(&MemberFlag::HostAddress) { ", the host keeps its address" } else { "" };
        Ok(format!("{} frames in, {} out{host}", member.counts.rx_frames, member.counts.tx_frames))
    };
    Some(tried())
}

fn count<C: Calls>(scene: &Scene<'_, C>, bridge: &str, nic: &str) -> Result<(MemberReport, u32), String> {
    let devices = scene.devices()?;
    let [tap, _] = &devices.taps;
    let tap = tap.as_str();
    let node = scene.open(tap, Blocking::No)?;
    for port in [tap, nic] {
        scene.await_link(bridge, port)?;
    }
    // To an address that nobody has, so that they go everywhere.
    for number in 0..FRAMES {
        node.write(&mark(number, 60)).map_err(|status| format!("{tap}: write: {status}"))?;
        thread::sleep(Duration::from_millis(100));
    }
    let member = find(scene, bridge, nic)?.ok_or(format!("{nic} is no member of {bridge}"))?;
    Ok((member, FRAMES))
}

fn find<C: Calls>(scene: &Scene<'_, C>, bridge: &str, nic: &str) -> Result<Option<MemberReport>, String> {
    let members = scene.show(bridge)?.bridge.map(|bridge| bridge.members).unwrap_or_default();
    Ok(members.into_iter().find(|member| member.interface == nic))
}

/// Two seconds of them.
const FRAMES: u32 = 20;
