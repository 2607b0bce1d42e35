use super::*;
use frame::offload::Gso;

/// A TCP segment over IPv4 of `payload` bytes behind its virtio-net header, its checksum left to be summed.
fn unfinished(payload: usize, gso: Gso) -> Vec<u8> {
    let total = (40 + payload) as u16;
    let offload = Offload {
        needs_checksum: true,
        gso,
        header_bytes: 54,
        segment_bytes: if gso == Gso::None { 0 } else { 100 },
        csum_start: 34,
        csum_offset: 16,
        ..Offload::default()
    };
    let mut bytes = offload.to_vnet().to_vec();
    bytes.extend([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00]);
    let mut ip = vec![0x45, 0];
    ip.extend(total.to_be_bytes());
    ip.extend([0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    let header_sum = !sum(&ip);
    ip[10..12].copy_from_slice(&header_sum.to_be_bytes());
    bytes.extend(&ip);
    // The field holds the sum of the pseudo header: addresses, protocol, length.
    let mut pseudo = ip[12..20].to_vec();
    pseudo.extend([0, 6]);
    pseudo.extend((20 + payload as u16).to_be_bytes());
    bytes.extend([0, 80, 0, 81, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x18, 0xff, 0xff]);
    bytes.extend(sum(&pseudo).to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend((0..payload).map(|n| n as u8));
    bytes
}

fn sum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let wide: u32 = words.sum();
    let folded = (wide & 0xffff) + (wide >> 16);
    ((folded & 0xffff) + (folded >> 16)) as u16
}

/// Returns the payload if the checksums of an IPv4 TCP frame hold.
fn verified(frame: &[u8]) -> Vec<u8> {
    let (ip, tcp) = (&frame[14..34], &frame[34..]);
    assert_eq!(sum(ip), 0xffff, "IPv4 header");
    assert_eq!(usize::from(u16::from_be_bytes([ip[2], ip[3]])), frame.len() - 14);
    let mut summed = ip[12..20].to_vec();
    summed.extend([0, 6]);
    summed.extend((tcp.len() as u16).to_be_bytes());
    summed.extend(tcp);
    assert_eq!(sum(&summed), 0xffff, "TCP");
    tcp[20..].to_vec()
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
    let mut stored = unfinished(10, Gso::None);
    stored[..VNET_BYTES].fill(0);
    assert_eq!(finish(&[&stored]).unwrap(), [&stored[VNET_BYTES..]]);
}

#[test]
fn checksums_are_summed_in_one_piece_and_in_two() {
    let stored = unfinished(301, Gso::None);
    let payload = &stored[VNET_BYTES + 54..];
    for pieces in [vec![&stored[..]], vec![&stored[..26], &stored[26..]]] {
        let frames = finish(&pieces).unwrap();
        assert_eq!(frames.iter().map(|frame| verified(frame)).collect::<Vec<_>>(), [payload]);
    }
}

#[test]
fn large_frames_are_cut() {
    let stored = unfinished(350, Gso::TcpV4);
    let frames = finish(&[&stored[..26], &stored[26..]]).unwrap();
    let payloads: Vec<_> = frames.iter().map(|frame| verified(frame)).collect();
    assert_eq!(payloads.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 100, 50]);
    assert_eq!(payloads.concat(), &stored[VNET_BYTES + 54..]);
}

#[test]
fn a_refusal_ends_it() {
    let stored = unfinished(350, Gso::TcpV4);
    let mut room = 2;
    let result = Finisher::new().finish(&[IoSlice::new(&stored)], |_| {
        room -= 1;
        if room < 0 { Err(DropReason::QueueFull) } else { Ok(()) }
    });
    assert_eq!(result, Err(DropReason::QueueFull));
}

#[test]
fn states_that_contradict_the_frame_are_refused() {
    let mut misplaced = unfinished(10, Gso::None);
    misplaced[6..8].copy_from_slice(&2_000_u16.to_ne_bytes());
    assert_eq!(finish(&[&misplaced]), Err(DropReason::Offload));
    let mut short = unfinished(10, Gso::TcpV6);
    short.truncate(40);
    assert_eq!(finish(&[&short]), Err(DropReason::Offload));
}
