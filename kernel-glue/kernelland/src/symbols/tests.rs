//! The table against the lists of what add-ons import.

use super::{Kind, all};
use std::collections::BTreeMap;

const STACK_IMPORTS: &str = include_str!("../../../haiku-abi/stack_imports.csv");
const SYMBOLS: &str = include_str!("../../../haiku-abi/symbols.csv");

#[test]
fn every_import_of_the_stack_is_there_with_its_type() {
    let ours: BTreeMap<_, _> = all().map(|symbol| (symbol.name, symbol.kind)).collect();
    let mut rows = 0;
    for line in STACK_IMPORTS.lines().skip(1) {
        let name = line.split(',').next().unwrap();
        let kind = if line.contains(",object,") { Kind::Object } else { Kind::Function };
        assert_eq!(ours.get(name), Some(&kind), "{name}");
        rows += 1;
    }
    assert_eq!(rows, 122);
}

/// Rows that name no symbol of the kernel: macros, inline functions, what an add-on itself exports, tables of modules.
const NO_SYMBOLS: [&str; 11] = [
    "ConditionVariable::NotifyOne/NotifyAll(result)",
    "IS_USER_ADDRESS",
    "_gSharedObjectHaikuVersion / _gSharedObjectHaikuABI",
    "atomic_add/atomic_or/atomic_get...",
    "is_called_via_syscall",
    "module_dependencies",
    "modules",
    "rw_lock_read_lock",
    "rw_lock_read_unlock",
    "rw_lock_write_unlock",
    "thread_get_current_thread",
];

#[test]
fn every_symbol_for_our_add_on_is_there() {
    let ours: Vec<_> = all().map(|symbol| symbol.name).collect();
    let mut left_out = 0;
    for line in SYMBOLS.lines().skip(1) {
        let row = line.split(',').next().unwrap();
        if NO_SYMBOLS.contains(&row) {
            left_out += 1;
            continue;
        }
        if row.contains("_module_info.") {
            continue;
        }
        for name in row.split('/').map(str::trim) {
            // The row of the constructor names the destructor by its last letters.
            let name = if name == "D1Ev" { "_ZN22ConditionVariableEntryD1Ev" } else { name };
            assert!(ours.contains(&name), "{name}: {line}");
        }
    }
    assert_eq!(left_out, NO_SYMBOLS.len());
}

#[test]
fn no_name_is_there_twice() {
    let mut names: Vec<_> = all().map(|symbol| symbol.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}
