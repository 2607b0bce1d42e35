//! Secrets and stable addresses.

use super::name::InterfaceName;
use frame::Mac;
use rustix::io::Errno;

/// Returns the key of a bridge's table, from the kernel's random source.
///
/// Waits at boot until the source is seeded.
///
/// # Errors
/// What `getrandom` answered, on kernels without it.
pub fn secret() -> Result<[u64; 4], Errno> {
    let mut words = [0_u64; 4];
    let bytes = size_of_val(&words);
    loop {
        // SAFETY: the kernel writes at most `bytes` bytes to `words`; any bytes make integers.
        let got = unsafe { libc::getrandom(words.as_mut_ptr().cast(), bytes, 0) };
        // Up to 256 bytes come whole, or not at all (getrandom(2)).
        if usize::try_from(got) == Ok(bytes) {
            return Ok(words);
        }
        match super::tap::last_errno() {
            Errno::INTR => {}
            errno => return Err(errno),
        }
    }
}

/// Returns the address of an interface that this machine makes: the same at each start, and on no other machine.
///
/// Without `/etc/machine-id` it is the same on every machine, for which the operator can set another.
pub fn stable_mac(name: InterfaceName) -> Mac {
    let machine = std::fs::read("/etc/machine-id").unwrap_or_default();
    mac_from(machine.trim_ascii(), name)
}

/// Hashes by FNV-1a, 64 bits, finished as MurmurHash3 does: it shall be the same for ever, not hard to guess.
fn mac_from(machine: &[u8], name: InterfaceName) -> Mac {
    let parts = machine.iter().chain(b"\0trestle\0").chain(name.as_str().as_bytes());
    let hash =
        parts.fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let [first, b, c, d, e, f, ..] = (hash ^ hash >> 33).to_be_bytes();
    // A station, locally administered (802-2014 §8.2.2).
    Mac([first & 0xfc | 0x02, b, c, d, e, f])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn secrets_differ() {
        assert_ne!(secret().unwrap(), secret().unwrap());
    }

    #[test]
    fn stable_addresses_are_stations_of_their_own() {
        let names = (0..1_000).map(|unit| InterfaceName::new(&format!("bridge{unit}")).unwrap());
        let mut seen = BTreeSet::new();
        for name in names {
            for machine in ["f3b1", "f3b2"] {
                let mac = mac_from(machine.as_bytes(), name);
                assert_eq!(mac.0[0] & 0x03, 0x02, "{mac}");
                assert_eq!(mac, mac_from(machine.as_bytes(), name));
                assert!(seen.insert(mac.0), "{mac} twice");
            }
        }
    }

    #[test]
    fn an_address_once_given_stays() {
        let mac = mac_from(b"0123456789abcdef0123456789abcdef", InterfaceName::new("bridge0").unwrap());
        assert_eq!(mac.to_string(), "ea:b7:8a:d3:90:50");
    }
}
