//! Frames that are told from others on the wire, and their way over the bridge.

use super::Options;
use super::node::drain;
use super::scene::{PATIENCE, Scene};
use kernel_glue::clock;
use kernel_glue::haiku_user::{Blocking, Calls, Descriptor, Ready, Status};
use std::time::Duration;

/// The number of a frame of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Marked(pub(super) u32);

impl Marked {
    /// Reads a frame, if it is one of ours.
    pub(super) fn of(frame: &[u8]) -> Option<Self> {
        let (kind, rest) = frame.get(12..)?.split_first_chunk::<2>()?;
        let number = rest.first_chunk::<4>()?;
        (*kind == KIND).then(|| Self(u32::from_be_bytes(*number)))
    }
}

/// Makes a frame of `bytes`, from a station and to one that nobody has, whose content follows from its number.
pub(super) fn mark(number: u32, bytes: usize) -> Vec<u8> {
    let mut frame = vec![0x02, 0x54, 0x53, 0x00, 0x01, 0xff, 0x02, 0x54, 0x53, 0x00, 0x00, 0xff];
    frame.extend(KIND);
    frame.extend(number.to_be_bytes());
    let mut octet = number;
    while frame.len() < bytes {
        octet = octet.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        frame.push((octet >> 16) as u8);
    }
    frame
}

/// Sends frames of every length both ways, and expects each once, in order, and unchanged.
pub(super) fn cross<C: Calls>(scene: &mut Scene<'_, C>, _: &Options) -> Option<Result<String, String>> {
    let crossed = || {
        let devices = scene.devices()?;
        let [first, second] = &devices.taps;
        let nodes = [scene.open(first, Blocking::No)?, scene.open(second, Blocking::No)?];
        let [one, other] = &nodes;
        for tap in [first, second] {
            scene.await_link(&devices.bridge, tap)?;
        }
        let mut bytes = 0;
        for (from, to, name) in [(one, other, second), (other, one, first)] {
            drain(to, name)?;
            for (number, length) in LENGTHS.into_iter().enumerate() {
                let frame = mark(number as u32, length);
                let written = from.write(&frame).map_err(|status| format!("write of {length} octets: {status}"))?;
                if written != length {
                    return Err(format!("{written} of {length} octets were written"));
                }
                expect(to, name, &frame)?;
                bytes += length;
            }
        }
        Ok(format!("{} frames, {bytes} octets", 2 * LENGTHS.len()))
    };
    Some(crossed())
}

/// Reads until one of our frames comes, which has to be this.
fn expect(node: &impl Descriptor, device: &str, want: &[u8]) -> Result<(), String> {
    let end = clock::monotonic().plus(PATIENCE);
    let mut frame = [0; 2048];
    while clock::monotonic() < end {
        let read = match node.read(&mut frame) {
            Ok(bytes) => frame.get(..bytes).unwrap_or_default(),
            Err(Status::WOULD_BLOCK) => {
                node.poll(Ready::READ, Duration::from_millis(100)).map_err(|status| format!("poll: {status}"))?;
                continue;
            }
            Err(status) => return Err(format!("{device}: read: {status}")),
        };
        match Marked::of(read) {
            None => {}
            Some(_) if read == want => return Ok(()),
            Some(Marked(number)) if Some(Marked(number)) == Marked::of(want) => {
                return Err(format!("{device}: {} octets became {}, or others", want.len(), read.len()));
            }
            Some(Marked(number)) => return Err(format!("{device}: frame {number} came out of its turn")),
        }
    }
    Err(format!("{device}: a frame of {} octets did not come", want.len()))
}

/// IEEE's first local experimental type.
const KIND: [u8; 2] = [0x88, 0xb5];
/// From the shortest frame to the longest at MTU 1500.
const LENGTHS: [usize; 10] = [60, 61, 64, 127, 128, 256, 1000, 1499, 1500, 1514];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_are_known() {
        let frame = mark(7, 60);
        assert_eq!((frame.len(), Marked::of(&frame)), (60, Some(Marked(7))));
        assert_ne!(mark(8, 60), frame);
        assert_eq!(Marked::of(&frame[..17]), None);
        assert_eq!(Marked::of(&[0; 60]), None);
    }
}
