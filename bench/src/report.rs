//! Figures and targets, as text and for other programs.

use crate::figures::{Figures, Quality, Summary};
use crate::named::{Measure, Subject};
use crate::target::{Outcome, Target};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// What one run gave, and what it is held against.
pub(crate) struct Report<'r, M, S> {
    /// The benchmark.
    pub(crate) suite: &'static str,
    /// Who was measured, in the order of a round.
    pub(crate) subjects: &'r [S],
    /// To whose figures the ratios of a subject are.
    pub(crate) peer: &'r dyn Fn(S) -> Option<S>,
    /// What Trestle must reach.
    pub(crate) targets: &'r [Target<M, S>],
    /// What was measured.
    pub(crate) figures: &'r Figures<(M, S)>,
}

impl<M: Measure, S: Subject> Report<'_, M, S> {
    /// Returns the tables of one run: a block for each kind of figure, and the targets.
    ///
    /// Ratios are of medians. A question mark stands after a disturbed figure.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        for &measure in M::ALL {
            let summary = |subject| self.figures.summary(&(measure, subject));
            let rows: Vec<_> = self.subjects.iter().filter_map(|&one| Some((one, summary(one)?))).collect();
            if rows.is_empty() {
                continue;
            }
            let _ = writeln!(out, "{}", measure.heading());
            for (subject, own) in rows {
                out.push_str(&row(subject.name(), &own, (self.peer)(subject).and_then(summary)));
            }
        }
        out.push_str("targets\n");
        for target in self.targets {
            let what = format!("{}, {}, {}", target.subject.name(), target.measure.heading(), target.words());
            out.push_str(&verdict(target.check(self.figures), &what));
        }
        out
    }

    /// Returns every figure of every round, and the targets.
    pub(crate) fn json(&self) -> Value {
        let mut subjects = Map::new();
        for &subject in self.subjects {
            let of = |&measure: &M| Some((measure.name().to_owned(), rounds(self.figures, &(measure, subject))?));
            let measures: Map<String, Value> = M::ALL.iter().filter_map(of).collect();
            subjects.insert(subject.name().to_owned(), Value::Object(measures));
        }
        let targets = self.targets.iter().map(|target| {
            let outcome = target.check(self.figures);
            let (subject, measure) = (target.subject.name(), target.measure.name());
            let (met, value) = (outcome.verdict(), outcome.words().1);
            json!({ "subject": subject, "measure": measure, "bound": target.words(), "value": value, "met": met })
        });
        json!({ "suite": self.suite, "subjects": subjects, "targets": targets.collect::<Vec<_>>() })
    }
}

/// Returns the figures of one kind of one subject, `None` if there are none.
fn rounds<K: Ord>(figures: &Figures<K>, key: &K) -> Option<Value> {
    let summary = figures.summary(key)?;
    let rounds = figures.all(key).iter();
    let rounds = rounds.map(|one| json!({ "value": one.value, "others_percent": one.others_percent }));
    Some(json!({ "median": summary.median, "rounds": rounds.collect::<Vec<_>>() }))
}

/// Returns the line of one subject, with the ratio to a peer's median.
fn row(name: &str, row: &Summary, peer: Option<Summary>) -> String {
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
fn verdict(outcome: Outcome, what: &str) -> String {
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
