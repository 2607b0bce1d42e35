//! A kernel with the add-on where Haiku would look for it.

use super::roots;
use crate::lab::skip;
use kernelland::{Config, Kernel};
use std::time::Duration;

/// Boots a kernel that finds the add-on, and starts its network; `None` where nothing can build the add-on.
///
/// # Panics
/// As where the add-on is not built and everything must run.
#[must_use]
pub fn boot(test: &str, config: Config) -> Option<Kernel> {
    match boot_by_hand(config) {
        Ok(kernel) => Some(kernel),
        Err(need) => {
            skip(test, &need);
            None
        }
    }
}

/// As [`boot`], for a test that may take some minutes.
#[must_use]
pub fn boot_for_long(test: &str) -> Option<Kernel> {
    boot(test, Config { time_limit: Some(Duration::from_secs(240)), ..Config::default() })
}

/// As [`boot`], outside of tests.
///
/// # Errors
/// What this machine lacks to build the add-on, in a line.
pub fn boot_by_hand(config: Config) -> Result<Kernel, String> {
    let kernel = Kernel::boot(Config { roots: roots()?, ..config });
    kernel.start_network().expect("the stack starts");
    Ok(kernel)
}
