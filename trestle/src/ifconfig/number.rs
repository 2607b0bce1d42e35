//! Numbers as `strtoul(3)` reads them in base 0.

/// Reads all of `text` as a number: decimal, `0x` hexadecimal or `0` octal, after optional blanks and a `+`.
///
/// `None` for an empty word, trailing junk and overflow. A `-` gives `None` too, where C would wrap around: what
/// wraps either fails the range check that follows, or passes it by accident.
pub(super) fn base_zero(text: &str) -> Option<u64> {
    let text = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
    let text = text.strip_prefix('+').unwrap_or(text);
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    // `from_str_radix` takes a sign of its own.
    let all_digits = digits.chars().all(|c| c.is_digit(radix));
    u64::from_str_radix(digits, radix).ok().filter(|_| all_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strtoul_table() {
        #[rustfmt::skip]
        let rows: &[(&str, Option<u64>)] = &[
            ("0", Some(0)), ("7", Some(7)), ("255", Some(255)), ("+5", Some(5)), (" \t5", Some(5)),
            ("0x1f", Some(31)), ("0XFF", Some(255)), ("017", Some(15)), ("00", Some(0)),
            ("18446744073709551615", Some(u64::MAX)), ("18446744073709551616", None),
            ("0x10000000000000000", None),
            ("", None), (" ", None), ("+", None), ("++5", None), ("0x", None), ("0x+1", None), ("0xg", None),
            ("08", None), ("5 ", None), ("5s", None), ("1e3", None), ("-", None), ("-1", None), ("--1", None),
            ("-18446744073709551615", None), ("٣", None), ("1_000", None),
        ];
        for &(text, want) in rows {
            assert_eq!(base_zero(text), want, "{text:?}");
        }
    }
}
