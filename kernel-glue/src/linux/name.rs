//! Names of network interfaces.

use core::fmt;

/// A name that the kernel can give to a network interface.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct InterfaceName([u8; NAME_BYTES]);

/// Bytes of a name with its final NUL (`IFNAMSIZ`).
const NAME_BYTES: usize = 16;

impl InterfaceName {
    /// Parses a name by the rules of the kernel's `dev_valid_name`, and without `%`, which it takes for a pattern.
    ///
    /// # Errors
    /// [`NameError`] says which rule it breaks.
    pub fn new(name: &str) -> Result<Self, NameError> {
        if name.is_empty() || name == "." || name == ".." {
            return Err(NameError::Reserved);
        }
        if name.len() >= NAME_BYTES {
            return Err(NameError::Length(name.len()));
        }
        let mut bytes = [0; NAME_BYTES];
        for (slot, byte) in bytes.iter_mut().zip(name.bytes()) {
            if !byte.is_ascii_graphic() || matches!(byte, b'/' | b':' | b'%') {
                return Err(NameError::Byte(byte));
            }
            *slot = byte;
        }
        Ok(Self(bytes))
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|&byte| byte == 0).unwrap_or(NAME_BYTES);
        self.0.get(..end).and_then(|name| core::str::from_utf8(name).ok()).unwrap_or_default()
    }

    /// Returns the name as the kernel's calls take it, filled up with NULs.
    pub(crate) const fn padded(self) -> [u8; NAME_BYTES] {
        self.0
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(out)
    }
}

impl fmt::Debug for InterfaceName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(out)
    }
}

/// An interface, by the number that finds it and the name that messages show.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Interface {
    /// Its name.
    pub name: InterfaceName,
    /// Its number, which it keeps when renamed.
    pub index: u32,
}

/// Why text is no interface name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Empty, `.` or `..`.
    #[error("interface name is empty or reserved")]
    Reserved,
    /// Too long; its length in bytes.
    #[error("interface name of {0} bytes, 15 at most")]
    Length(usize),
    /// A byte that no name has.
    #[error("interface name contains byte 0x{0:02x}")]
    Byte(u8),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        let rows: &[(&str, Result<(), NameError>)] = &[
            ("tap0", Ok(())),
            ("enp0s31f6.4094", Ok(())),
            ("fifteen-bytes-x", Ok(())),
            ("sixteen-bytes-xx", Err(NameError::Length(16))),
            ("", Err(NameError::Reserved)),
            ("..", Err(NameError::Reserved)),
            ("a/b", Err(NameError::Byte(b'/'))),
            ("eth0:1", Err(NameError::Byte(b':'))),
            ("tap%d", Err(NameError::Byte(b'%'))),
            ("a b", Err(NameError::Byte(b' '))),
            ("caf\u{e9}", Err(NameError::Byte(0xc3))),
        ];
        for (text, want) in rows {
            assert_eq!(InterfaceName::new(text).map(|name| assert_eq!(name.as_str(), *text)), *want, "{text:?}");
        }
    }
}
