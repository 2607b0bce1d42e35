//! Network masks of IPv4 and the prefix lengths that they stand for.

use core::net::Ipv4Addr;

/// Returns the mask of a prefix length; above 32 it is that of 32.
pub(super) fn of_prefix(prefix: u8) -> u32 {
    // A shift by all 32 bits is the mask of /0.
    u32::MAX.checked_shl(32_u32.saturating_sub(u32::from(prefix))).unwrap_or(0)
}

/// Reads a mask, `0xffffff00`, `255.255.255.0` or `/24`, as a prefix length; `None` where ones follow zeros.
pub(super) fn prefix_of(text: &str) -> Option<u8> {
    if let Some(prefix) = text.strip_prefix('/') {
        return prefix_length(prefix, 32);
    }
    let mask = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if !digits.starts_with('+') => u32::from_str_radix(digits, 16).ok()?,
        Some(_) => return None,
        None => text.parse::<Ipv4Addr>().ok()?.to_bits(),
    };
    let prefix = u8::try_from(mask.leading_ones()).ok()?;
    (of_prefix(prefix) == mask).then_some(prefix)
}

/// Reads a prefix length in decimal, up to `max`.
pub(super) fn prefix_length(text: &str, max: u8) -> Option<u8> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|&prefix| digits && prefix <= max)
}

/// Returns the prefix length that an address alone stands for: that of its class, as FreeBSD still has it.
pub(super) fn of_class(address: Ipv4Addr) -> u8 {
    match address.octets() {
        [0..=127, ..] => 8,
        [128..=191, ..] => 16,
        [192..=255, ..] => 24,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks() {
        #[rustfmt::skip]
        let rows = [
            ("0xffffff00", Some(24)), ("0xFFFFFFFF", Some(32)), ("0x0", Some(0)), ("255.255.255.0", Some(24)),
            ("0.0.0.0", Some(0)), ("255.255.255.254", Some(31)), ("/24", Some(24)), ("/0", Some(0)), ("/32", Some(32)),
            ("/33", None), ("/", None), ("/+8", None), ("24", None), ("", None), ("0x", None), ("0x+ff", None),
            ("0xff00ff00", None), ("255.0.255.0", None), ("0x1ffffffff", None), ("255.255.255", None),
        ];
        for (text, want) in rows {
            assert_eq!(prefix_of(text), want, "{text:?}");
        }
    }

    #[test]
    fn every_prefix_survives_its_mask() {
        for prefix in 0..=32 {
            assert_eq!(prefix_of(&format!("{:#x}", of_prefix(prefix))), Some(prefix));
            assert_eq!(prefix_of(&Ipv4Addr::from_bits(of_prefix(prefix)).to_string()), Some(prefix));
        }
        assert_eq!(of_prefix(200), u32::MAX);
    }

    #[test]
    fn classes() {
        for (address, want) in [([10, 0, 0, 1], 8), ([127, 0, 0, 1], 8), ([172, 16, 0, 1], 16), ([192, 168, 0, 1], 24)]
        {
            assert_eq!(of_class(address.into()), want);
        }
    }
}
