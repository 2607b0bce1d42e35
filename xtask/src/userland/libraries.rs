//! Which of Haiku's libraries has which name: as far as the program needs them.
//!
//! The version of a symbol matters: libroot has some functions twice, and to a program that names no version it gives
//! the one of BeOS, whose `struct stat` and whose numbers for `sysconf` are others. So the table has a version wherever
//! libroot has one, used here or not: who adds a name cannot miss it.

use super::start;
use crate::stub::Export;
use crate::symbols::Kind;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The names by library, and the library by name.
#[derive(Debug)]
pub(super) struct Libraries(BTreeMap<String, Vec<Row>>);

#[derive(Debug)]
struct Row {
    name: String,
    kind: Kind,
    version: String,
}

impl Libraries {
    /// Reads the table of this tree: `library,version,kind,name`, of what beta5, beta6 and master have.
    pub(super) fn of_haiku() -> Result<Self, csv::Error> {
        let mut libraries: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for row in csv::Reader::from_reader(TABLE.as_bytes()).into_records() {
            let row = row?;
            let column = |n| row.get(n).unwrap_or_default().to_owned();
            let kind = if column(2) == "object" { Kind::Object } else { Kind::Function };
            libraries.entry(column(0)).or_default().push(Row { name: column(3), kind, version: column(1) });
        }
        Ok(Self(libraries))
    }

    /// Returns each library's `DT_SONAME` and its names.
    pub(super) fn each(&self) -> impl Iterator<Item = (&str, Vec<Export<'_>>)> {
        self.0.iter().map(|(soname, rows)| (soname.as_str(), rows.iter().map(Row::export).collect()))
    }

    /// Returns a number that is another one when the table or the start code is: cargo links again when an argument
    /// has changed, not when the file that it names has.
    pub(super) fn digest() -> u64 {
        let mut hasher = DefaultHasher::new();
        (TABLE, start::EXPORTED, start::START).hash(&mut hasher);
        hasher.finish()
    }

    /// Whether there is a library of this name.
    pub(super) fn has(&self, soname: &str) -> bool {
        self.0.contains_key(soname)
    }

    /// Returns which library has `name`, and as what.
    pub(super) fn find(&self, name: &str) -> Option<(&str, Export<'_>)> {
        self.0.iter().find_map(|(soname, rows)| {
            let row = rows.iter().find(|row| row.name == name)?;
            Some((soname.as_str(), row.export()))
        })
    }
}

impl Row {
    fn export(&self) -> Export<'_> {
        Export { name: &self.name, kind: self.kind, version: &self.version }
    }
}

const TABLE: &str = include_str!("libraries.csv");
