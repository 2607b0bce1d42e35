//! Readable names of functions: the path of mangled ones, without types of arguments and other detail.

#[cfg(test)]
mod tests;

/// Returns `a::b::c` for the C++ or (legacy) Rust name of such a function; other names as they are.
pub(crate) fn readable(name: &str) -> String {
    let Some(rest) = name.strip_prefix("_Z") else { return name.to_owned() };
    let rest = rest.trim_start_matches(['N', 'K', 'L']);
    let mut parts = Vec::new();
    let mut rest = rest;
    while let Some((part, after)) = identifier(rest) {
        // Rust ends with a hash.
        if !(part.len() == 17 && part.starts_with('h') && parts.len() > 1) {
            parts.push(part.trim_start_matches('_'));
        }
        rest = after;
    }
    match (parts.is_empty(), rest.as_bytes()) {
        (true, _) => name.to_owned(),
        (false, [b'C', ..]) => format!("{} (constructor)", parts.join("::")),
        (false, [b'D', ..]) => format!("{} (destructor)", parts.join("::")),
        (false, _) => parts.join("::"),
    }
}

/// Splits an identifier with its length before it off.
fn identifier(text: &str) -> Option<(&str, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (length, rest) = text.split_at_checked(digits)?;
    let length: usize = length.parse().ok()?;
    rest.split_at_checked(length)
}
