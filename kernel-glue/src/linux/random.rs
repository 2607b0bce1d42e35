//! Numbers that nobody outside can guess, and addresses that do not change.

use frame::Mac;
use rustix::rand::{GetRandomFlags, getrandom};
use std::fs;
use std::io;

/// Returns the key of an address table.
///
/// # Errors
/// The kernel's, before it has gathered randomness.
pub fn secret() -> io::Result<[u64; 4]> {
    let mut words = [0; 4];
    for word in &mut words {
        let mut bytes = [0; 8];
        let filled = getrandom(&mut bytes, GetRandomFlags::empty())?;
        if filled != bytes.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        *word = u64::from_ne_bytes(bytes);
    }
    Ok(words)
}

/// Derives an interface's address from this machine and the interface's name, so that it is the same after a restart
/// and another on another machine.
///
/// It is individual and locally administered (IEEE 802-2014 §8.4).
pub fn stable_mac(name: &str) -> Mac {
    let machine = fs::read("/etc/machine-id").or_else(|_| fs::read("/proc/sys/kernel/random/boot_id"));
    mac_of(machine.unwrap_or_default().trim_ascii(), name.as_bytes())
}

/// FNV-1a, folded: nobody gains from a collision, which an operator can resolve with `ether`.
fn mac_of(machine: &[u8], name: &[u8]) -> Mac {
    let bytes = machine.iter().chain(&[0]).chain(name);
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let Mac([first, rest @ ..]) = Mac::from_u64(hash ^ hash >> 48);
    let [b, c, d, e, f] = rest;
    Mac([first & !1 | 2, b, c, d, e, f])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn addresses_are_stable_individual_local_and_differ() {
        let names: Vec<String> = (0..1000).map(|n| format!("vport{n}")).collect();
        let macs: BTreeSet<Mac> = names.iter().map(|name| mac_of(b"machine", name.as_bytes())).collect();
        assert_eq!(macs.len(), names.len());
        assert!(macs.iter().all(|mac| mac.0[0] & 3 == 2));
        assert_eq!(mac_of(b"machine", b"bridge0"), mac_of(b"machine", b"bridge0"));
        assert_ne!(mac_of(b"machine", b"bridge0"), mac_of(b"another", b"bridge0"));
    }

    #[test]
    fn secrets_differ() {
        assert_ne!(secret().unwrap(), secret().unwrap());
    }
}
