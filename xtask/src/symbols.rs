//! Which names an add-on may import from the kernel: the table that `haiku-abi` keeps.

use std::collections::BTreeMap;

/// What a kernel symbol names; the kernel's loader binds an import only to a symbol of the same type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// `STT_FUNC`.
    Function,
    /// `STT_OBJECT`.
    Object,
}

/// Why a name of the table cannot be imported.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Answer<'a> {
    /// Every supported kernel exports it.
    Importable(Kind),
    /// Some supported kernel lacks it; the text is the table's.
    SomeReleases(&'a str),
    /// The table does not name it.
    Unknown,
}

/// The kernel's symbols by name.
#[derive(Debug, Default)]
pub(crate) struct Symbols(BTreeMap<String, Symbol>);

#[derive(Debug)]
struct Symbol {
    kind: Kind,
    /// In which releases the kernel exports it.
    available: String,
}

/// Why the table cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SymbolsError {
    /// It is not CSV.
    #[error("symbols.csv: {0}")]
    Csv(#[from] csv::Error),
    /// A row has fewer columns than name, signature, header, linkage, availability.
    #[error("symbols.csv: the row of {0:?} is short")]
    Short(String),
}

impl Symbols {
    /// Reads the table that this tree's `haiku-abi` holds.
    pub(crate) fn of_this_tree() -> Result<Self, SymbolsError> {
        Self::parse(include_str!("../../kernel-glue/haiku-abi/symbols.csv"))
    }

    /// Reads `name,c_signature,header,linkage,available_in,notes` with one heading line.
    pub(crate) fn parse(table: &str) -> Result<Self, SymbolsError> {
        let mut symbols = BTreeMap::new();
        for record in csv::ReaderBuilder::new().flexible(true).from_reader(table.as_bytes()).records() {
            let record = record?;
            let column = |n| record.get(n).unwrap_or_default().trim();
            let (name, signature, linkage) = (column(0), column(1), column(3));
            let available = record.get(4).ok_or_else(|| SymbolsError::Short(name.to_owned()))?.trim();
            let kind = if signature.contains("OBJECT") || signature.contains("variable") {
                Kind::Object
            } else {
                Kind::Function
            };
            for name in exported(name, linkage) {
                symbols.insert(name, Symbol { kind, available: available.to_owned() });
            }
        }
        Ok(Self(symbols))
    }

    /// Says whether an add-on may import `name`.
    pub(crate) fn ask(&self, name: &str) -> Answer<'_> {
        match self.0.get(name) {
            Some(symbol) if symbol.available == EVERYWHERE => Answer::Importable(symbol.kind),
            Some(symbol) => Answer::SomeReleases(&symbol.available),
            None => Answer::Unknown,
        }
    }

    /// Every name that [`Self::ask`] calls importable, in order.
    pub(crate) fn importable(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.0.iter().filter(|(_, symbol)| symbol.available == EVERYWHERE).map(|(name, s)| (name.as_str(), s.kind))
    }
}

/// The availability of what every supported kernel exports, whatever its debug level.
const EVERYWHERE: &str = "beta5 beta6 master";

/// The symbols behind one row. A row may name several, joined by slashes, and the row of an inline function names
/// the function that it ends in as `call NAME (C)` or `slow path NAME (C)`; macros and members name none.
fn exported(name: &str, linkage: &str) -> Vec<String> {
    if linkage.starts_with("inline") {
        let behind = ["call ", "slow path "].iter().find_map(|word| linkage.split_once(word));
        return behind.and_then(|(_, rest)| rest.split_whitespace().next()).map(str::to_owned).into_iter().collect();
    }
    if !linkage.starts_with('C') || linkage.contains("inline") && linkage.starts_with("C++") {
        return Vec::new();
    }
    let mut names: Vec<String> = Vec::new();
    for piece in name.split('/').map(str::trim).filter(|piece| is_identifier(piece)) {
        // `_ZN3FooC1Ev / D1Ev`: the second piece stands for the first with its own end.
        let whole = match names.first().filter(|first| first.starts_with("_Z") && !piece.starts_with("_Z")) {
            Some(first) => match first.get(..first.len().saturating_sub(piece.len())) {
                Some(stem) => format!("{stem}{piece}"),
                None => continue,
            },
            None => piece.to_owned(),
        };
        names.push(whole);
    }
    names
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests;
