//! Whatever a frame and its offload state say, finishing them neither panics nor grows beyond what was announced.
#![no_main]

use frame::offload::{Offload, Segments, VNET_BYTES, finish_checksum};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((header, frame)) = input.split_first_chunk::<VNET_BYTES>() else { return };
    let Some(state) = Offload::from_vnet(header) else { return };
    let mut whole = frame.to_vec();
    let summed = finish_checksum(&mut whole, &state);
    assert!(whole.len() == frame.len());
    if summed.is_err() {
        assert!(whole == frame, "a refused frame is left alone");
    }
    let Ok(mut segments) = Segments::new(frame, &state) else { return };
    let (count, largest) = (segments.count(), segments.largest());
    let mut out = vec![0; largest];
    let mut written = 0;
    while let Some(bytes) = segments.next_into(&mut out) {
        assert!(bytes <= largest);
        written += 1;
    }
    assert_eq!(written, count);
});
