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
    tap::stable_mac(machine.unwrap_or_default().trim_ascii(), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ() {
        assert_ne!(secret().unwrap(), secret().unwrap());
    }
}
