//! Whatever is done to the engine and to the naive bridge, they decide and know the same.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|steps: &[u8]| {
    if let Err(mismatch) = bridge::model::drive(steps) {
        panic!("step {}: {}", mismatch.step, mismatch.what);
    }
});
