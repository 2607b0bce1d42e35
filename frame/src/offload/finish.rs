//! Finishing a checksum that the sender left half done.

use super::headers::{UDP_CHECKSUM, link_end};
use super::{Offload, OffloadError};
use crate::checksum::{Sum, never_zero};

/// Sums a frame from `csum_start` to its end into the field at `csum_offset` from there.
///
/// The field holds the sum of the pseudo header before, the checksum after (VIRTIO 1.2 §5.1.6.2). A frame that
/// needs no checksum stays as it is. The caller clears the state: finishing twice spoils the frame.
///
/// # Errors
/// [`OffloadError::Unsupported`] for a frame that is to be cut, which [`Segments`](super::Segments) does.
/// [`OffloadError::ChecksumPlace`] when the field is not wholly behind the Ethernet header and its tags, for what
/// the bridge has decided upon may not change, or not wholly in the frame.
/// [`OffloadError::Truncated`] when the frame ends within its header or tags.
pub fn finish_checksum(frame: &mut [u8], state: &Offload) -> Result<(), OffloadError> {
    if state.is_gso() {
        return Err(OffloadError::Unsupported(state.gso));
    }
    if !state.needs_checksum {
        return Ok(());
    }
    let (_, network) = link_end(frame)?;
    let misplaced = OffloadError::ChecksumPlace { start: state.csum_start, offset: state.csum_offset };
    let start = usize::from(state.csum_start);
    if start < network {
        return Err(misplaced);
    }
    let summed = frame.get_mut(start..).ok_or(misplaced)?;
    let checksum = Sum::default().bytes(summed).checksum();
    let offset = usize::from(state.csum_offset);
    let field = summed.get_mut(offset..).and_then(<[u8]>::first_chunk_mut::<2>).ok_or(misplaced)?;
    // UDP is told by its offset; DCCP shares it, and verifies the same with either zero.
    *field = if offset == UDP_CHECKSUM { never_zero(checksum) } else { checksum };
    Ok(())
}

#[cfg(test)]
mod tests;
