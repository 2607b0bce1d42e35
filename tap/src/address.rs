//! The hardware address of a device, the same whenever it is made again.

use frame::Mac;

/// Returns an individual, locally administered address that follows from a machine's secret and a device's name.
///
/// It is stable, so that leases and rules that name it hold. Two machines with different `machine` differ with all but
/// a chance of 2^-46 for any pair of names.
#[must_use]
pub fn stable_mac(machine: &[u8], name: &str) -> Mac {
    let length = (machine.len() as u64).to_be_bytes();
    // The length keeps ("ab", "c") and ("a", "bc") apart.
    let bytes = length.iter().chain(machine).chain(name.as_bytes());
    let hash = mix(bytes.fold(SEED, |hash, &byte| mix(hash ^ u64::from(byte))));
    let [first, rest @ ..] = Mac::from_u64(hash).0;
    let [b, c, d, e, f] = rest;
    Mac([first & !GROUP | LOCAL, b, c, d, e, f])
}

/// The finishing steps of Murmur3: every input bit turns about half of the output's.
fn mix(mut hash: u64) -> u64 {
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ hash >> 33).wrapping_mul(factor);
    }
    (hash ^ hash >> 33).wrapping_add(SEED)
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
/// IEEE 802-2014 §8.2.
const GROUP: u8 = 0x01;
const LOCAL: u8 = 0x02;

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::collections::BTreeSet;
    use std::format;

    /// Haiku's driver chose a random address at each creation (defect 19).
    #[test]
    fn defect_19_addresses_are_stable() {
        assert_eq!(stable_mac(b"machine", "tap0"), stable_mac(b"machine", "tap0"));
        // Fixed for good: a change would move every lease.
        assert_eq!(format!("{}", stable_mac(b"machine", "tap0")), "32:e7:cc:d9:b9:d4");
        let all: BTreeSet<_> = ["a", "b"]
            .iter()
            .flat_map(|machine| (0..1000).map(move |unit| stable_mac(machine.as_bytes(), &format!("tap{unit}"))))
            .collect();
        assert_eq!(all.len(), 2000, "individual");
        assert!(all.iter().all(|mac| !mac.is_group() && mac.0[0] & LOCAL != 0));
        assert_ne!(stable_mac(b"ab", "c"), stable_mac(b"a", "bc"));
    }
}
