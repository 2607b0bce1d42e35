//! Readable names of functions: the path of mangled ones, without types of arguments and other detail.

#[cfg(test)]
mod tests;

/// Returns `a::b::c` for the C++ or Rust name of such a function; other names as they are.
pub(crate) fn readable(name: &str) -> String {
    if let Some(rest) = name.strip_prefix("_R") {
        let parts = rust_identifiers(rest);
        return if parts.is_empty() { name.to_owned() } else { parts.join("::") };
    }
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

/// Returns the identifiers of a name of Rust's newer kind, the first few of them.
fn rust_identifiers(mut rest: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    while parts.len() < MOST_PARTS {
        let next = rest.chars().next();
        match next {
            // A disambiguator or a reference back, in digits and letters up to an underscore.
            Some('s' | 'B') => rest = rest.split_once('_').map_or("", |(_, after)| after),
            Some('0'..='9') => match identifier(rest) {
                Some((part, after)) => {
                    parts.push(part.trim_start_matches('_'));
                    rest = after;
                }
                None => break,
            },
            Some(_) => rest = rest.get(1..).unwrap_or_default(),
            None => break,
        }
    }
    parts
}

/// Splits an identifier with its length before it off.
fn identifier(text: &str) -> Option<(&str, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (length, rest) = text.split_at_checked(digits)?;
    let length: usize = length.parse().ok()?;
    rest.split_at_checked(length)
}

/// Enough to know a function by.
const MOST_PARTS: usize = 8;
