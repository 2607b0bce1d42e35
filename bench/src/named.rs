//! What tables, JSON and the command line call things.

/// Who is measured.
pub trait Subject: Copy + Ord {
    /// Returns the name that tables, JSON and `--only` use.
    fn name(self) -> &'static str;
}

/// A kind of figure.
pub trait Measure: Copy + Ord + 'static {
    /// Every kind, in the order of the table.
    const ALL: &'static [Self];
    /// Returns the name that JSON uses.
    fn name(self) -> &'static str;
    /// Returns the heading that tables use.
    fn heading(self) -> &'static str;
}
