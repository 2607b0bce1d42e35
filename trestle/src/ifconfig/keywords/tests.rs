use super::*;
use std::collections::BTreeSet;

#[test]
fn every_word_has_one_row() {
    let mut seen = BTreeSet::new();
    for keyword in all() {
        assert!(!keyword.words.is_empty(), "{}", keyword.help);
        for word in keyword.words {
            assert!(seen.insert(word), "{word} is in two rows");
        }
    }
}

#[test]
fn help_lines_are_lines() {
    for keyword in all() {
        let help = keyword.help;
        assert!(!help.is_empty() && !help.contains(['\n', '|']) && !help.ends_with('.'), "{}", keyword.word());
    }
}

#[test]
fn synopses() {
    for (word, want) in [
        ("up", "up"),
        ("-learn", "-learn <interface>"),
        ("ifmaxaddr", "ifmaxaddr <interface> <count>"),
        ("static", "static <interface> <address> [vlan <id>]"),
        ("del", "deletem <interface>"),
    ] {
        assert_eq!(find(word).unwrap().synopsis(), want);
    }
}
