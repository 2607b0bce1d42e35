//! Octets as hexadecimal digits, for serde's `with`.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};
use std::fmt::Write;

pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    to.serialize_str(&text)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(from)?;
    let digits: Option<Vec<_>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let pairs = digits.as_deref().map(<[u32]>::as_chunks);
    match pairs {
        Some((pairs, [])) => Ok(pairs.iter().map(|[high, low]| (high << 4 | low) as u8).collect()),
        Some((_, _)) | None => Err(D::Error::custom(format_args!("{text:?} is not octets in hexadecimal"))),
    }
}
