//! Users and groups by name, as `/etc/passwd` and `/etc/group` have them.

use super::arguments::bad;
use super::error::{UsageError, What};
use std::fs;

/// A file of accounts, each line `name:password:number:…`.
#[derive(Clone, Copy)]
pub(super) enum Accounts {
    Users,
    Groups,
}

impl Accounts {
    /// Returns the number of a user or group; a number stands for itself.
    pub(super) fn number(self, word: &str) -> Result<u32, UsageError> {
        let decimal = word.bytes().all(|byte| byte.is_ascii_digit());
        let number = word.parse().ok().filter(|_| decimal);
        // `chown(2)` takes the highest for no change.
        if let Some(number) = number.filter(|&number| number != u32::MAX) {
            return Ok(number);
        }
        // A file that cannot be read names nobody.
        let text = fs::read(self.path()).unwrap_or_default();
        named(&String::from_utf8_lossy(&text), word).ok_or_else(|| self.unknown(word))
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Users => "/etc/passwd",
            Self::Groups => "/etc/group",
        }
    }

    fn unknown(self, word: &str) -> UsageError {
        let (what, command) = match self {
            Self::Users => (What::User, "id -u"),
            Self::Groups => (What::Group, "getent group"),
        };
        bad(what, word, format!("{} does not have it; write its number, which '{command}' knows", self.path()))
    }
}

/// Finds a name among lines `name:password:number`.
fn named(text: &str, name: &str) -> Option<u32> {
    let number = |line: &str| {
        let mut fields = line.split(':');
        let found = fields.next() == Some(name) && !name.is_empty();
        fields.nth(1).filter(|_| found)?.parse().ok()
    };
    text.lines().find_map(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\n# note\n+::::::\n\nodd\nqemu:x:\nvm:x:many:\nqemu:x:107:107::/:\n";

    #[test]
    fn names() {
        #[rustfmt::skip]
        let rows = [
            ("root", Some(0)), ("qemu", Some(107)), ("vm", None), ("odd", None), ("", None), ("+", None), ("x", None),
            ("roo", None), ("Root", None), ("root:x", None),
        ];
        for (name, want) in rows {
            assert_eq!(named(PASSWD, name), want, "{name:?}");
        }
    }

    #[test]
    fn numbers_stand_for_themselves() {
        for accounts in [Accounts::Users, Accounts::Groups] {
            assert_eq!(accounts.number("0"), Ok(0));
            assert_eq!(accounts.number("4294967294"), Ok(u32::MAX - 1));
            assert_eq!(accounts.number("root"), Ok(0));
        }
    }
}
