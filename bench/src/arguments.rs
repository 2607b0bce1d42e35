//! The command line of the whole-bridge benchmarks.

use std::path::PathBuf;
use std::time::Duration;

/// What the command line asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Arguments {
    /// How often each bridge is visited.
    pub rounds: u32,
    /// How long each measurement lasts.
    pub length: Duration,
    /// How long to try, for each figure, to take it while others leave the machine alone.
    pub patience: Duration,
    /// The bridges to visit, all if empty.
    pub only: Vec<String>,
    /// Where to write the figures as JSON.
    pub json: Option<PathBuf>,
}

impl Arguments {
    /// Reads the words after the program's name.
    ///
    /// # Errors
    /// The word that has no meaning, or whose value is missing or no number.
    pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut words = words.into_iter();
        let mut asked =
            Self { rounds: 5, length: Duration::from_secs(2), patience: Duration::ZERO, only: Vec::new(), json: None };
        while let Some(word) = words.next() {
            let value = words.next();
            let number = || value.as_deref().and_then(|value| value.parse::<u32>().ok());
            match (word.as_str(), number(), &value) {
                ("--rounds", Some(count @ 1..=1000), _) => asked.rounds = count,
                ("--seconds", Some(seconds @ 1..=60), _) => asked.length = Duration::from_secs(seconds.into()),
                ("--wait", Some(seconds), _) => asked.patience = Duration::from_secs(seconds.into()),
                ("--only", _, Some(names)) => asked.only = names.split(',').map(str::to_owned).collect(),
                ("--json", _, Some(path)) => asked.json = Some(path.into()),
                _ => return Err(word),
            }
        }
        Ok(asked)
    }
}

/// What a wrong command line is answered with.
pub const USAGE: &str = "[--rounds N] [--seconds S] [--wait S] [--only NAME,...] [--json FILE]";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines() {
        let parse = |line: &str| Arguments::parse(line.split_whitespace().map(str::to_owned));
        let asked = parse("--rounds 3 --seconds 1 --wait 9 --only ovs,trestle --json out").expect("all are known");
        assert_eq!((asked.rounds, asked.length, asked.patience), (3, Duration::from_secs(1), Duration::from_secs(9)));
        assert_eq!((asked.only.len(), asked.json), (2, Some("out".into())));
        assert_eq!(parse("").map(|asked| asked.rounds), Ok(5));
        for (line, word) in
            [("--rounds", "--rounds"), ("--rounds 0", "--rounds"), ("--seconds x", "--seconds"), ("-v", "-v")]
        {
            assert_eq!(parse(line), Err(word.to_owned()), "{line}");
        }
    }
}
