use super::*;
use crate::linux::lab::{PLAIN, super_frame, unsummed, verified};
use frame::offload::Gso;

const DST: [u8; 6] = [2, 0, 0, 0, 0, 1];
const SRC: [u8; 6] = [2, 0, 0, 0, 0, 2];

fn store((frame, offload): (Vec<u8>, Offload)) -> Vec<u8> {
    [&offload.to_vnet()[..], &frame].concat()
}

fn finish(pieces: &[&[u8]]) -> Result<Vec<Vec<u8>>, DropReason> {
    let pieces: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
    let mut frames = Vec::new();
    Finisher::new().finish(&pieces, |frame| {
        frames.push(frame.to_vec());
        Ok(())
    })?;
    Ok(frames)
}

#[test]
fn what_needs_nothing_is_handed_over_as_it_is() {
    let stored = store((unsummed(DST, SRC).0, PLAIN));
    assert_eq!(finish(&[&stored]).unwrap(), [&stored[VNET_BYTES..]]);
}

#[test]
fn checksums_are_summed_in_one_piece_and_in_two() {
    let stored = store(unsummed(DST, SRC));
    let payload = &stored[VNET_BYTES + 54..];
    for pieces in [vec![&stored[..]], vec![&stored[..26], &stored[26..]]] {
        let frames = finish(&pieces).unwrap();
        assert_eq!(frames.iter().map(|frame| verified(frame)).collect::<Vec<_>>(), [payload]);
    }
}

#[test]
fn large_frames_are_cut() {
    let stored = store(super_frame(Gso::TcpV4, DST, SRC, &[]));
    let frames = finish(&[&stored[..26], &stored[26..]]).unwrap();
    let payloads: Vec<_> = frames.iter().map(|frame| verified(frame)).collect();
    assert!(payloads.iter().all(|payload| payload.len() == 1_000));
    assert_eq!(payloads.concat(), &stored[VNET_BYTES + 54..]);
}

#[test]
fn a_refusal_ends_it() {
    let stored = store(super_frame(Gso::TcpV4, DST, SRC, &[]));
    let mut room = 2;
    let result = Finisher::new().finish(&[IoSlice::new(&stored)], |_| {
        room -= 1;
        if room < 0 { Err(DropReason::QueueFull) } else { Ok(()) }
    });
    assert_eq!((result, room), (Err(DropReason::QueueFull), -1));
}

#[test]
fn states_that_contradict_the_frame_are_refused() {
    let (frame, offload) = unsummed(DST, SRC);
    let misplaced = store((frame, Offload { csum_start: 2_000, ..offload }));
    assert_eq!(finish(&[&misplaced]), Err(DropReason::Offload));
    let (frame, offload) = super_frame(Gso::TcpV4, DST, SRC, &[]);
    let short = store((frame[..40].to_vec(), offload));
    assert_eq!(finish(&[&short]), Err(DropReason::Offload));
}
