//! Finishing in software what a sender left to be done, for ports that carry no offload state.

use super::buffer::SLOT_BYTES;
use frame::DropReason;
use frame::offload::{Offload, Segments, VNET_BYTES, finish_checksum};
use std::io::IoSlice;

/// Scratch for one frame as a whole, and for what becomes of it.
pub(super) struct Finisher {
    whole: Box<[u8]>,
    finished: Box<[u8]>,
}

impl Finisher {
    pub(super) fn new() -> Self {
        Self { whole: vec![0; SLOT_BYTES].into(), finished: vec![0; SLOT_BYTES].into() }
    }

    /// Hands over the frames that a frame in pieces, its virtio-net header first, stands for.
    ///
    /// # Errors
    /// The first refusal of `deliver`; [`DropReason::Offload`] for a frame that cannot be finished.
    pub(super) fn finish(
        &mut self,
        pieces: &[IoSlice<'_>],
        mut deliver: impl FnMut(&[u8]) -> Result<(), DropReason>,
    ) -> Result<(), DropReason> {
        let stored = match pieces {
            [piece] => piece,
            pieces => join(pieces, &mut self.whole)?,
        };
        let (header, frame) = stored.split_first_chunk::<VNET_BYTES>().ok_or(DropReason::Malformed)?;
        let offload = Offload::from_vnet(header).ok_or(DropReason::Offload)?;
        if offload.is_gso() {
            let mut segments = Segments::new(frame, &offload).map_err(|_| DropReason::Offload)?;
            while let Some(bytes) = segments.next_into(&mut self.finished) {
                deliver(self.finished.get(..bytes).unwrap_or_default())?;
            }
            return Ok(());
        }
        if !offload.needs_checksum {
            return deliver(frame);
        }
        let finished = self.finished.get_mut(..frame.len()).ok_or(DropReason::Truncated)?;
        finished.copy_from_slice(frame);
        finish_checksum(finished, &offload).map_err(|_| DropReason::Offload)?;
        deliver(finished)
    }
}

/// Copies pieces one behind the other.
fn join<'w>(pieces: &[IoSlice<'_>], whole: &'w mut [u8]) -> Result<&'w [u8], DropReason> {
    let mut bytes = 0;
    for piece in pieces {
        let room = whole.get_mut(bytes..bytes + piece.len()).ok_or(DropReason::Truncated)?;
        room.copy_from_slice(piece);
        bytes += piece.len();
    }
    Ok(whole.get(..bytes).unwrap_or_default())
}

#[cfg(test)]
mod tests;
