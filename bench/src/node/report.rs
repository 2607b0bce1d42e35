//! Figures and targets as text and as JSON.

use super::Key;
use super::measure::Measure;
use super::side::Side;
use super::target::{Outcome, Target};
use crate::figures::{Figures, Quality};
use crate::table::figure;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// Returns the tables of one run: a block for each kind of figure, and the targets.
///
/// Ratios are to the kernel's device of the same kind, of medians. A question mark stands after a disturbed figure.
pub(super) fn text(figures: &Figures<Key>) -> String {
    let mut out = String::new();
    for measure in Measure::ALL {
        let rows: Vec<_> =
            Side::ALL.into_iter().filter_map(|side| Some((side, figures.summary(&(measure, side))?))).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{}", measure.heading());
        for (side, row) in rows {
            let range = format!("({} - {})", figure(row.least), figure(row.greatest));
            let quality = match row.quality {
                Quality::Quiet => ' ',
                Quality::Disturbed => '?',
            };
            let _ = write!(out, "  {:<12}{:>9}{quality} {range:<19} n={}", side.name(), figure(row.median), row.count);
            match side.peer().and_then(|peer| figures.summary(&(measure, peer))) {
                Some(peer) if peer.median > 0.0 => {
                    let _ = writeln!(out, "  x{:.2}", row.median / peer.median);
                }
                Some(_) | None => out.push('\n'),
            }
        }
    }
    out.push_str("targets\n");
    for target in Target::ALL {
        let (word, value) = match target.check(figures) {
            Outcome::Met(value) => ("met", Some(value)),
            Outcome::Missed(value) => ("missed", Some(value)),
            Outcome::Disturbed(value) => ("disturbed", Some(value)),
            Outcome::NotMeasured => ("not measured", None),
        };
        let value = value.map(|value| format!(": {}", figure(value))).unwrap_or_default();
        let (name, heading) = (target.side.name(), target.measure.heading());
        let _ = writeln!(out, "  {word:<13} {name}, {heading}, {}{value}", target.words());
    }
    out
}

/// Returns every figure of every round, and the targets.
pub(super) fn json(figures: &Figures<Key>) -> Value {
    let mut sides = Map::new();
    for side in Side::ALL {
        let mut measures = Map::new();
        for measure in Measure::ALL {
            if let Some(summary) = figures.summary(&(measure, side)) {
                let rounds = figures.all(&(measure, side)).iter();
                let rounds = rounds.map(|one| json!({ "value": one.value, "others_percent": one.others_percent }));
                let rounds: Vec<Value> = rounds.collect();
                measures.insert(measure.name().to_owned(), json!({ "median": summary.median, "rounds": rounds }));
            }
        }
        sides.insert(side.name().to_owned(), Value::Object(measures));
    }
    let targets = Target::ALL.into_iter().map(|target| {
        let (met, value) = match target.check(figures) {
            Outcome::Met(value) => (Some(true), Some(value)),
            Outcome::Missed(value) => (Some(false), Some(value)),
            Outcome::Disturbed(value) => (None, Some(value)),
            Outcome::NotMeasured => (None, None),
        };
        let (side, measure) = (target.side.name(), target.measure.name());
        json!({ "side": side, "measure": measure, "bound": target.words(), "value": value, "met": met })
    });
    json!({ "suite": "node", "sides": sides, "targets": targets.collect::<Vec<_>>() })
}
