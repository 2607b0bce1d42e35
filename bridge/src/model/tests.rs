#![cfg(not(loom))]

extern crate std;
use super::*;
use proptest::prelude::*;
use std::vec::Vec;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done to both, the engine decides and knows what the naive bridge does.
    #[test]
    fn the_engine_is_the_naive_bridge(bytes in proptest::collection::vec(any::<u8>(), 0..800)) {
        if let Err(mismatch) = drive(&bytes) {
            return Err(TestCaseError::fail(std::format!("step {}: {}", mismatch.step, mismatch.what)));
        }
    }
}

/// The driver is worth something only if its frames get through and its tables fill.
#[test]
fn a_model_that_is_wrong_is_found_out() {
    let config = Config { max_addresses: 1000, ..Config::default() };
    let mut model = Model::new(config);
    let frame = Frame { dst: Mac([2; 6]), src: Mac([4; 6]), tag: None, ether_type: frame::EtherType::IPV4 };
    let got = model.ingress(PortId::HOST, &frame, &Meta::default(), Instant::default());
    assert_eq!(got, Err(DropReason::PortDown));
    let bytes: Vec<u8> = (0..40_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert_eq!(drive(&bytes), Ok(()));
}
