//! Figures and targets as text.

use crate::figures::{Figures, Quality};
use crate::measure::Measure;
use crate::subject::Subject;
use crate::suite::Suite;
use crate::target::Outcome;
use std::fmt::Write;

/// Returns the tables of one run: a block for each kind of figure, and the targets.
///
/// Ratios are to the suite's first bridge, of medians. A question mark stands after a disturbed figure.
pub(crate) fn text(suite: &Suite, figures: &Figures<(Measure, Subject)>) -> String {
    let mut out = String::new();
    for measure in Measure::ALL {
        let rows: Vec<_> = suite
            .subjects
            .iter()
            .filter_map(|subject| Some((*subject, figures.summary(&(measure, *subject))?)))
            .collect();
        if rows.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{}", measure.heading());
        let base = suite.subjects.first().and_then(|first| figures.summary(&(measure, *first)));
        for (subject, row) in rows {
            let range = format!("({} - {})", figure(row.least), figure(row.greatest));
            let quality = match row.quality {
                Quality::Quiet => ' ',
                Quality::Disturbed => '?',
            };
            let (name, median) = (subject.name(), figure(row.median));
            let _ = write!(out, "  {name:<14}{median:>9}{quality} {range:<19} n={}", row.count);
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
            Outcome::Disturbed(value) => ("disturbed", Some(value)),
            Outcome::NotMeasured => ("not measured", None),
        };
        let value = value.map(|value| format!(": {}", figure(value))).unwrap_or_default();
        let name = target.subject.name();
        let _ = writeln!(out, "  {word:<13} {name}, {}, {}{value}", target.measure.heading(), target.words());
    }
    out
}

/// Returns three significant digits or so.
pub(crate) fn figure(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value => format!("{value:.3}"),
    }
}
