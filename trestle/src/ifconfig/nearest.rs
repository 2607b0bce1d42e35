//! Which known word an unknown one was meant to be.

/// Returns the word of `known` that differs from `word` by the fewest letters, if that is at most two and leaves more
/// than half of them.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, best) = known.map(|other| (distance(word, other), other)).min_by_key(|&(distance, _)| distance)?;
    (distance <= 2 && distance * 2 < word.chars().count()).then_some(best)
}

/// Returns how many letters to insert, delete or replace to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (above, x) in a.chars().enumerate() {
        let (mut diagonal, mut left) = (above, above + 1);
        for (cell, y) in row.iter_mut().skip(1).zip(b.chars()) {
            let replaced = diagonal + usize::from(x != y);
            diagonal = *cell;
            *cell = replaced.min(diagonal + 1).min(left + 1);
            left = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = above + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, want) in [("", "", 0), ("abc", "", 3), ("", "abc", 3), ("addm", "adm", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(a, b), want, "{a} {b}");
            assert_eq!(distance(b, a), want, "{b} {a}");
        }
    }

    #[test]
    fn suggestions() {
        let known = ["addm", "deletem", "learn", "-learn", "up"];
        #[rustfmt::skip]
        let rows = [
            ("adm", Some("addm")), ("delettem", Some("deletem")), ("-lern", Some("-learn")), ("deletmem", Some("deletem")),
            ("x", None), ("un", None), ("nonsense", None), ("", None),
        ];
        for (word, want) in rows {
            assert_eq!(nearest(word, known.into_iter()), want, "{word}");
        }
    }
}
