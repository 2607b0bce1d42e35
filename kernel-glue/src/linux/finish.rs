//! Finishing in software what a sender left to be done, for ports that carry no offload state.

use super::buffer::SLOT_BYTES;
use frame::offload::{Offload, Segments, VNET_BYTES, finish_checksum};
use frame::{DropReason, EtherType, HEADER_BYTES};
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
        deliver: impl FnMut(&[u8]) -> Result<(), DropReason>,
    ) -> Result<(), DropReason> {
        let stored = match pieces {
            [piece] => piece,
            pieces => join(pieces, &mut self.whole)?,
        };
        let (offload, frame) = split(stored)?;
        complete(frame, &offload, &mut self.finished, deliver)
    }

    /// Hands over the IP packets that a packet in pieces, its virtio-net header first, stands for.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub(super) fn finish_packet(
        &mut self,
        pieces: &[IoSlice<'_>],
        mut deliver: impl FnMut(&[u8]) -> Result<(), DropReason>,
    ) -> Result<(), DropReason> {
        if let [piece] = pieces
            && let Ok((offload, packet)) = split(piece)
            && !offload.is_gso()
            && !offload.needs_checksum
        {
            return deliver(packet);
        }
        let room = self.whole.get_mut(HEADER_BYTES - VNET_BYTES..).unwrap_or_default();
        let (offload, packet) = split(join(pieces, room)?)?;
        let bytes = HEADER_BYTES + packet.len();
        let kind = match packet.first().map(|first| first >> 4) {
            Some(4) => EtherType::IPV4,
            Some(6) => EtherType::IPV6,
            Some(_) | None => return Err(DropReason::Malformed),
        };
        let frame = self.whole.get_mut(..bytes).unwrap_or_default();
        // Offloads are finished behind an Ethernet header; the addresses do not matter.
        if let Some(header) = frame.first_chunk_mut::<HEADER_BYTES>() {
            *header = [0; HEADER_BYTES];
            header[HEADER_BYTES - 2..].copy_from_slice(&kind.0.to_be_bytes());
        }
        let offload = offload.shifted(HEADER_BYTES as i16);
        complete(frame, &offload, &mut self.finished, |frame| deliver(frame.get(HEADER_BYTES..).unwrap_or_default()))
    }
}

fn split(stored: &[u8]) -> Result<(Offload, &[u8]), DropReason> {
    let (header, frame) = stored.split_first_chunk::<VNET_BYTES>().ok_or(DropReason::Malformed)?;
    Ok((Offload::from_vnet(header).ok_or(DropReason::Offload)?, frame))
}

fn complete(
    frame: &[u8],
    offload: &Offload,
    finished: &mut [u8],
    mut deliver: impl FnMut(&[u8]) -> Result<(), DropReason>,
) -> Result<(), DropReason> {
    if offload.is_gso() {
        let mut segments = Segments::new(frame, offload).map_err(|_| DropReason::Offload)?;
        while let Some(bytes) = segments.next_into(finished) {
            deliver(finished.get(..bytes).unwrap_or_default())?;
        }
        return Ok(());
    }
    if !offload.needs_checksum {
        return deliver(frame);
    }
    let finished = finished.get_mut(..frame.len()).ok_or(DropReason::Truncated)?;
    finished.copy_from_slice(frame);
    finish_checksum(finished, offload).map_err(|_| DropReason::Offload)?;
    deliver(finished)
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
