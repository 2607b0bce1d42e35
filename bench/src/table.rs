//! Figures and targets as text.

use crate::figures::Figures;
use crate::measure::Measure;
use crate::suite::Suite;
use crate::target::Outcome;
use std::fmt::Write;

/// Returns the tables of one run: a block for each kind of figure, and the targets.
///
/// Ratios are to the suite's first bridge, of medians.
pub(crate) fn text(suite: &Suite, figures: &Figures) -> String {
    let mut out = String::new();
    for measure in Measure::ALL {
        let rows: Vec<_> =
            suite.subjects.iter().filter_map(|subject| Some((*subject, figures.summary(*subject, measure)?))).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{}", measure.heading());
        let base = suite.subjects.first().and_then(|first| figures.summary(*first, measure));
        for (subject, row) in rows {
            let range = format!("({} - {})", figure(row.least), figure(row.greatest));
            let _ = write!(
                out,
                "  {:<14}{:>9}  {range:<19} n={} quiet={}",
                subject.name(),
                figure(row.median),
                row.count,
                row.quiet
            );
            match base {
                Some(base) if base.median > 0.0 => {
                    let _ = writeln!(out, "  x{:.2}", row.median / base.median);
                }
                Some(_) | None => out.push('\n'),
            }
        }
    }
    out.push_str("targets\n");
    for target in suite.targets {
        let (word, value) = match target.check(figures) {
            Outcome::Met(value) => ("met", Some(value)),
            Outcome::Missed(value) => ("missed", Some(value)),
            Outcome::NotMeasured => ("not measured", None),
        };
        let value = value.map(|value| format!(": {}", figure(value))).unwrap_or_default();
        let name = target.subject.name();
        let _ = writeln!(out, "  {word:<13} {name}, {}, {}{value}", target.measure.heading(), target.words());
    }
    out
}

/// Returns three significant digits or so.
fn figure(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value => format!("{value:.3}"),
    }
}
