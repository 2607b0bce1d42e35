//! Figures and targets as text.

use crate::figures::{Figures, Quality, Summary};
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
        rows.iter().for_each(|(subject, summary)| out.push_str(&row(subject.name(), summary, base)));
    }
    out.push_str("targets\n");
    for target in suite.targets {
        let what = format!("{}, {}, {}", target.subject.name(), target.measure.heading(), target.words());
        out.push_str(&verdict(target.check(figures), &what));
    }
    out
}

/// Returns the line of one bridge or device, with the ratio to a peer's median.
pub(crate) fn row(name: &str, row: &Summary, peer: Option<Summary>) -> String {
    let range = format!("({} - {})", figure(row.least), figure(row.greatest));
    let quality = match row.quality {
        Quality::Quiet => ' ',
        Quality::Disturbed => '?',
    };
    let ratio = peer.filter(|peer| peer.median > 0.0).map(|peer| format!("  x{:.2}", row.median / peer.median));
    let (median, ratio) = (figure(row.median), ratio.unwrap_or_default());
    format!("  {name:<20}{median:>9}{quality} {range:<19} n={}{ratio}\n", row.count)
}

/// Returns the line of a target.
pub(crate) fn verdict(outcome: Outcome, what: &str) -> String {
    let (word, value) = outcome.words();
    let value = value.map(|value| format!(": {}", figure(value))).unwrap_or_default();
    format!("  {word:<13} {what}{value}\n")
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
