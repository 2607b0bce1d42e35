//! Visiting in turns, so that a change in the machine's speed meets everybody, and what is printed at the end.

use crate::Fault;
use crate::arguments::Arguments;
use crate::bed::Bed;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::ExitCode;

/// Visits all that were asked for, once each a round, and says once what could not be measured of whom.
pub(crate) fn visit_all<S: Copy>(
    benchmark: &str,
    asked: &Arguments,
    all: &[S],
    name: impl Fn(S) -> &'static str,
    mut visit: impl FnMut(S) -> Vec<Fault>,
) -> Result<(), Fault> {
    if !rustix::process::geteuid().is_root() {
        return Err(Fault::Missing("root's right to make network namespaces".to_owned()));
    }
    Bed::sweep();
    let mut said = BTreeSet::new();
    for round in 1..=asked.rounds {
        for &one in all.iter().filter(|&&one| asked.only.is_empty() || asked.only.iter().any(|only| only == name(one)))
        {
            eprintln!("{benchmark} {round}/{}: {}", asked.rounds, name(one));
            for fault in visit(one) {
                let line = format!("skipped: {}: {fault}", name(one));
                if said.insert(line.clone()) {
                    println!("{line}");
                }
            }
        }
    }
    Ok(())
}

/// Prints the tables, and writes every figure where that was asked for.
pub(crate) fn publish(asked: &Arguments, tables: &str, figures: &Value) -> Result<(), Fault> {
    print!("{tables}");
    match &asked.json {
        Some(path) => std::fs::write(path, format!("{figures:#}\n")).map_err(Fault::system("write JSON")),
        None => Ok(()),
    }
}

/// Ends a benchmark: the status is 1 if nothing could be measured, and the fault says why.
pub(crate) fn exit(result: Result<(), Fault>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}
