//! Figures and targets as text and as JSON.

use super::Key;
use super::measure::Measure;
use super::side::Side;
use super::target::Target;
use crate::figures::Figures;
use crate::json::rounds;
use crate::table::{row, verdict};
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
        for (side, summary) in rows {
            let peer = side.peer().and_then(|peer| figures.summary(&(measure, peer)));
            out.push_str(&row(side.name(), &summary, peer));
        }
    }
    out.push_str("targets\n");
    for target in Target::ALL {
        let what = format!("{}, {}, {}", target.side.name(), target.measure.heading(), target.words());
        out.push_str(&verdict(target.check(figures), &what));
    }
    out
}

/// Returns every figure of every round, and the targets.
pub(super) fn json(figures: &Figures<Key>) -> Value {
    let mut sides = Map::new();
    for side in Side::ALL {
        let mut measures = Map::new();
        for measure in Measure::ALL {
            if let Some(value) = rounds(figures, &(measure, side)) {
                measures.insert(measure.name().to_owned(), value);
            }
        }
        sides.insert(side.name().to_owned(), Value::Object(measures));
    }
    let targets = Target::ALL.into_iter().map(|target| {
        let outcome = target.check(figures);
        let (met, value) = (outcome.verdict(), outcome.words().1);
        let (side, measure) = (target.side.name(), target.measure.name());
        json!({ "side": side, "measure": measure, "bound": target.words(), "value": value, "met": met })
    });
    json!({ "suite": "node", "sides": sides, "targets": targets.collect::<Vec<_>>() })
}
