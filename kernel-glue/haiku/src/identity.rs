//! What this machine is told apart by: its interfaces have addresses that no other machine's have.
//!
//! They are the same after every start where the settings of the add-on name the machine, as the installer sees to; else
//! the machine gets another name with each start.

use crate::kernel::{Once, random, settings};
use frame::Mac;
use heapless::Vec;

static MACHINE: Once<Vec<u8, NAME_BYTES>> = Once::new();

/// Learns who this machine is, before anybody asks under a lock.
pub(crate) fn learn() {
    let _ = machine();
}

/// Returns the hardware address of something by its name.
pub(crate) fn mac(name: &str) -> Mac {
    tap::stable_mac(machine(), name)
}

fn machine() -> &'static [u8] {
    MACHINE.call_once(|| {
        let named = settings::read(c"machine", |name| {
            let bytes = name.to_bytes();
            // Of a longer name, the beginning.
            Vec::from_slice(bytes.get(..NAME_BYTES).unwrap_or(bytes)).unwrap_or_default()
        });
        named.filter(|name| !name.is_empty()).unwrap_or_else(|| {
            let (high, low) = (random::number(), random::number());
            (u128::from(high) << 64 | u128::from(low)).to_ne_bytes().into_iter().collect()
        })
    })
}

/// Bytes of a machine's name that are looked at.
const NAME_BYTES: usize = 64;
