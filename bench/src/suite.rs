//! One benchmark: which bridges, which targets, and the rounds.

use crate::arguments::{Arguments, USAGE};
use crate::bed::Bed;
use crate::clock::timed;
use crate::figures::{Figure, Figures};
use crate::measure::Measure;
use crate::named::Measure as _;
use crate::peer::tap_loop;
use crate::report::Report;
use crate::subject::Subject;
use crate::{Fault, Target, load, rounds};
use std::process::ExitCode;

/// What a benchmark compares.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// Its name.
    pub name: &'static str,
    /// The bridges in the order of a round; ratios are to the first.
    pub subjects: &'static [Subject],
    /// What Trestle must reach.
    pub targets: &'static [Target<Measure, Subject>],
}

impl Suite {
    /// Runs as the command line says and prints the tables. This is the `main` of a benchmark.
    ///
    /// A missed target is a finding, not a failure: the status is 1 only if nothing could be measured.
    pub fn main(&self) -> ExitCode {
        let words: Vec<String> = std::env::args().skip(1).collect();
        if let [command, left, right] = words.as_slice()
            && command == tap_loop::COMMAND
        {
            return rounds::exit(tap_loop::run(left, right));
        }
        match Arguments::parse(words) {
            Ok(asked) => rounds::exit(self.run(&asked)),
            Err(word) => {
                eprintln!("{0}: {word}?\nusage: {0} {USAGE}", self.name);
                ExitCode::FAILURE
            }
        }
    }

    fn run(&self, asked: &Arguments) -> Result<(), Fault> {
        let mut figures = Figures::default();
        let visit = |subject| visit(subject, asked, &mut figures);
        rounds::visit_all(self.name, asked, self.subjects, visit)?;
        let peer = |_| self.subjects.first().copied();
        let (subjects, targets) = (self.subjects, self.targets);
        rounds::publish(asked, &Report { suite: self.name, subjects, peer: &peer, targets, figures: &figures })
    }
}

/// Builds one bridge, takes every figure once, and returns what could not be taken.
fn visit(subject: Subject, asked: &Arguments, figures: &mut Figures<(Measure, Subject)>) -> Vec<Fault> {
    let bed = match subject.build() {
        Ok(bed) => bed,
        Err(fault) => return vec![fault],
    };
    let mut faults = Vec::new();
    for &measure in Measure::ALL {
        match take(measure, &bed, asked) {
            Ok(Some(figure)) => figures.add((measure, subject), figure),
            Ok(None) => {}
            Err(fault) => faults.push(fault),
        }
    }
    faults
}

/// Takes a figure while others leave the machine alone, or, once patience is at its end, the least disturbed one.
fn take(measure: Measure, bed: &Bed, asked: &Arguments) -> Result<Option<Figure>, Fault> {
    let mut patience = asked.patience;
    let mut best: Option<Figure> = None;
    loop {
        let (attempt, took) = timed(|| {
            load::await_quiet(patience);
            load::beside(|| measure.take(bed, asked.length))
        });
        let (Some(value), others_percent) = (attempt.0?, attempt.1) else { return Ok(None) };
        patience = patience.saturating_sub(took);
        if best.is_none_or(|best| others_percent < best.others_percent) {
            best = Some(Figure { value, others_percent });
        }
        if load::is_quiet(others_percent) || patience.is_zero() {
            return Ok(best);
        }
    }
}
