//! The text of `ifconfig help`, made from the table of keywords.

use super::error::UsageError;
use super::keywords::{self, Keyword, SECTIONS};

/// The forms of the command.
pub(super) const SYNOPSIS: &str = "\
usage: ifconfig [-vj] <interface> [<verb> ...]
       ifconfig [-a] [-vj] [-g <group>]
       ifconfig -l [-j] [-g <group>]
       ifconfig help [<verb>]
";

/// Returns the help on the words after `help`: all of it, or that on one verb.
pub(super) fn topic(words: &[&str]) -> Result<String, UsageError> {
    let Some(&word) = words.first() else { return Ok(everything()) };
    keywords::expect(word).map(entry)
}

fn everything() -> String {
    let mut text = format!("{SYNOPSIS}\nVerbs apply left to right, all of them or none.\n");
    for section in SECTIONS {
        text.push_str(&format!("\n{}:\n", section.title));
        for keyword in section.keywords {
            text.push_str(&entry(keyword));
        }
    }
    text
}

fn entry(keyword: &Keyword) -> String {
    let also = match keyword.words {
        [] | [_] => String::new(),
        [_, aliases @ ..] => format!("; also {}", aliases.join(", ")),
    };
    format!("  {}\n        {}{also}\n", keyword.synopsis(), keyword.description())
}

#[cfg(test)]
mod tests;
