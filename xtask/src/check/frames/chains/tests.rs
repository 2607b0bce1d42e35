use super::{Chain, Node, deepest};
use std::collections::HashMap;

/// Address, frame, calls.
type Row = (u64, u64, &'static [(u64, u64)]);

fn nodes(rows: &[Row]) -> HashMap<u64, Node> {
    rows.iter().map(|(address, frame, calls)| (*address, Node { frame: *frame, calls: calls.to_vec() })).collect()
}

#[test]
fn the_stack_at_the_call_counts_and_not_the_whole_frame() {
    let found = deepest(&nodes(&[(1, 500, &[(2, 40)]), (2, 100, &[(3, 100)]), (3, 400, &[])]));
    assert_eq!(found, Chain { bytes: 40 + 8 + 100 + 8 + 400, links: vec![(1, 40), (2, 100), (3, 400)] });
}

#[test]
fn a_frame_that_is_deeper_than_every_chain_is_the_chain() {
    let found = deepest(&nodes(&[(1, 900, &[(2, 40)]), (2, 100, &[])]));
    assert_eq!(found, Chain { bytes: 900, links: vec![(1, 900)] });
}

#[test]
fn a_circle_is_counted_once() {
    let found = deepest(&nodes(&[(1, 100, &[(2, 100)]), (2, 50, &[(1, 50), (2, 50)])]));
    assert_eq!(found.bytes, 100 + 8 + 50 + 8);
}

#[test]
fn a_call_out_of_the_file_takes_its_return_address() {
    assert_eq!(deepest(&nodes(&[(1, 32, &[(0xdead, 32)])])).bytes, 40);
}

#[test]
fn nothing_is_no_chain() {
    assert_eq!(deepest(&HashMap::new()), Chain::default());
}
