//! Permissions of a node where text holds them: octal digits in quotes, since a bare number would be read as decimal.

use alloc::format;
use alloc::string::String;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Reads `600` and `0600`.
pub(super) fn parse(text: &str) -> Option<u16> {
    // `from_str_radix` takes a sign of its own.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    u16::from_str_radix(text, 8).ok().filter(|_| digits)
}

pub(super) fn serialize<S: Serializer>(mode: &u16, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&format!("{mode:03o}"))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    let text = String::deserialize(from)?;
    parse(&text).ok_or_else(|| D::Error::custom(format_args!("{text:?} is not a mode in octal, as \"600\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes() {
        #[rustfmt::skip]
        let rows = [
            ("600", Some(0o600)), ("0600", Some(0o600)), ("0", Some(0)), ("777", Some(0o777)), ("1777", Some(0o1777)),
            ("", None), ("8", None), ("+600", None), ("-1", None), ("0o600", None), ("rw", None), ("777777", None),
        ];
        for (text, want) in rows {
            assert_eq!(parse(text), want, "{text:?}");
        }
    }
}
