//! Figures and targets for other programs.

use crate::figures::Figures;
use crate::measure::Measure;
use crate::subject::Subject;
use crate::suite::Suite;
use crate::target::Outcome;
use serde_json::{Map, Value, json};

/// Returns every figure of every round, and the targets.
pub(crate) fn value(suite: &Suite, figures: &Figures<(Measure, Subject)>) -> Value {
    let mut subjects = Map::new();
    for subject in suite.subjects {
        let mut measures = Map::new();
        for measure in Measure::ALL {
            if let Some(summary) = figures.summary(&(measure, *subject)) {
                let rounds = figures.all(&(measure, *subject)).iter();
                let rounds = rounds.map(|one| json!({ "value": one.value, "others_percent": one.others_percent }));
                let rounds: Vec<Value> = rounds.collect();
                measures.insert(measure.name().to_owned(), json!({ "median": summary.median, "rounds": rounds }));
            }
        }
        subjects.insert(subject.name().to_owned(), Value::Object(measures));
    }
    let targets = suite.targets.iter().map(|target| {
        let (met, value) = match target.check(figures) {
            Outcome::Met(value) => (Some(true), Some(value)),
            Outcome::Missed(value) => (Some(false), Some(value)),
            Outcome::Disturbed(value) => (None, Some(value)),
            Outcome::NotMeasured => (None, None),
        };
        let (subject, measure) = (target.subject.name(), target.measure.name());
        json!({ "subject": subject, "measure": measure, "bound": target.words(), "value": value, "met": met })
    });
    json!({ "suite": suite.name, "subjects": subjects, "targets": targets.collect::<Vec<_>>() })
}
