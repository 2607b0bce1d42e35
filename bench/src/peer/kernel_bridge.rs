//! The bridge of the Linux kernel.

use crate::Fault;
use crate::bed::{Bed, TO_LEFT, TO_RIGHT};

/// Makes a bridge without spanning tree and multicast snooping, which the others do not do either.
pub(crate) fn build(bed: &Bed) -> Result<(), Fault> {
    bed.pairs()?;
    bed.middle.ip("link add bridge0 type bridge stp_state 0 mcast_snooping 0 forward_delay 0")?;
    bed.middle.ip("link set bridge0 up")?;
    for port in [TO_LEFT, TO_RIGHT] {
        bed.middle.ip(&format!("link set {port} master bridge0"))?;
    }
    Ok(())
}
