//! What this machine is told apart by: its interfaces have addresses that no other machine's have, and keep them.

use crate::kernel::Once;
use crate::kernel::random;
use frame::Mac;

static MACHINE: Once<[u8; 16]> = Once::new();

/// Returns the hardware address of something by its name.
pub(crate) fn mac(name: &str) -> Mac {
    tap::stable_mac(machine(), name)
}

fn machine() -> &'static [u8] {
    MACHINE.call_once(|| {
        let (high, low) = (random::number(), random::number());
        (u128::from(high) << 64 | u128::from(low)).to_ne_bytes()
    })
}
