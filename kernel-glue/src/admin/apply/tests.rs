//! Every verb on one machine: each row is a command line, and what it changes or the words that refuse it.

extern crate std;

mod device_rows;
mod fixture;
mod haiku_rows;
mod interface_rows;
mod link_rows;
mod member_rows;
mod property;
mod table_rows;
mod transactions;
mod transient;
mod value_rows;
mod vlan_rows;

use super::super::facts::Facts;
use super::super::request::{Change, Verb};
use super::super::state::State;
use fixture::{Machine, state};
use std::collections::BTreeSet;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

/// A command line and what comes of it.
struct Row {
    name: &'static str,
    interface: &'static str,
    verbs: Vec<Verb>,
    /// The lines that go from and come into the file, `-up = true` or `+up = true`; or the refusal.
    want: Result<&'static str, &'static str>,
}

fn row(
    name: &'static str,
    interface: &'static str,
    verbs: impl Into<Vec<Verb>>,
    want: Result<&'static str, &'static str>,
) -> Row {
    Row { name, interface, verbs: verbs.into(), want }
}

fn every_row() -> Vec<Row> {
    let mut rows = interface_rows::rows();
    rows.extend(member_rows::rows());
    rows.extend(value_rows::rows());
    rows.extend(vlan_rows::rows());
    rows.extend(table_rows::rows());
    rows.extend(device_rows::rows());
    rows.extend(link_rows::rows());
    rows
}

#[test]
fn each_line_does_what_its_row_says() {
    check(every_row(), &Machine::new());
}

#[test]
fn each_line_does_on_haiku_what_its_row_says() {
    check(haiku_rows::rows(), &Machine::haiku());
}

fn check(rows: Vec<Row>, machine: &Machine) {
    let mut wrong = Vec::new();
    for Row { name, interface, verbs, want } in rows {
        let before = state();
        let change = Change { interface: interface.into(), verbs };
        let got = match before.apply(&change, machine) {
            Ok((after, _)) => {
                assert_eq!(after.validate(machine.platform()), Ok(()), "{name}");
                Ok(difference(&before, &after))
            }
            Err(error) => Err(error.to_string()),
        };
        if got.as_deref().map_err(String::as_str) != want {
            wrong.push(format!("{name}:\n  got  {got:?}\n  want {want:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_verb_has_rows_that_succeed_and_rows_that_are_refused() {
    let every = verb_names();
    assert!(every.len() > 30, "{every:?}");
    let named = |wanted: fn(&Row) -> bool| -> BTreeSet<String> {
        // A row that succeeds is about all of its verbs; one that is refused, about the last.
        let rows = every_row().into_iter().filter(wanted);
        let last = |row: Row| {
            if row.want.is_ok() { row.verbs } else { row.verbs.into_iter().next_back().into_iter().collect() }
        };
        rows.flat_map(last).map(|verb| name_of(&verb)).collect()
    };
    assert_eq!(named(|row| row.want.is_ok()), every);
    assert_eq!(named(|row| row.want.is_err()), every);
}

/// Asks serde for the names of all variants, so that no list has to be kept.
fn verb_names() -> BTreeSet<String> {
    let error = serde_json::from_str::<Verb>(r#"{"verb":"?"}"#).unwrap_err().to_string();
    let names = error.split("expected one of").nth(1).unwrap();
    names.split('`').skip(1).step_by(2).map(String::from).collect()
}

fn name_of(verb: &Verb) -> String {
    serde_json::to_value(verb).unwrap()["verb"].as_str().unwrap().into()
}

fn difference(before: &State, after: &State) -> String {
    let lines = |state: &State| -> Vec<String> {
        let text = toml::to_string(&state.saved()).unwrap();
        text.lines().filter(|line| !line.is_empty()).map(String::from).collect()
    };
    let (mut gone, mut come) = (lines(before), vec![]);
    for line in lines(after) {
        match gone.iter().position(|old| *old == line) {
            Some(at) => drop(gone.remove(at)),
            None => come.push(line),
        }
    }
    let signed = |sign: char, lines: Vec<String>| lines.into_iter().map(move |line| format!("{sign}{line}"));
    signed('-', gone).chain(signed('+', come)).collect::<Vec<_>>().join(" ")
}
