//! Whatever neighbour discovery is heard, a link's neighbours keep their bounds and say only what is so.
#![no_main]

use fuzz::neighbours::{Protocol, drive};

libfuzzer_sys::fuzz_target!(|input: &[u8]| drive(Protocol::Discovery, input));
