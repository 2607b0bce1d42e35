use super::{Answer, Kind, Symbols};

#[test]
fn the_table_of_this_tree_answers_as_the_kernels_do() {
    let symbols = Symbols::of_this_tree().unwrap();
    #[rustfmt::skip]
    let rows = [
        // name                               answer
        ("dprintf",                           Answer::Importable(Kind::Function)),
        ("_ZN17ConditionVariable4WaitEjl",    Answer::Importable(Kind::Function)),
        ("_ZN22ConditionVariableEntryC1Ev",   Answer::Importable(Kind::Function)),
        ("_ZN22ConditionVariableEntryD1Ev",   Answer::Importable(Kind::Function)),
        ("close",                             Answer::Importable(Kind::Function)),
        ("__ioctl",                           Answer::Importable(Kind::Function)),
        ("_rw_lock_write_unlock",             Answer::Importable(Kind::Function)),
        ("_rw_lock_read_lock",                Answer::Importable(Kind::Function)),
        // A static inline function in beta5.
        ("mutex_lock",                        Answer::SomeReleases("beta6 master")),
        // Static in a master built for debugging.
        ("_mutex_lock",                       Answer::SomeReleases("beta5 beta6; master only if !KDEBUG")),
        ("modules",                           Answer::SomeReleases("-")),
        ("rw_lock_read_lock",                 Answer::Unknown),
        ("thread_get_current_thread",         Answer::Unknown),
        ("IS_USER_ADDRESS",                   Answer::Unknown),
        ("D1Ev",                              Answer::Unknown),
        ("sprintf",                           Answer::Unknown),
    ];
    for (name, answer) in rows {
        match (symbols.ask(name), answer) {
            (Answer::SomeReleases(have), Answer::SomeReleases(want)) => {
                assert!(have.starts_with(want), "{name}: {have}")
            }
            (have, want) => assert_eq!(have, want, "{name}"),
        }
    }
}

#[test]
fn a_variable_is_an_object() {
    let table = "name,sig,header,linkage,in,notes\nthing,\"uint32 variable, of all\",x.h,C,beta5 beta6 master,\n";
    assert_eq!(Symbols::parse(table).unwrap().ask("thing"), Answer::Importable(Kind::Object));
}

#[test]
fn a_short_row_is_refused() {
    let error = Symbols::parse("name,sig\nthing,int\n").unwrap_err();
    assert_eq!(error.to_string(), "symbols.csv: the row of \"thing\" is short");
}
