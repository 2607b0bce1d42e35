use super::*;
use crate::ifconfig::{golden, parse};
use std::ffi::OsString;

#[test]
fn help_of_everything() {
    golden::compare("trestle/src/ifconfig/golden/help.txt", &topic(&[]).unwrap());
}

#[test]
fn help_of_one_verb() {
    #[rustfmt::skip]
    let rows = [
        ("del", "  deletem <interface>\n        removes a member and its addresses; also del\n"),
        ("mode", "  mode <mode>\n        sets who may open the node, in octal (0 to 777; default 600)\n"),
        ("hellotime", "  hellotime <seconds>\n        sets the time between hellos, with proto stp (1 to 2; default 2)\n"),
    ];
    for (word, want) in rows {
        assert_eq!(topic(&[word]).unwrap(), want);
    }
}

#[test]
fn the_manual_lists_the_verbs() {
    golden::compare_part("docs/ifconfig.md", "<!-- verbs -->\n", "<!-- end of verbs -->\n", &markdown());
    golden::compare_part("packaging/man/trestle-ifconfig.8", ".\\\" verbs\n", ".\\\" end of verbs\n", &mdoc());
}

#[test]
fn the_examples_of_the_manual_are_understood() {
    let manual = golden::read("docs/ifconfig.md") + &golden::read("docs/point-to-point.md");
    let lines = manual.lines().filter_map(|line| line.strip_prefix("# ifconfig "));
    let page = golden::read("packaging/man/trestle-ifconfig.8");
    let examples = page.lines().filter_map(|line| line.strip_prefix("ifconfig "));
    let mut count = 0;
    for line in lines.chain(examples) {
        let words: Vec<_> = line.split(' ').map(OsString::from).collect();
        assert!(parse(&words).is_ok(), "{line}: {:?}", parse(&words));
        count += 1;
    }
    assert_eq!(count, 24);
}

#[test]
fn the_diagnostics_of_the_manual_are_printed() {
    for (line, want) in [
        ("bridge0 ifmaxaddr tap0", "'ifmaxaddr' requires 2 arguments: ifmaxaddr <interface> <count>"),
        ("bridge0 ifuntagged tap0 4095", "invalid VLAN identifier: 4095: a VLAN is a number in 1 to 4094"),
        (
            "tap0 10.8.0.2 10.8.0.1",
            "invalid destination: 10.8.0.1: give tap0 the network that both ends are in: inet 10.8.0.2/N",
        ),
        ("bridge0 adm tap0", "unknown verb: adm: did you mean 'addm'?"),
    ] {
        let words: Vec<_> = line.split(' ').map(OsString::from).collect();
        assert_eq!(parse(&words).unwrap_err().to_string(), want);
        assert!(golden::read("packaging/man/trestle-ifconfig.8").contains(&format!(".It \"{want}\"\n")), "{want}");
    }
}

fn markdown() -> String {
    let mut text = String::new();
    for section in SECTIONS {
        text.push_str(&format!("\n### {}\n\n| verb | also | what it does |\n| --- | --- | --- |\n", section.title));
        for keyword in section.keywords {
            let also: Vec<_> = keyword.words.iter().skip(1).map(|word| format!("`{word}`")).collect();
            // A bar ends a cell, even within code.
            let synopsis = keyword.synopsis().replace('|', "\\|");
            text.push_str(&format!("| `{synopsis}` | {} | {} |\n", also.join(", "), keyword.description()));
        }
    }
    text.push('\n');
    text
}

fn mdoc() -> String {
    let mut text = String::new();
    for section in SECTIONS {
        text.push_str(&format!(".Ss {}\n.Bl -tag -width indent\n", section.title));
        for keyword in section.keywords {
            text.push_str(&format!(".It {}\n", macros(&keyword.synopsis())));
            let mut letters = keyword.description().chars().collect::<Vec<_>>();
            letters[0] = letters[0].to_ascii_uppercase();
            text.push_str(&format!("{}.\n", letters.into_iter().collect::<String>()));
            let also: Vec<_> = keyword.words.iter().skip(1).map(|word| command(word)).collect();
            if !also.is_empty() {
                text.push_str(&format!("Also\n.{} .\n", also.join(" , ")));
            }
        }
        text.push_str(".El\n");
    }
    text
}

/// Turns a synopsis into macros: `addm <interface> [untagged <vlan id>]` into
/// `Cm addm Ar interface Oo Cm untagged Ar "vlan id" Oc`.
fn macros(synopsis: &str) -> String {
    let mut out = vec![];
    let mut rest = synopsis;
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            ' ' => (None, &rest[1..]),
            '[' => (Some("Oo".to_owned()), &rest[1..]),
            ']' => (Some("Oc".to_owned()), &rest[1..]),
            '<' => {
                let (name, after) = rest[1..].split_once('>').unwrap();
                (Some(argument(name)), after)
            }
            _ => {
                let end = rest.find([' ', ']']).unwrap_or(rest.len());
                (Some(choice(&rest[..end])), &rest[end..])
            }
        };
        out.extend(token);
        rest = after;
    }
    out.join(" ")
}

/// A name to fill in, or words to choose from.
fn argument(name: &str) -> String {
    match name.strip_prefix("[+|-]") {
        Some(name) => format!("Oo Cm + | \\- Oc Ns Ar \"{name}\""),
        None if name.contains('|') => choice(name),
        None if name.contains(' ') => format!("Ar \"{name}\""),
        None => format!("Ar {name}"),
    }
}

fn choice(words: &str) -> String {
    words.split('|').map(command).collect::<Vec<_>>().join(" | ")
}

fn command(word: &str) -> String {
    format!("Cm {}", word.replace('-', "\\-"))
}
