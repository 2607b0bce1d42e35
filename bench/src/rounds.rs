//! Visiting in turns, so that a change in the machine's speed meets everybody, and what is printed at the end.

use crate::Fault;
use crate::arguments::Arguments;
use crate::bed::Bed;
use crate::named::{Measure, Subject};
use crate::report::Report;
use std::collections::BTreeSet;
use std::process::ExitCode;

/// Visits all that were asked for, once each a round, and says once what could not be measured of whom.
pub(crate) fn visit_all<S: Subject>(
    benchmark: &str,
    asked: &Arguments,
    all: &[S],
    mut visit: impl FnMut(S) -> Vec<Fault>,
) -> Result<(), Fault> {
    if !rustix::process::geteuid().is_root() {
        return Err(Fault::Rights);
    }
    let names: Vec<_> = all.iter().map(|one| one.name()).collect();
    known(&asked.only, &names)?;
    Bed::sweep();
    let mut said = BTreeSet::new();
    for round in 1..=asked.rounds {
        for &one in all.iter().filter(|&&one| asked.only.is_empty() || asked.only.iter().any(|only| only == one.name()))
        {
            eprintln!("{benchmark} {round}/{}: {}", asked.rounds, one.name());
            for fault in visit(one) {
                let line = format!("skipped: {}: {fault}", one.name());
                if said.insert(line.clone()) {
                    println!("{line}");
                }
            }
        }
    }
    Ok(())
}

/// Finds a name that nobody has before anything is measured for nothing.
fn known(asked: &[String], names: &[&str]) -> Result<(), Fault> {
    match asked.iter().find(|asked| !names.contains(&asked.as_str())) {
        Some(unknown) => Err(Fault::Unknown(unknown.clone(), names.join(", "))),
        None => Ok(()),
    }
}

/// Prints the tables, and writes every figure where that was asked for.
pub(crate) fn publish<M: Measure, S: Subject>(asked: &Arguments, report: &Report<'_, M, S>) -> Result<(), Fault> {
    print!("{}", report.text());
    match &asked.json {
        Some(path) => std::fs::write(path, format!("{:#}\n", report.json())).map_err(Fault::system("write JSON")),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_has_is_told() {
        let asked = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let names = ["kernel", "exec"];
        assert!(known(&[], &names).is_ok(), "all");
        assert!(known(&asked("exec,kernel"), &names).is_ok());
        let error = known(&asked("kernel,exce"), &names).expect_err("none is called so");
        assert_eq!(error.to_string(), "--only exce: there is none of that name; use kernel, exec");
    }
}
