//! Figures and targets for other programs.

use crate::figures::Figures;
use crate::measure::Measure;
use crate::subject::Subject;
use crate::suite::Suite;
use serde_json::{Map, Value, json};

/// Returns every figure of every round, and the targets.
pub(crate) fn value(suite: &Suite, figures: &Figures<(Measure, Subject)>) -> Value {
    let mut subjects = Map::new();
    for subject in suite.subjects {
        let mut measures = Map::new();
        for measure in Measure::ALL {
            if let Some(value) = rounds(figures, &(measure, *subject)) {
                measures.insert(measure.name().to_owned(), value);
            }
        }
        subjects.insert(subject.name().to_owned(), Value::Object(measures));
    }
    let targets = suite.targets.iter().map(|target| {
        let outcome = target.check(figures);
        let (subject, measure) = (target.subject.name(), target.measure.name());
        let (met, value) = (outcome.verdict(), outcome.words().1);
        json!({ "subject": subject, "measure": measure, "bound": target.words(), "value": value, "met": met })
    });
    json!({ "suite": suite.name, "subjects": subjects, "targets": targets.collect::<Vec<_>>() })
}

/// Returns the figures of one kind of one bridge or device, `None` if there are none.
pub(crate) fn rounds<K: Ord>(figures: &Figures<K>, key: &K) -> Option<Value> {
    let summary = figures.summary(key)?;
    let rounds = figures.all(key).iter();
    let rounds = rounds.map(|one| json!({ "value": one.value, "others_percent": one.others_percent }));
    Some(json!({ "median": summary.median, "rounds": rounds.collect::<Vec<_>>() }))
}
