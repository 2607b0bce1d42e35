//! Settings of drivers: lines of a name and maybe a value, set by the test in place of files.

use crate::thread::locked;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::sync::Mutex;

/// The settings of one driver.
#[derive(Clone, Debug)]
pub(crate) struct Settings(BTreeMap<String, Option<CString>>);

impl Settings {
    /// Returns the settings of a driver, if there are any.
    pub(crate) fn load(driver: &str) -> Option<Self> {
        let files = locked(&FILES);
        let lines = files.get(driver)?.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        let lines = lines.filter(|line| !line.is_empty()).map(|line| match line.split_once(char::is_whitespace) {
            Some((name, value)) => (name.to_owned(), CString::new(value.trim()).ok()),
            None => (line.to_owned(), None),
        });
        Some(Self(lines.collect()))
    }

    /// Returns the value of a parameter: `Some(None)` if it stands alone.
    pub(crate) fn parameter(&self, name: &str) -> Option<Option<&CStr>> {
        self.0.get(name).map(Option::as_deref)
    }
}

/// Sets what a driver will find.
pub(crate) fn set(driver: &str, text: &str) {
    locked(&FILES).insert(driver.to_owned(), text.to_owned());
}

static FILES: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

#[cfg(test)]
mod tests;
