//! Small hosts on the taps, as virtual machines would be.

use super::Options;
use super::scene::{Scene, node_of};
use crate::embedded::{Embedded, SINK_PORT, Wire};
use kernel_glue::haiku_user::{Blocking, Calls, Descriptor, Ready};
use std::net::Ipv4Addr;
use std::time::Duration;

/// Starts a host on each tap, and lets them talk over the bridge.
pub(super) fn talk<C: Calls>(scene: &mut Scene<'_, C>, _: &Options) -> Option<Result<String, String>> {
    let talked = || {
        let devices = scene.devices()?;
        let [first, second] = &devices.taps;
        let one = start(scene, first, ONE)?;
        let _other = start(scene, second, OTHER)?;
        let times = pings(&one, OTHER)?;
        let took = one.send(OTHER, SINK_PORT, BYTES).ok_or(format!("{BYTES} octets over TCP did not arrive"))?;
        let rate = (BYTES as f64 / 1e6) / took.as_secs_f64().max(1e-6);
        Ok(format!("{times}, {rate:.1} MB/s"))
    };
    Some(talked())
}

/// Gives the host an address on the bridge, and pings it from a host on a tap.
pub(super) fn ping_host<C: Calls>(scene: &mut Scene<'_, C>, _: &Options) -> Option<Result<String, String>> {
    let pinged = || {
        let devices = scene.devices()?;
        let ([first, _], bridge) = (&devices.taps, &devices.bridge);
        scene.ifconfig(&format!("{bridge} inet {HOST}/24"))?;
        let result = start(scene, first, ONE).and_then(|one| pings(&one, HOST));
        scene.after(&format!("{bridge} inet {HOST} delete"), result)
    };
    Some(pinged())
}

fn pings(from: &Embedded, to: Ipv4Addr) -> Result<String, String> {
    let times: Vec<_> = from.ping(to, PINGS).into_iter().flatten().collect();
    if times.len() != usize::from(PINGS) {
        return Err(format!("{to} answered {} of {PINGS} pings", times.len()));
    }
    let longest = times.iter().max().map(Duration::as_micros).unwrap_or_default();
    Ok(format!("{PINGS} pings, the longest {longest} us"))
}

fn start<C: Calls>(scene: &Scene<'_, C>, tap: &str, address: Ipv4Addr) -> Result<Embedded, String> {
    let [.., last] = address.octets();
    let wire = NodeWire(scene.open(tap, Blocking::No)?);
    Embedded::start(tap, wire, [0x02, 0x54, 0x53, 0x00, 0x00, last], (address, 24))
        .map_err(|error| format!("{}: {error}", node_of(tap)))
}

/// A node as a wire.
struct NodeWire<D>(D);

impl<D: Descriptor> Wire for NodeWire<D> {
    fn send(&mut self, frame: &[u8]) {
        // A full queue loses the frame, as any wire may.
        let _ = self.0.write(frame);
    }

    fn receive(&mut self, patience: Duration) -> Option<Vec<u8>> {
        let mut frame = vec![0; 2048];
        let read = self.0.read(&mut frame).or_else(|status| {
            if patience.is_zero() {
                return Err(status);
            }
            self.0.poll(Ready::READ, patience)?;
            self.0.read(&mut frame)
        });
        frame.truncate(read.ok()?);
        Some(frame)
    }
}

pub(super) const HOST: Ipv4Addr = Ipv4Addr::new(198, 18, 47, 1);
const ONE: Ipv4Addr = Ipv4Addr::new(198, 18, 47, 2);
const OTHER: Ipv4Addr = Ipv4Addr::new(198, 18, 47, 3);
const PINGS: u16 = 5;
const BYTES: u64 = 4 << 20;
